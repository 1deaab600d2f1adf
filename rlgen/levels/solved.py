"""What environments say of whether an episode has reached its goal."""

import math
from collections.abc import Mapping
from typing import Any

#: Keys of ``info`` that say it; None says nothing. A number from 0 to 1 is the degree to which it
#: has.
KEYS = ("is_success", "success", "solved")


def solved(info: Mapping[str, Any]) -> float | None:
    """The degree to which an episode was solved, from 0 to 1; None if its last info says nothing.

    Raises:
        ValueError: If it says something else, with the key and the value.

    Example:
        >>> solved({"is_success": True}), solved({"success": 0.25}), solved({})
        (1.0, 0.25, None)
    """
    for key in KEYS:
        value = info.get(key)
        if value is None:
            continue
        try:
            share = float(value)
        except (TypeError, ValueError):
            share = math.nan
        if not 0 <= share <= 1:
            raise ValueError(f"info[{key!r}] is {value!r}")
        return share
    return None
