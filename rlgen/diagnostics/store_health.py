"""Store health: problems visible in a folder of results.

Stores are imported only when one is inspected, so that scripts are linted without pandas.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rlgen.util import files

#: Files of a run, see ``store.run_store`` and ``study.kinds.measuring``, except the weights, which
#: are not kept for externally trained policies, nor in bundles of results.
RUN_FILES = (
    "agent.json",
    "cell.json",
    "conditions.json",
    "curve.parquet",
    "provenance.json",
    "records.parquet",
    "trajectories.json",
)
#: Settings in which the runs of one cell differ.
RUN_KEYS = ("seed", "pool_seed")
Problems = Iterator[tuple[Path, str]]


def chosen_on_test(folder: Path, run: str | None) -> Problems:
    """S101: runs were selected on test levels; see ``rlgen.select``."""
    from rlgen.store.run_store import SELECTION

    family = _settings(folder, run).get("family") if run else None
    for path in sorted((folder / "access").glob("*.json")):
        entry = files.read_json(path)
        if entry.get("pool") != "test" or entry.get("purpose") != SELECTION:
            continue
        manifest = folder / "splits" / f"{entry.get('manifest')}.json"
        about = files.read_json(manifest).get("family") if manifest.is_file() else None
        if family is None or about in (None, family):
            when = entry.get("date", "at an unknown time")
            yield path, f"runs were chosen on the test levels of {about or 'the study'} ({when})"


def shared_levels(folder: Path, run: str | None) -> Problems:
    """S102: pools share levels. ``Split`` refuses this; the manifest on disk is inspected."""
    del run  # the pools of a run are among those of its store
    for path in sorted((folder / "splits").glob("*.json")):
        owner: dict[str, str] = {}
        for pool, levels in files.read_json(path)["pools"].items():
            for level, mark in zip(levels["ids"], levels["fingerprints"], strict=True):
                if mark in owner:
                    yield path, f"{pool} level {level} is {owner[mark]}"
                    break
                owner[mark] = f"{pool} level {level}"


def incomplete(folder: Path, run: str | None) -> Problems:
    """S201: cells, or files of a run, are missing."""
    from rlgen.store.run_store import RunStore

    store = RunStore(folder)
    for cell in [run] if run else store.done():
        absent = [name for name in RUN_FILES if not (store.run_folder(cell) / name).is_file()]
        if absent:
            yield store.run_folder(cell), f"the run has no {', '.join(absent)}"
    if run:
        return
    plan, failures = store.plan(), store.failures()
    missing = [cell for cell in plan if not store.has(cell["id"])]
    if missing:
        failed = sum(cell["id"] in failures for cell in missing)
        of_which = f", of which {failed} failed" if failed else ""
        first = missing[0]["label"]
        yield (
            folder / "plan.json",
            f"{len(missing)} of {len(plan)} cells are missing{of_which}; the first is {first}",
        )


def conditions(folder: Path, run: str | None) -> Problems:
    """S202: a run lacks conditions; the report then compares conditions over different runs."""
    from rlgen.store.run_store import RunStore
    from rlgen.study import further

    store = RunStore(folder)
    parts = [(part, item) for item, part in store.parts().items()]
    if not parts and store.protocol().pools:
        parts = [(store.protocol(), str(store.declared_path))]
    conditions_of: dict[str, tuple[str, ...]] = {}
    if parts:
        from rlgen.study.plan import tasks
        from rlgen.study.resolve import resolve

        # Each part of a suite has its own conditions; a run that no part needs lacks nothing.
        resolved = [resolve(*part) for part in parts]
        conditions_of = {task.cell.id: task.wanted for task in tasks(resolved)}
    for cell in [run] if run else store.done():
        if not (store.run_folder(cell) / "conditions.json").is_file():
            continue  # reported by S201
        wanted = conditions_of.get(cell, ()) if parts else store.protocol().conditions
        left_out = further.left_out(_settings(folder, cell))
        absent = [
            name
            for name in wanted
            if name not in store.conditions(cell) and further.parsed(name)[1] not in left_out
        ]
        if absent:
            yield store.run_folder(cell) / "conditions.json", f"not under {', '.join(absent)}"


def one_run(folder: Path, run: str | None) -> Problems:
    """S203: a cell has only one run."""
    from rlgen.store.run_store import RunStore

    if run:
        return
    seeds: dict[str, list[str]] = defaultdict(list)
    for cell in RunStore(folder).plan():
        if not cell.get("records", True):
            continue  # not of a policy that was trained or brought
        setting = {k: v for k, v in cell["settings"].items() if k not in RUN_KEYS}
        seeds[repr(sorted(setting.items()))].append(cell["label"])
    for labels in seeds.values():
        if len(labels) == 1:
            yield folder / "plan.json", f"the only run is {labels[0]}"


def mixed_versions(folder: Path, run: str | None) -> Problems:
    """S301: runs come from different versions or sources; see ``rlgen.store.provenance``."""
    from rlgen.store.run_store import RunStore

    if run:
        return
    values: dict[str, Counter[str]] = defaultdict(Counter)
    store = RunStore(folder)
    for cell in store.done():
        path = store.run_folder(cell) / "provenance.json"
        if not path.is_file():
            continue  # reported by S201
        provenance = files.read_json(path)
        values["revision"][str(provenance.get("revision"))[:12]] += 1
        for package, version in provenance.get("versions", {}).items():
            values[package][str(version)] += 1
    for what, counts in values.items():
        if len(counts) > 1:
            parts = ", ".join(f"{name} in {n} runs" for name, n in counts.most_common())
            yield folder / "runs", f"{what} is {parts}"


def _settings(folder: Path, run: str) -> dict[str, Any]:
    path = folder / "runs" / run / "cell.json"
    settings: dict[str, Any] = files.read_json(path)["settings"] if path.is_file() else {}
    return settings
