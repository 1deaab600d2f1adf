"""Which groups of levels, or which part of an axis, a study holds out, and what is earned there."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

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


def unit(results: "Results") -> str:
    """What held-out returns are of: a "group", where whole ones are held out, or a "level"."""
    if not results.level_groups:
        return "level"
    rows = results.main_records[results.main_records["split"] == "test"]
    return "group" if any(_collapsed(results, row) for _, row in rows.iterrows()) else "level"


def returns(results: "Results") -> Iterator[dict[str, Any]]:
    """What each cell earns on each held-out group under the main condition, over its runs.

    Yields:
        The keys of ``CELL``; ``pool`` and ``group``; ``levels``, how many are of it; ``runs``, how
        many have played it; and the means ``return`` and ``normalised`` (nan where scores are not
        known).
    """
    if not results.level_groups:
        return
    for cell in results.cells:
        rows = results.records_of(cell)
        for pool, own in rows.groupby("split", observed=True):
            played = [row for _, row in own.iterrows() if _collapsed(results, row)]
            # Imported runs may have played other groups each.
            levels = Counter[str]()
            for manifest in {row["manifest"] for row in played}:
                levels |= Counter(results.level_groups[manifest][str(pool)].values())
            for group, number in sorted(levels.items()):
                yield {
                    **{key: cell[key] for key in CELL},
                    "pool": str(pool),
                    "group": group,
                    "levels": number,
                    **_mean_over_runs(played, number_of(group)),
                }


def _mean_over_runs(rows: list[Any], group: int) -> dict[str, float]:
    """Means over the runs that have played a group, and how many these are."""
    places = [(row, np.flatnonzero(row["level_id"] == group)) for row in rows]
    places = [(row, place[0]) for row, place in places if len(place)]
    return {
        "runs": len(places),
        "return": float(np.mean([row["ret_mean"][place] for row, place in places])),
        "normalised": float(np.mean([row["normalised"][place] for row, place in places])),
    }


def _collapsed(results: "Results", row: Any) -> bool:
    """Whether a folded row has groups in the place of levels."""
    own = results.level_groups.get(row["manifest"], {}).get(str(row["split"]), {})
    return bool(own) and row["level_id"][0] not in own
