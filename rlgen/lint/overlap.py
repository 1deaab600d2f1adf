"""Whether two environments of a script certainly play the same levels, and by what."""

from rlgen.lint.certainty import distance, same, shown, whole
from rlgen.lint.making import REST
from rlgen.lint.names import COSMETIC, LEVELS, NUMBER, START
from rlgen.lint.trace import View
from rlgen.lint.values import Const, Seeds, Seq, Span, Sym, Value

ZERO = Const(0)


def reason(test: View, train: View) -> str:
    """Why levels of ``test`` are levels of ``train``; empty where that is not certain.

    The same id is no reason: nearly every evaluation is in the environment's own kind. The same
    level ids are one; so is the same seed, with which both draw the same levels one after the
    other.
    """
    if not _same_generator(test, train):
        return ""
    first, second = test.world.settings, train.world.settings
    for name in LEVELS:
        if name in first and name in second:
            if _meet(first[name], second[name]):
                return (
                    f"both are given {name} = {shown(second[name])}"
                    if same(first[name], second[name])
                    else f"its {name} {shown(first[name])} and {shown(second[name])} overlap"
                )
            return ""
    if _ranged(test) or _ranged(train):
        return _ranges(test, train)
    return _seeds(test, train)


def _same_generator(test: View, train: View) -> bool:
    """Whether both draw from one distribution of levels: same id and same settings."""
    one, other = test.world, train.world
    if one.open or other.open or not same(one.name, other.name):
        return False
    free = {*COSMETIC, *LEVELS, START, NUMBER}
    names = (one.settings.keys() | other.settings.keys()) - free
    return all(
        name in one.settings
        and name in other.settings
        and same(one.settings[name], other.settings[name])
        for name in names
    )


def _ranged(view: View) -> bool:
    """Whether levels are chosen by Procgen's ``start_level`` and ``num_levels``."""
    settings, name = view.world.settings, view.world.name
    ranged = START in settings or NUMBER in settings
    return ranged or (isinstance(name, Const) and "procgen" in str(name.value).lower())


def _ranges(test: View, train: View) -> str:
    """For Procgen: ``num_levels = 0`` is all levels, whatever ``start_level`` is.

    That the test levels are all levels is the benchmark's own protocol (Cobbe et al. 2020): two
    thousand million, of which the training levels are next to none.
    """
    if REST in test.world.settings or REST in train.world.settings:
        return ""
    start, number = (test.world.settings.get(name, ZERO) for name in (START, NUMBER))
    first, size = (train.world.settings.get(name, ZERO) for name in (START, NUMBER))
    if same(size, ZERO):
        return "training has num_levels = 0, which is all levels, so that none is held out"
    if same(number, ZERO):
        if whole(start):
            return (
                f"num_levels = 0 is all levels, those of training among them, and start_level = "
                f"{shown(start)} is ignored"
            )
        return ""
    apart = distance(first, start)
    if apart is None:
        return ""
    # Unknown numbers of levels, from the same first one, overlap too.
    inside = -(whole(number) or 0) < apart < (whole(size) or 0)
    if not inside and apart != 0:
        return ""
    return f"its levels ({_told(start, number)}) are among those of training ({_told(first, size)})"


def _told(start: Value, number: Value) -> str:
    return f"start_level = {shown(start)}, num_levels = {shown(number)}"


def _seeds(test: View, train: View) -> str:
    for mine in test.seeds:
        for theirs in train.seeds:
            apart = distance(theirs.first, mine.first)
            if apart is not None and -mine.count < apart < theirs.count:
                return (
                    f"it is seeded with {_range(mine)} and training with {_range(theirs)}, so that "
                    "its episodes begin like those of training"
                )
    return ""


def _range(seeds: Seeds) -> str:
    if seeds.count == 1:
        return shown(seeds.first)
    first = whole(seeds.first)
    if first is not None:
        return f"{first} to {first + seeds.count - 1}"
    return f"{shown(seeds.first)} and the {seeds.count - 1} after it"


def _meet(first: Value, second: Value) -> bool:
    """Whether two sets of level ids certainly share one."""
    if same(first, second):
        return True
    if isinstance(first, Span) and isinstance(second, Span):
        ahead, behind = distance(first.start, second.stop), distance(second.start, first.stop)
        comparable = ahead is not None and behind is not None
        empty = [distance(span.start, span.stop) for span in (first, second)]
        if any(size is not None and size <= 0 for size in empty):
            return False
        return comparable and min(ahead or 0, behind or 0) > 0
    if isinstance(first, Seq) and isinstance(second, Seq):
        return any(same(one, other) for one in first.items for other in second.items)
    for span, seq in ((first, second), (second, first)):
        if isinstance(span, Span) and isinstance(seq, Seq):
            return any(_holds(span, item) for item in seq.items)
    return False


def _holds(span: Span, item: Value) -> bool:
    if not isinstance(item, Const | Sym):
        return False
    after, before = distance(span.start, item), distance(item, span.stop)
    return after is not None and before is not None and after >= 0 and before > 0
