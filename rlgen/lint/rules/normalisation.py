"""VecNormalize in evaluation: whose statistics, and do they stand still?"""

from rlgen.lint.event import Event
from rlgen.lint.values import FALSE, NONE, TRUE, Const, is_


def moving(each: Event, events: list[Event]) -> str:
    """L301: ``training`` is on. That is the default, and what a loaded one has."""
    # Where nothing is normalised, statistics that move do no harm.
    idle = all(each.get(each.norm, flag) == FALSE for flag in ("norm_obs", "norm_reward"))
    moves = _on(each, "training") and not idle
    return f"the VecNormalize of {each.at(each.norm)} has training = True" if moves else ""


def rewards(each: Event, events: list[Event]) -> str:
    """L302: ``norm_reward`` is on, and no Monitor keeps the rewards as they were.

    ``evaluate_policy`` and ``EvalCallback`` report what a Monitor has kept, which ``make_vec_env``
    puts around each environment; a loop by hand sees what ``step`` gives.
    """
    by_hand = "reward" in each.rewards
    is_read = by_hand if each.kind == "loop" else each.get(each.env, "monitored") == FALSE
    wrong = is_read and _on(each, "norm_reward")
    return f"the VecNormalize of {each.at(each.norm)} has norm_reward = True" if wrong else ""


def fresh(each: Event, events: list[Event]) -> str:
    """L303: statistics start from nothing; ``EvalCallback`` copies those of training."""
    empty = all(
        each.get(each.norm, name) == flag for name, flag in (("fresh", TRUE), ("synced", FALSE))
    )
    trained = any(each.get(env, "norm") == each.norm for env in each.learnt)
    copies = each.kind == "EvalCallback" and not each.learnt
    wrong = empty and _on(each, "norm_obs") and not (each.in_training or trained or copies)
    return f"nothing gives the VecNormalize of {each.at(each.norm)} statistics" if wrong else ""


def absent(each: Event, events: list[Event]) -> str:
    """L304: training had statistics, evaluation has none."""
    norms = [each.get(env, "norm") for env in each.learnt]
    normal = norms and all(is_(n, "norm") and each.get(n, "norm_obs") == TRUE for n in norms)
    if not normal or each.norm != NONE or each.in_training or each.memory.by_hand:
        return ""
    return f"training has the VecNormalize of {each.at(norms[0])}, {each.what} has none"


def final(each: Event, events: list[Event]) -> str:
    """L305: the best model was saved earlier than the statistics."""
    pick = each.get(each.model, "pick") if is_(each.model, "model") else NONE
    if not isinstance(pick, Const) or pick == NONE or not is_(each.norm, "norm"):
        return ""
    saved = pick.value.options.get("callback_on_new_best", NONE) != NONE
    if saved or each.get(each.norm, "final") != TRUE or each.get(each.norm, "norm_obs") == FALSE:
        return ""
    return (
        f"the statistics of {each.at(each.norm)} are of the end of training, the model is earlier"
    )


def _on(each: Event, flag: str) -> bool:
    return is_(each.norm, "norm") and each.get(each.norm, flag) == TRUE
