"""Whether a store is whole, and its names are the hashes of what they name."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rlgen.diagnostics.store_health import RUN_FILES
from rlgen.protocol.pools import POOLS
from rlgen.store import records, schemas
from rlgen.store.outputs import PROBES_FILE, parsed, probe_of
from rlgen.store.run_store import MEASUREMENTS, READINGS, RunStore
from rlgen.study.kinds import KINDS
from rlgen.util import checked_json, segments
from rlgen.util.hashing import digest
from rlgen.util.words import counted, exist

#: The kind of cells whose result is measurements.
EXPERIMENT = "experiment"
#: Columns by which rows are told apart.
KEYS = ("split", "level_id", "condition")


def differences(store: RunStore) -> Iterator[str]:
    """One line for each thing that is not as it must be, with the file that it is about.

    Raises:
        DamagedStoreError: For a file that cannot be read.
    """
    entries = {entry["id"]: entry for entry in store.plan()}
    for entry in entries.values():
        if not _is_id(entry["id"], entry, imported=store.imported):
            yield f"plan.json: {entry['id']} is not the hash of its settings"
    inventory = store.inventory()
    for folder in (store.path / "runs" / name for name in sorted(inventory.runs)):
        if folder.name not in entries:
            yield f"{_name(folder)}: plan.json does not name it"
        yield from _of_run(store, folder, entries.get(folder.name, {}))
    for folder in (store.path / "extra" / name for name in sorted(inventory.extra)):
        wanted = checked_json.read(folder / "conditions.json", schemas.CONDITIONS)
        if folder.name.partition("-")[2] != digest({"conditions": sorted(wanted)})[:8]:
            yield f"{_name(folder)}: is not named after its conditions"
        yield from _of_records(store, folder, folder.name.partition("-")[0])
    for path in sorted((store.path / "splits").glob("*.json")):
        if digest(checked_json.read(path, schemas.SPLIT)) != path.stem:
            yield f"splits/{path.name}: its name is not the hash of its levels"


def _name(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def _is_id(cell: str, entry: Mapping[str, Any], *, imported: bool) -> bool:
    """Whether an id is the hash of the settings, as it is for the kind of the cell."""
    settings, kind = entry["settings"], entry.get("kind")
    if imported:
        return digest({"imported": settings})[:16] == cell
    # Older plans do not say the kind: they hold cells of policies alone.
    return KINDS[kind or "train"].identity(settings) == cell


def _of_run(store: RunStore, folder: Path, entry: Mapping[str, Any]) -> Iterator[str]:
    others = [name for name in (READINGS, MEASUREMENTS) if segments.is_file(folder / name)]
    has_records = entry.get("records", True) and not others
    result = others[0] if others else MEASUREMENTS if entry.get("kind") == EXPERIMENT else READINGS
    needed = set(RUN_FILES) if has_records else {"cell.json", result}
    if store.imported:
        needed.discard("agent.json")
    absent = sorted(name for name in needed if not segments.is_file(folder / name))
    if absent:
        yield f"{_name(folder)}: has no {', '.join(absent)}"
        return
    card = checked_json.read(folder / "cell.json", schemas.CELL)
    kind = {"kind": entry["kind"]} if "kind" in entry else {}
    described = {"records": has_records} | kind | card
    if card["id"] != folder.name:
        yield f"{_name(folder)}/cell.json: is that of {card['id']}"
    elif not _is_id(folder.name, described, imported=store.imported):
        yield f"{_name(folder)}/cell.json: its settings have another hash than {folder.name}"
    if has_records:
        yield from _of_records(store, folder, folder.name)


def _of_probes(folder: Path, probed: set[str]) -> Iterator[str]:
    """Whether there is what each probe measured, and of no other."""
    path = folder / PROBES_FILE
    present = set(checked_json.read(path, schemas.TABLE)) if segments.is_file(path) else set()
    for what, names in (("lacks", probed - present), ("has", present - probed)):
        if names:
            yield f"{_name(folder)}/{path.name}: {what} the probe {min(names)}"


def _of_records(store: RunStore, folder: Path, cell: str) -> Iterator[str]:
    """Whether there is a row for each condition and level, and no other; pools share no level."""
    where = f"{_name(folder)}/records.parquet"
    wanted = checked_json.read(folder / "conditions.json", schemas.CONDITIONS)
    probed = {probe for name in wanted if (probe := probe_of(name))}
    yield from _of_probes(folder, probed)
    if probed and all(map(probe_of, wanted)):
        return
    rows = records.read([folder / "records.parquet"], records.RECORDS)
    runs, pairs = sorted(map(str, rows["run_id"].unique())), rows[["split", "manifest"]].astype(str)
    splits = dict(pairs.drop_duplicates().itertuples(index=False, name=None))
    n_splits = len({splits.get(pool) for pool in POOLS} - {None})
    if runs != [cell] or n_splits > 1 or len(pairs.drop_duplicates()) > len(splits):
        yield f"{where}: holds rows of runs {', '.join(runs)} on {counted(n_splits, 'split')}"
        return
    pools: dict[str, list[int]] = {}
    owners: dict[str, str] = {}
    for manifest in dict.fromkeys(splits.values()):
        path = store.path / "splits" / f"{manifest}.json"
        if not path.is_file():
            yield f"{where}: its split is missing, splits/{path.name}"
            return
        for pool, levels in checked_json.read(path, schemas.SPLIT)["pools"].items():
            pools[pool] = levels["ids"]
            for mark in levels.get("fingerprints", ()):  # which imported levels have not
                if mark in owners:
                    yield f"{where}: the pools {owners[mark]} and {pool} share a level"
                    break
                owners[mark] = pool
    if store.imported:  # other tools have evaluated what they have
        if sorted(rows["condition"].unique()) != sorted(wanted):
            yield f"{where}: its conditions are not those of conditions.json"
        return
    settings = checked_json.read(store.run_folder(cell) / "cell.json", schemas.CELL)["settings"]
    if "train" in pools:
        pools["train"] = pools["train"][: settings["evaluated_train_levels"]]
    expected = {
        (pool, level, condition)
        for condition, further in map(parsed, wanted)
        for pool in ([further] if further else POOLS)
        for level in pools.get(pool, ())
    }
    present = list(zip(*(rows[key] for key in KEYS), strict=True))
    for what, keys in (("lacks", expected - set(present)), ("has", set(present) - expected)):
        if keys:
            pool, level, condition = min(keys)
            more = f" and {len(keys) - 1:,} more" if len(keys) > 1 else ""
            yield f"{where}: {what} the {pool} level {level} under {condition}{more}"
    if len(present) > len(set(present)):
        yield f"{where}: {exist(len(present) - len(set(present)), 'row')} there twice"
