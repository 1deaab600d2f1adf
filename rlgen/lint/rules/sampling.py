"""Which levels are drawn for the evaluation, and how many."""

from collections.abc import Iterator

from rlgen.lint.certainty import distance, same
from rlgen.lint.names import LEVELS, NUMBER
from rlgen.lint.rules.held_out import in_training, measured, once
from rlgen.lint.trace import Evaluation, Trace
from rlgen.lint.values import Const, Seq, Span, World

ONE = Const(1)


def unseeded(trace: Trace) -> Iterator[tuple[int, str]]:
    """L201: nothing seeds the environment. Each is named once, where it is first evaluated."""
    for each in once(measured(trace), _unseeded):
        line = each.views[0].world.line
        yield each.line, f"the environment of line {line} draws other levels in each run"


def _unseeded(each: Evaluation) -> bool:
    return not in_training(each) and all(view.seeded is False for view in each.views)


def one_level(trace: Trace) -> Iterator[tuple[int, str]]:
    """L202: one level, or one episode, is no sample."""
    for each in measured(trace):
        why = _one(each)
        if why:
            yield each.line, why


def _one(each: Evaluation) -> str:
    worlds = [view.world for view in each.views]
    if each.kind == "loop" and worlds and all(world.repeated for world in worlds):
        return f"line {worlds[0].repeated[0]} resets with the same seed before each episode"
    if each.repeated and each.kind != "loop":
        return ""  # one level or episode in each round may be many in all
    if each.episodes is not None and same(each.episodes, ONE):
        return f"{each.what} is asked for one episode"
    if worlds and all(_single(world) and not world.rounds for world in worlds):
        return f"the environment of line {worlds[0].line} has one level"
    return ""


def _single(world: World) -> bool:
    """Whether the settings name exactly one level."""
    settings = world.settings
    if NUMBER in settings:
        return same(settings[NUMBER], ONE)
    for name in LEVELS:
        levels = settings.get(name)
        if isinstance(levels, Seq):
            return levels.count == 1
        if isinstance(levels, Span):
            return distance(levels.start, levels.stop) == 1
    return False
