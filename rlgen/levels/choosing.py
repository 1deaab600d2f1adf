"""A family and levels of it, as the calls of Python take them."""

import json
from collections.abc import Sequence
from operator import index

from rlgen.errors import LevelError
from rlgen.levels.family import Family, Levels
from rlgen.util.ranges import parse_ids, whole


def as_levels(family: Family, levels: Levels | Sequence[int] | str) -> Levels:
    """Levels of a family.

    Args:
        family: The family.
        levels: Levels of the family, or their ids, which may be text like "0:200".

    Raises:
        LevelError: If there are none, or they are of another family or of other options.
    """
    if isinstance(levels, Levels):
        # Levels of another family would be played all the same where observations fit.
        if levels.world and family.world and levels.world != family.world:
            raise LevelError(
                f"levels: {_difference(levels.world, family.world)}: name the family that they are "
                "of, or give ids, which any family takes"
            )
        batch = levels
    else:
        batch = family.generate(_ids(levels))
    if not len(batch):
        raise LevelError("there are no levels to evaluate on")
    return batch


def _difference(levels: str, family: str) -> str:
    """Where the ``world`` of levels and that of a family differ, in words."""
    try:
        (name, _, options), (other, _, others) = json.loads(levels), json.loads(family)
        keys = sorted(key for key in {**options, **others} if options.get(key) != others.get(key))
        own, its = (
            ", ".join(f"{key} = {of.get(key)!r}" for key in keys) for of in (options, others)
        )
    except (ValueError, TypeError, AttributeError):
        return f"are of {levels}, and the family is {family}"  # a family may word it in its own way
    if name != other:
        return f"are of {name}, and the family is {other}"
    if not keys:
        return f"are of another version of {name}"
    return f"are of {name} with {own}, and the family has {its}"


def _ids(levels: Sequence[int] | str) -> Sequence[int]:
    """Ids of levels as they are given: numbers, or text."""
    try:
        if isinstance(levels, str):
            return parse_ids(levels)
        ids = [index(whole(level)) for level in levels]
    except (TypeError, ValueError) as error:
        raise LevelError(f"levels: {error}") from None
    if len(set(ids)) < len(ids):
        raise LevelError("levels: a level is named twice")
    return ids
