"""Which groups of levels, or which part of an axis, a study holds out, and what is earned there."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from rlgen.analysis.stats.grouped import Groups, number_of
from rlgen.analysis.stats.tables import CELL
from rlgen.protocol.schema import Protocol
from rlgen.store.imported import Imported
from rlgen.util.words import counted

if TYPE_CHECKING:
    from rlgen.analysis.results import Results
    from rlgen.store.run_store import RunStore


def groups_of(store: "RunStore", declared: Protocol | Imported) -> Groups:
    """The group of each level by split and pool; empty where none are held out.

    Raises:
        DamagedStoreError: If a split is not as it was written.
    """
    if isinstance(declared, Protocol) and not (declared.levels and declared.levels.group):
        return {}
    groups = {}
    for path, manifest in store.splits():
        pools = {
            pool: dict(zip(levels["ids"], levels["values"], strict=True))
            for pool, levels in manifest["pools"].items()
            if levels is not None and levels.get("values")
        }
        if pools:
            groups[path.stem] = pools
    return groups


def scope(results: "Results", cell: Mapping[str, Any]) -> str:
    """What held-out levels of a cell are like, in a few words; empty where nothing is held out.

    Examples: "on 3 unseen groups of corner", "at distance 12:".
    """
    levels = getattr(results.protocol, "levels", None)
    if levels is not None and levels.axis:
        return f"at {levels.axis} {levels.test}"
    rows = results.records_of(cell)
    held_out = rows[rows["split"] == "test"]
    if not results.level_groups or held_out.empty or not _collapsed(results, held_out.iloc[0]):
        return ""
    what = f" of {levels.group}" if levels is not None else ""
    return f"on {counted(len(held_out.iloc[0]['ret_mean']), 'unseen group')}{what}"


def returns(results: "Results") -> Iterator[dict[str, Any]]:
    """What each cell earns on each held-out group under the main condition, over its runs.

    Yields:
        The keys of ``CELL``; ``pool`` and ``group``; ``levels``, how many are of it; ``runs``; and
        the means ``return`` and ``normalised`` (nan where scores are not known).
    """
    if not results.level_groups:
        return
    for cell in results.cells:
        rows = results.records_of(cell)
        for pool, own in rows.groupby("split", observed=True):
            first = own.iloc[0]
            if not _collapsed(results, first):
                continue
            labels = list(results.level_groups[first["manifest"]][str(pool)].values())
            numbers = first["level_id"].tolist()
            for group in sorted(set(labels)):
                place = numbers.index(number_of(group))
                yield {
                    **{key: cell[key] for key in CELL},
                    "pool": str(pool),
                    "group": group,
                    "levels": labels.count(group),
                    "runs": len(own),
                    "return": float(own["ret_mean"].map(lambda v, i=place: v[i]).mean()),
                    "normalised": float(own["normalised"].map(lambda v, i=place: v[i]).mean()),
                }


def _collapsed(results: "Results", row: Any) -> bool:
    """Whether a folded row has groups in the place of levels."""
    own = results.level_groups.get(row["manifest"], {}).get(str(row["split"]), {})
    return bool(own) and row["level_id"][0] not in own
