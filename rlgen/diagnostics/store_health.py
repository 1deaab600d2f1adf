"""Store health: whole and undamaged results from which one should not conclude yet."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rlgen.analysis.stats.tables import CELL
from rlgen.protocol.schema import Protocol
from rlgen.store import accesses, schemas
from rlgen.store.accesses import SELECTION
from rlgen.store.outputs import parsed
from rlgen.store.preparing import SUPERSEDED
from rlgen.store.run_store import RunStore
from rlgen.util import checked_json, segments
from rlgen.util.bracketed import MOST_EXACT
from rlgen.util.words import counted

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
#: The file of the store and what is wrong.
Reasons = Iterator[tuple[Path, str]]


@dataclass(frozen=True)
class Problem:
    """One problem of a store.

    Attributes:
        code: Such as ``S201``.
        name: Of the kind of problem, in words joined by hyphens.
        file: The file or folder of the store that shows it.
        reason: What is wrong.
        remedy: What to do.
    """

    code: str
    name: str
    file: str
    reason: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.file}: {self.code} {self.name}: {self.reason}; {self.remedy}"


def problems(store: RunStore) -> Iterator[Problem]:
    """The problems of a store, by their codes.

    Raises:
        DamagedStoreError: For a file that cannot be read.
    """
    for code, (check, remedy) in RULES.items():
        for path, reason in check(store):
            name = check.__name__.replace("_", "-")
            yield Problem(code, name, path.relative_to(store.path).as_posix(), reason, remedy)


def chosen_on_test_levels(store: RunStore) -> Reasons:
    """Runs were selected on test levels; see ``rlgen.select``."""
    for path in sorted((store.path / "access").glob("*.json")):
        entry = accesses.read(path)
        if entry.get("pool") != "test" or entry.get("purpose") != SELECTION:
            continue
        manifest = store.path / "splits" / f"{entry.get('manifest')}.json"
        split = checked_json.read(manifest, schemas.SPLIT) if manifest.is_file() else {}
        about = split.get("family", "the study")
        when = entry.get("date", "at an unknown time")
        yield path, f"runs were chosen on the test levels of {about} ({when})"


def pools_share_levels(store: RunStore) -> Reasons:
    """A level is in two pools. ``Split`` refuses this; the manifest on disk is inspected."""
    for path in sorted((store.path / "splits").glob("*.json")):
        owner: dict[str, str] = {}
        for pool, levels in checked_json.read(path, schemas.SPLIT)["pools"].items():
            if "fingerprints" not in levels:
                continue  # imported levels are known by their names, which pools do not share
            for level, mark in zip(levels["ids"], levels["fingerprints"], strict=True):
                if mark in owner:
                    yield path, f"{pool} level {level} is {owner[mark]}"
                    break
                owner[mark] = f"{pool} level {level}"


def incomplete_plan(store: RunStore) -> Reasons:
    """Cells are missing. Files that a run lacks are named by ``verification``."""
    plan, failures = store.plan(), store.failures()
    missing = [cell for cell in plan if not store.has(cell["id"])]
    if missing:
        failed = sum(cell["id"] in failures for cell in missing)
        of_which = f", of which {failed} failed" if failed else ""
        first, verb = missing[0]["label"], "is" if len(missing) == 1 else "are"
        yield (
            store.path / "plan.json",
            f"{len(missing):,} of {counted(len(plan), 'cell')} {verb} missing{of_which}; "
            f"the first is {first}",
        )


def _code(protocol: Protocol) -> str:
    """Modules, wrappers and files of policies that a protocol names; empty if none."""
    from rlgen.study import naming

    return ", ".join(dict.fromkeys([*naming.code(protocol.model_dump()), *protocol.policy]))


def conditions_missing(store: RunStore) -> Reasons:
    """A run lacks conditions; the report then compares conditions over different runs."""
    from rlgen.study import further

    if store.imported:
        return  # other tools have evaluated what they have
    parts = [(part, item) for item, part in store.parts().items()]
    if not parts and store.protocol().pools:
        parts = [(store.protocol(), str(store.declared_path))]
    conditions_of: dict[str, tuple[str, ...]] = {}
    for part, _ in parts:
        if names := _code(part):
            # A store may be someone else's: the modules that it names are not imported.
            yield (
                store.declared_path,
                f"conditions are not compared: only named code says what they are of, {names}",
            )
            return
    if parts:
        from rlgen.study.plan import tasks
        from rlgen.study.resolve import resolve

        # Each part of a suite has its own conditions; a run that no part needs lacks nothing.
        resolved = [resolve(*part) for part in parts]
        conditions_of = {task.cell.id: task.wanted for task in tasks(resolved)}
    planned = {entry["id"]: entry["settings"] for entry in store.plan()}
    for cell in store.done():
        path = store.run_folder(cell) / "conditions.json"
        if not segments.is_file(path):
            continue
        wanted = conditions_of.get(cell, ()) if parts else store.protocol().conditions
        left_out = further.left_out(planned.get(cell, {}).get("pools", {}))
        absent = [
            name
            for name in wanted
            if name not in store.conditions(cell) and parsed(name)[1] not in left_out
        ]
        if absent:
            yield path, f"not under {', '.join(absent)}"


def one_run(store: RunStore) -> Reasons:
    """A setting has only one run, so that nothing has an interval."""
    seeds: dict[str, list[str]] = defaultdict(list)
    for cell in store.plan():
        if not cell.get("records", True) or SUPERSEDED in cell:
            continue  # not of a policy that was trained or brought, or not of the present one
        # Of policies made elsewhere each is a run.
        left_out = {*RUN_KEYS, "policy", "policy_file", "policy_hash"}
        setting = {k: v for k, v in cell["settings"].items() if k not in left_out}
        if store.imported:  # whose settings say which files each run is from
            setting = {name: cell["settings"][name] for name in CELL}
        seeds[repr(sorted(setting.items()))].append(cell["label"])
    for labels in seeds.values():
        if len(labels) == 1:
            yield store.path / "plan.json", f"the only run is {labels[0]}"


def run_is_there_twice(store: RunStore) -> Reasons:
    """Two cells whose settings are equal numbers that were written otherwise: 1 and 1.0."""
    first: dict[str, str] = {}
    for cell in store.plan():
        key = json.dumps(_as_floats(cell["settings"]), sort_keys=True)
        if key in first:
            same = f"{first[key]} and {cell['id']}"
            yield store.path / "plan.json", f"{cell['label']} is there twice, as {same}"
        first.setdefault(key, cell["id"])


def _as_floats(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _as_floats(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_as_floats(each) for each in value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    # -0.0 is 0.0; large whole numbers are equal to others as floats.
    return value if isinstance(value, int) and abs(value) >= MOST_EXACT else value + 0.0


def mixed_versions(store: RunStore) -> Reasons:
    """Runs come from different versions or sources; see ``rlgen.store.provenance``."""
    values: dict[str, Counter[str]] = defaultdict(Counter)
    for cell in store.done():
        path = store.run_folder(cell) / "provenance.json"
        if not segments.is_file(path):
            continue
        provenance = checked_json.read(path, schemas.PROVENANCE)
        values["revision"][str(provenance.get("revision"))[:12]] += 1
        for package, version in provenance.get("versions", {}).items():
            values[package][str(version)] += 1
    for what, counts in values.items():
        if len(counts) > 1:
            parts = ", ".join(f"{name} in {counted(n, 'run')}" for name, n in counts.most_common())
            yield store.path / "runs", f"{what} is {parts}"


#: By code: who finds the problem, whose name is that of its kind, and what to do.
RULES: dict[str, tuple[Callable[[RunStore], Reasons], str]] = {
    "S101": (
        chosen_on_test_levels,
        "choose with rlgen.select(..., pool='validation'), and draw a new study to report",
    ),
    "S102": (pools_share_levels, "compute the study again in a new folder"),
    "S201": (incomplete_plan, "issue the command of the study again"),
    "S202": (conditions_missing, "issue the command of the study again"),
    "S203": (
        one_run,
        "add runs: rlgen evaluate PROTOCOL --seeds 0:5, or of an agent that was trained elsewhere "
        "another --policy AGENT=FILE",
    ),
    "S204": (
        run_is_there_twice,
        "compute the study again in a new folder, numbers written in one way",
    ),
    "S301": (mixed_versions, "compute the study again in a new folder with one version"),
}
