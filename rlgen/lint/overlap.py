"""Whether two environments of a script certainly play the same levels, and by what."""

from typing import Any

from rlgen.lint.event import Event
from rlgen.lint.names import COSMETIC, LEVELS, NUMBER, START
from rlgen.lint.values import NONE, Const, Kwargs, Value, distance, is_, key, shifted, shown

ZERO = Const(0)


def settings(at: Event, world: Value) -> Kwargs:
    """The settings that an environment was made with; those that are unknown have the name "**"."""
    table: Any = at.get(world, "settings")
    if not is_(table, "dict") or at.get(table, 0) != NONE:
        return {"**": table}
    return {name: at.get(table, name) for name in at.memory.log[table] if isinstance(name, str)}


def reason(at: Event, test: Value, train: Value) -> str:
    """Why levels of ``test`` are levels of ``train``; empty where that is not certain.

    The same id is no reason: nearly every evaluation is in the environment's own kind. The same
    level ids are one; so is the same seed, with which both draw the same levels one after the
    other.
    """
    first, second = settings(at, test), settings(at, train)
    free = {*COSMETIC, *LEVELS, START, NUMBER}
    others = (first.keys() | second.keys()) - free
    alike = at.get(test, "name") == at.get(train, "name") and "**" not in others
    if not alike or any(first.get(name) != second.get(name) for name in others):
        return ""
    for name in LEVELS:
        if name in first and name in second:
            return _meet(at, name, first[name], second[name])
    if (
        START in {*first, *second}
        or NUMBER in {*first, *second}
        or "procgen" in key(at.get(test, "name")).lower()
    ):
        return _ranges(
            first.get(START, ZERO),
            first.get(NUMBER, ZERO),
            second.get(START, ZERO),
            second.get(NUMBER, ZERO),
        )
    return _seeds(at.get(test, "seeds"), at.get(train, "seeds"))


def _ranges(start: Value, number: Value, first: Value, size: Value) -> str:
    """For Procgen: ``num_levels = 0`` is all levels, whatever ``start_level`` is.

    That the test levels are all levels is the benchmark's own protocol (Cobbe et al. 2020): two
    thousand million, of which the training levels are next to none.
    """
    if size == ZERO:
        return "training has num_levels = 0, which is all levels, so that none is held out"
    if number == ZERO:
        ignored = isinstance(start, Const) and start.value
        what = "num_levels = 0 is all levels, those of training among them, and start_level ="
        return f"{what} {shown(start)} is ignored" if ignored else ""
    apart = distance(first, start)
    behind, ahead = (each.value if isinstance(each, Const) else 0 for each in (number, size))
    # Unknown numbers of levels, from the same first one, overlap too.
    if apart is None or (apart != 0 and not -behind < apart < ahead):
        return ""
    mine, theirs = (
        f"start_level = {shown(a)}, num_levels = {shown(b)}"
        for a, b in ((start, number), (first, size))
    )
    return f"its levels ({mine}) are among those of training ({theirs})"


#: Consecutive whole numbers: the first, and how many.
Run = tuple[Value, int]


def _common(mine: list[Run], theirs: list[Run]) -> tuple[Run, Run] | None:
    """Two runs that certainly share a number."""
    for first, count in mine:
        for other, size in theirs:
            apart = distance(other, first)
            if apart is not None and -count < apart < size:
                return (first, count), (other, size)
    return None


def _seeds(mine: Value, theirs: Value) -> str:
    runs = [list(each.value) if isinstance(each, Const) else [] for each in (mine, theirs)]
    common = _common(*runs)
    return (
        f"it is seeded with {_range(*common[0])} and training with {_range(*common[1])}, so that "
        "its episodes begin like those of training"
        if common
        else ""
    )


def _range(first: Value, count: int) -> str:
    last = shifted(first, count - 1)
    if count == 1 or last is None:
        return shown(first)
    return (
        f"{shown(first)} to {shown(last)}"
        if isinstance(last, Const)
        else f"{shown(first)} and the {count - 1} after it"
    )


def _meet(at: Event, name: str, first: Value, second: Value) -> str:
    """Why two sets of level ids share one."""
    if first == second:
        return f"both are given the same {name}"
    common = _common(_ids(at, first), _ids(at, second))
    return (
        f"its {name} ({_range(*common[0])}) and those of training ({_range(*common[1])}) overlap"
        if common
        else ""
    )


def _ids(at: Event, levels: Value) -> list[Run]:
    if is_(levels, "span"):
        start = at.get(levels, "start")
        return [(start, distance(start, at.get(levels, "stop")) or 0)]
    size: Any = at.get(levels, "len") if is_(levels, "list") else ZERO
    return [(at.get(levels, i), 1) for i in range(size.value)] if isinstance(size, Const) else []
