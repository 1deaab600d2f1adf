"""Held out, or not: is the agent judged on what it has learnt from, or was chosen by?"""

from rlgen.lint import overlap
from rlgen.lint.event import Event
from rlgen.lint.values import shown


def training_environment(each: Event, events: list[Event]) -> str:
    """L101: the environment itself is the one that was trained in."""
    how = "made in" if each.memory.has(each.world, "name") else "which is first used in"
    where = f"{each.kind} is given the environment of training, {how} {each.at(each.world)}"
    return where if each.in_training else ""


def training_levels(each: Event, events: list[Event]) -> str:
    """L102: another environment, with levels or seeds of training."""
    if each.in_training:
        return ""
    reasons = (overlap.reason(each, each.world, each.get(env, "world")) for env in each.learnt)
    reason = next(filter(None, reasons), "")
    return (
        f"{each.what} is given the environment of {each.at(each.world)}: {reason}" if reason else ""
    )


def picked_on_test(each: Event, events: list[Event]) -> str:
    """L103: the best model is picked on the levels of the report."""
    for pick in _picks(each, events, "model"):
        best = shown(pick.options["best_model_save_path"])
        where = "best_model_save_path" if best == "the same value" else repr(best)
        return (
            f"the EvalCallback of {each.at(pick)} picks the best model ({where}) by the same levels"
        )
    return ""


def studied_on_test(each: Event, events: list[Event]) -> str:
    """L104: hyperparameters are chosen on the levels of the report."""
    for pick in _picks(each, events, "study"):
        return f"the study chooses hyperparameters by the same levels, in {each.at(pick)}"
    return ""


def _picks(each: Event, events: list[Event], by: str) -> list[Event]:
    """Earlier events that chose by the levels of this one."""
    if each.kind == "EvalCallback" or each.picks or each.in_training or not each.learnt:
        return []
    picks = [
        e for e in events if e.picks == by and e.measures and each.after(e) and not e.in_training
    ]
    return [e for e in picks if e.world == each.world or overlap.reason(each, each.world, e.world)]
