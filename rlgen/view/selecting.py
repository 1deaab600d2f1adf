"""Which runs and which levels of a study are drawn: from the worst to the best, not at random."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np


def spread(values: Sequence[float], most: int) -> list[int]:
    """Positions of values from the lowest to the highest, evenly by rank.

    Args:
        values: ``(N,)``; nan is higher than any number.
        most: How many positions at most.

    Returns:
        Ascending by value.

    Example:
        >>> spread([3.0, 1.0, 2.0, 0.0, 4.0], 3)
        [3, 2, 4]
    """
    order = [int(place) for place in np.argsort(np.asarray(values, np.float64), kind="stable")]
    if len(order) <= most:
        return order
    return [order[round(rank)] for rank in np.linspace(0, len(order) - 1, most).tolist()]


def chosen_levels(returns: Sequence[Mapping[int, float]], most: int) -> list[int]:
    """Levels of a pool: a third of the worst, a third around the median, a third of the best.

    Args:
        returns: Mean return by level id; of several cells, which take turns, each its own.
        most: How many levels at most, in all.

    Returns:
        Their ids, ascending.

    Example:
        >>> chosen_levels([{7: 0.1, 8: 0.5, 9: 0.2, 5: 0.3, 6: 0.4}], 3)
        [5, 7, 8]
    """
    every = {level for own in returns for level in own}
    if len(every) <= most:
        return sorted(every)
    orders = [sorted(own, key=lambda level: (own[level], level)) for own in returns if own]
    chosen: dict[int, None] = {}
    # What does not divide by three goes to the worst.
    for third, count in enumerate(_thirds(most)):
        aim = len(chosen) + count
        for level in _in_turn([_from(order, third) for order in orders]):
            if len(chosen) >= aim:
                break
            chosen.setdefault(level)
    return sorted(chosen)


def _thirds(most: int) -> tuple[int, int, int]:
    third = most // 3
    return most - 2 * third, third, third


def _from(order: Sequence[int], third: int) -> list[int]:
    """Levels in ascending order, begun at the worst, around the median, or at the best."""
    if third == 0:
        return list(order)
    if third == 2:
        return list(reversed(order))
    middle = (len(order) - 1) / 2
    ranks = sorted(range(len(order)), key=lambda rank: (abs(rank - middle), rank))
    return [order[rank] for rank in ranks]


def _in_turn(orders: Sequence[Sequence[int]]) -> Iterator[int]:
    longest = max((len(order) for order in orders), default=0)
    for place in range(longest):
        yield from (order[place] for order in orders if place < len(order))
