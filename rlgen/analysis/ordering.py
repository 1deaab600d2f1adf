"""The order of what a study compares: its protocol's."""

from collections.abc import Mapping, Sequence
from typing import Any

from rlgen.analysis.stats.tables import CELL


def in_order(cells: Sequence[dict[str, Any]], protocol: object) -> list[dict[str, Any]]:
    """Cells in the order of the names in the protocol's lists, and of numbers by size.

    Args:
        cells: With the values of ``CELL``.
        protocol: Its lists; names that none has (of imported results, or drawn from a list of
            networks) come last, in the order in which they are.
    """
    lists: Mapping[str, list[str]] = {
        key: [str(name) for name in getattr(protocol, key, ())] for key in CELL
    }

    def place(cell: Mapping[str, Any]) -> list[float]:
        return [_place(cell[key], lists[key]) for key in CELL]

    return sorted(cells, key=place)


def _place(value: Any, names: Sequence[str]) -> float:
    if isinstance(value, int | float):
        return float(value)
    return names.index(str(value)) if str(value) in names else len(names)
