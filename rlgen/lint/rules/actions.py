"""Is it this agent that acts, and in the same way wherever returns are measured?"""

from rlgen.lint.event import Event
from rlgen.lint.names import ALWAYS_DETERMINISTIC
from rlgen.lint.values import NONE, Const


def mixed(each: Event, events: list[Event]) -> str:
    """L401: some evaluations are deterministic, others are not.

    A script that says both itself, for the same kind of evaluation, compares the two on purpose.
    """
    certain = [
        e for e in events if e.measures and _word(e) and e.algorithm not in ALWAYS_DETERMINISTIC
    ]
    said = {(e.kind, _word(e)) for e in certain if "deterministic" in e.options}
    on_purpose = len(said) > len({kind for kind, _ in said})
    clash = next((e for e in certain if _word(e) != _word(certain[0])), None)
    if on_purpose or each is not clash or not each.after(certain[0]):
        return ""
    first = certain[0]
    before = f"{first.what} in {each.at(first)} is {_word(first)}{_how(first)}"
    return f"{each.what} is {_word(each)}{_how(each)}, but {before}"


def _word(each: Event) -> str:
    value = each.options.get("deterministic", Const(each.kind != "loop"))
    return (
        {True: "deterministic", False: "sampled"}.get(value.value, "")
        if isinstance(value, Const)
        else ""
    )


def _how(each: Event) -> str:
    return "" if "deterministic" in each.options else " by default"


def thrown_away(each: Event, events: list[Event]) -> str:
    """L501: ``load`` gives a new object, and changes none."""
    return "load returns what it has loaded, and nothing takes it" if each.kind == "load" else ""


def forgetful(each: Event, events: list[Event]) -> str:
    """L502: what a recurrent agent remembers is not handed to its next ``predict``."""
    if each.kind != "loop" or each.algorithm != "RecurrentPPO" or not each.rounds:
        return ""
    # In a later round of a loop it is still None, or it is never handed over.
    lost = each.options.get("state", NONE) == NONE and each.rounds[-1] > 0
    return (
        "predict of a recurrent agent is called without the state of the step before"
        if lost
        else ""
    )
