"""What a report must know of a family, as plain values that a store keeps with its plan."""

import math
from typing import Any

from rlgen.analysis.stats.scores import ceiling
from rlgen.levels.capabilities import Flippable
from rlgen.levels.family import Family

#: Of the families of a plan, which share theirs among thousands of cells: each with its facts.
_remembered: dict[tuple[int, float], tuple[Family, dict[str, Any]]] = {}
#: How many are remembered.
_MOST = 256


def facts(family: Family, flip_p: float) -> dict[str, Any]:
    """The facts of a cell: with them the read half needs no family.

    Args:
        family: As configured.
        flip_p: Of the training levels; the other pools are never flipped.

    Returns:
        ``best``: the highest possible return of an unflipped level, None if nobody knows;
        ``bounds``: by pool the lowest and highest possible return, with which certificates work,
        missing if nobody knows; ``ceiling``: the memorisation
        ceiling C(p) of a memoryless policy (method 1.6), None where the family has none.
    """
    key = id(family), flip_p  # of an object that is remembered, so that no other has its id
    if key not in _remembered:
        if len(_remembered) >= _MOST:
            _remembered.clear()
        _remembered[key] = family, _facts(family, flip_p)
    return _remembered[key][1]


def _facts(family: Family, flip_p: float) -> dict[str, Any]:
    flipped, plain = family.return_bounds(flip_p), family.return_bounds(0.0)
    rewards = family.flipped_rewards() if isinstance(family, Flippable) else None
    bounded = all(map(math.isfinite, (*flipped, *plain)))
    bounds = {"train": list(flipped), "validation": list(plain), "test": list(plain)}
    return {
        "best": plain[1] if bounded else None,
        **({"bounds": bounds} if bounded else {}),
        "ceiling": None if rewards is None else ceiling(rewards[0], flip_p, rewards[1]).train,
    }
