"""Whether two environments of a script certainly play the same levels, and by what."""

from typing import Any

from rlgen.lint.event import Event
from rlgen.lint.names import COSMETIC, LEVELS, NUMBER, START
from rlgen.lint.values import Span, distance, shown

#: Consecutive whole numbers: the first, and how many.
Run = tuple[Any, Any]


def settings(event: Event, world: Any) -> dict[Any, Any]:
    """What an environment was made with; where that is unknown, something that equals nothing."""
    table = event.get(world, "settings")
    return table if isinstance(table, dict) else {"**": object()}


def reason(event: Event, test: Any, train: Any) -> str:
    """Why levels of ``test`` are levels of ``train``; empty where that is not certain.

    The same id is no reason: nearly every evaluation is in the environment's own kind. The same
    level ids are one; so is the same seed, with which both draw the same levels one after the
    other.
    """
    first, second = settings(event, test), settings(event, train)
    name = event.get(test, "name")
    others = first.keys() | second.keys()
    ranges = not others.isdisjoint({START, NUMBER}) or "procgen" in str(name).lower()
    others -= {*COSMETIC, *LEVELS, START, NUMBER}
    alike = all(first.get(each) == second.get(each) for each in others)
    if name is None or name != event.get(train, "name") or not alike:
        return ""
    for each in LEVELS:
        if each in first and each in second:
            return _meet(each, first[each], second[each])
    if ranges:
        return _ranges(*((each.get(START, 0), each.get(NUMBER, 0)) for each in (first, second)))
    common = _common(event.get(test, "seeds"), event.get(train, "seeds"))
    if common is None:
        return ""
    mine, theirs = map(_range, common)
    return f"it is seeded with {mine} and training with {theirs}, so that " + (
        "its episodes begin like those of training"
    )


def _ranges(mine: Run, theirs: Run) -> str:
    """For Procgen: ``num_levels = 0`` is all levels, whatever ``start_level`` is.

    That the test levels are all levels is the benchmark's own protocol (Cobbe et al. 2020): two
    thousand million, of which the training levels are next to none.
    """
    if theirs[1] == 0:
        return "training has num_levels = 0, which is all levels, so that none is held out"
    if mine[1] == 0:
        ignored = type(mine[0]) is int and mine[0]
        what = "num_levels = 0 is all levels, those of training among them, and start_level ="
        return f"{what} {mine[0]} is ignored" if ignored else ""
    if _common((mine,), (theirs,)) is None:
        return ""
    own, other = (f"start_level = {shown(a)}, num_levels = {shown(b)}" for a, b in (mine, theirs))
    return f"its levels ({own}) are among those of training ({other})"


def _meet(name: str, first: Any, second: Any) -> str:
    """Why two sets of level ids share one."""
    if first == second:
        return f"both are given the same {name}"
    common = _common(_ids(first), _ids(second))
    if common is None:
        return ""
    mine, theirs = map(_range, common)
    return f"its {name} ({mine}) and those of training ({theirs}) overlap"


def _ids(levels: Any) -> tuple[Run, ...]:
    if isinstance(levels, Span):
        return ((levels.start, distance(levels.start, levels.stop)),)
    return tuple((each, 1) for each in levels) if isinstance(levels, tuple) else ()


def _common(mine: Any, theirs: Any) -> tuple[Run, Run] | None:
    """Two runs that certainly share a number."""
    if not isinstance(mine, tuple) or not isinstance(theirs, tuple):
        return None
    for first, count in mine:
        for other, size in theirs:
            apart = distance(other, first)
            # Runs of unknown length, from the same first number, overlap too.
            behind, ahead = (each if type(each) is int else 0 for each in (count, size))
            if apart is not None and (apart == 0 or -behind < apart < ahead):
                return (first, count), (other, size)
    return None


def _range(run: Run) -> str:
    first, count = run
    is_one = type(count) is not int or count == 1
    if type(first) is int:
        return str(first) if is_one else f"{first} to {first + count - 1}"
    return shown(first) if is_one else f"{shown(first)} and the {count - 1} after it"
