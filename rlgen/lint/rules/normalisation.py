"""VecNormalize in evaluation: whose statistics, and do they stand still?"""

from collections.abc import Iterator

from rlgen.lint.certainty import same
from rlgen.lint.rules.held_out import in_training, measured, once
from rlgen.lint.trace import Evaluation, Trace, View
from rlgen.lint.values import Const

TRUE, FALSE = Const(True), Const(False)


def moving(trace: Trace) -> Iterator[tuple[int, str]]:
    """L301: ``training`` is on. That is the default, and what a loaded one has."""
    for each in once(measured(trace), _moving):
        yield each.line, f"the VecNormalize of line {_line(each)} has training = True"


def _moving(each: Evaluation) -> bool:
    # Where nothing is normalised, statistics that move do no harm.
    return all(
        _on(view, "training") and not (_off(view, "norm_obs") and _off(view, "norm_reward"))
        for view in each.views
    )


def rewards(trace: Trace) -> Iterator[tuple[int, str]]:
    """L302: ``norm_reward`` is on, and no Monitor keeps the rewards as they were.

    ``evaluate_policy`` and ``EvalCallback`` report what a Monitor has kept, which ``make_vec_env``
    puts around each environment; a loop by hand sees what ``step`` gives.
    """
    for each in once(measured(trace), _normalised):
        yield each.line, f"the VecNormalize of line {_line(each)} has norm_reward = True"


def _normalised(each: Evaluation) -> bool:
    by_hand = each.kind == "loop"
    return all(
        _on(view, "norm_reward") and (each.stepped if by_hand else view.env.monitored is False)
        for view in each.views
    )


def fresh(trace: Trace) -> Iterator[tuple[int, str]]:
    """L303: statistics start from nothing.

    ``EvalCallback`` copies those of training, if training has any.
    """
    for each in once(measured(trace), _fresh):
        yield each.line, f"nothing gives the VecNormalize of line {_line(each)} statistics"


def _fresh(each: Evaluation) -> bool:
    if in_training(each):
        return False
    copies = each.kind == "EvalCallback" and (
        not each.against or any(train.norm or train.env.opaque for train in each.against)
    )
    return not copies and all(_empty(view, each.against) for view in each.views)


def _empty(view: View, against: list[View]) -> bool:
    """Whether the statistics of a view were never those of training, and are used."""
    if view.norm is None or not view.norm.norm.fresh or view.norm.synced:
        return False
    learnt = any(train.norm and train.norm.norm is view.norm.norm for train in against)
    return not learnt and _on(view, "norm_obs")


def absent(trace: Trace) -> Iterator[tuple[int, str]]:
    """L304: training had statistics, evaluation has none."""
    for each in once([] if trace.by_hand else measured(trace), _absent):
        line = next(view.norm.norm.line for view in each.against if view.norm)
        yield each.line, f"training has the VecNormalize of line {line}, {each.what} has none"


def _absent(each: Evaluation) -> bool:
    if not each.against or in_training(each):
        return False
    normal = all(_on(view, "norm_obs") for view in each.against)
    return normal and all(view.norm is None and not view.env.opaque for view in each.views)


def _on(view: View, setting: str) -> bool:
    return view.norm is not None and same(view.norm.settings[setting], TRUE)


def _off(view: View, setting: str) -> bool:
    return view.norm is not None and same(view.norm.settings[setting], FALSE)


def _line(each: Evaluation) -> int:
    return next(view.norm.norm.line for view in each.views if view.norm)
