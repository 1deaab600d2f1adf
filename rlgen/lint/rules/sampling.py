"""Which levels are drawn for the evaluation, and how many."""

from rlgen.lint.event import Event
from rlgen.lint.names import LEVELS, NUMBER
from rlgen.lint.overlap import settings
from rlgen.lint.values import FALSE, Const, Obj, distance, is_


def unseeded(each: Event, events: list[Event]) -> str:
    """L201: nothing seeds the environment."""
    if each.in_training or each.get(each.world, "seeded") != FALSE:
        return ""
    return f"nothing seeds the environment of {each.at(each.world)}: another run plays other levels"


def one_level(each: Event, events: list[Event]) -> str:
    """L202: one level, or one episode, is no sample."""
    repeated = each.get(each.world, "repeated")
    if each.kind == "loop" and isinstance(repeated, Obj) and each.world not in each.memory.reset:
        return f"{each.at(repeated)} resets with the same seed before each episode"
    if each.rounds and each.kind != "loop":
        return ""  # one level or episode in each round may be many in all
    if each.options.get("n_eval_episodes") == Const(1):
        return f"{each.what} is asked for one episode"
    single = _single(each) and each.get(each.world, "loops") == Const(0)
    return f"the environment of {each.at(each.world)} has one level" if single else ""


def _single(each: Event) -> bool:
    """Whether the settings name exactly one level."""
    options = settings(each, each.world)
    if NUMBER in options:
        return options[NUMBER] == Const(1)
    for name in LEVELS:
        levels = options.get(name)
        if is_(levels, "list"):
            return each.get(levels, "len") == Const(1)
        if is_(levels, "span"):
            return distance(each.get(levels, "start"), each.get(levels, "stop")) == 1
    return False
