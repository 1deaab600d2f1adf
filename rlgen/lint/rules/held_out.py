"""Held out, or not: is the agent judged on what it has learnt from?"""

from collections.abc import Callable, Iterator

from rlgen.lint import overlap
from rlgen.lint.certainty import shown
from rlgen.lint.trace import Evaluation, Trace, View
from rlgen.lint.values import World


def training_environment(trace: Trace) -> Iterator[tuple[int, str]]:
    """L101: the environment itself is the one that was trained in."""
    for each in measured(trace):
        if in_training(each):
            line = each.views[0].world.line
            yield (
                each.line,
                f"{each.kind} is given the environment of training, made in line {line}",
            )


def training_levels(trace: Trace) -> Iterator[tuple[int, str]]:
    """L102: another environment, with levels or seeds of training."""
    for each in once(measured(trace), _shared_reason):
        line = each.views[0].world.line
        reason = _shared_reason(each)
        yield each.line, f"{each.what} is given the environment of line {line}: {reason}"


def _shared_reason(each: Evaluation) -> str:
    if in_training(each) or not each.views or not each.against:
        return ""
    reasons = [_shared(view, each.against) for view in each.views]
    return reasons[0] if all(reasons) else ""


def _shared(view: View, against: list[View]) -> str:
    """Why a view has levels of training; empty unless it has them for one way of training."""
    return next((why for train in against if (why := overlap.reason(view, train))), "")


def picked_on_test(trace: Trace) -> Iterator[tuple[int, str]]:
    """L103: the best model is picked on the levels of the report."""
    for pick in measured(trace):
        if pick.best is None or pick.kind != "EvalCallback" or in_training(pick):
            continue
        for reported in measured(trace):
            later = reported.order > pick.order and reported.against
            if reported.kind == "EvalCallback" or not later or in_training(reported):
                continue
            if reported.views and all(_same_levels(view, pick.views) for view in reported.views):
                where = shown(pick.best)
                where = "best_model_save_path" if where == "the same value" else repr(where)
                yield (
                    reported.line,
                    f"the EvalCallback of line {pick.line} picks the best model ({where}) by "
                    "the same levels",
                )


def _same_levels(view: View, picks: list[View]) -> bool:
    return any(view.world is pick.world or bool(overlap.reason(view, pick)) for pick in picks)


def measured(trace: Trace) -> list[Evaluation]:
    """The evaluations of which somebody reads the returns."""
    return [each for each in trace.evaluations if each.measured]


def once(
    evaluations: list[Evaluation], mistaken: Callable[[Evaluation], object]
) -> Iterator[Evaluation]:
    """Those with a mistake, of each environment only the first: what is to be changed is there."""
    named: set[World] = set()
    for each in evaluations:
        if each.views and mistaken(each) and each.views[0].world not in named:
            named.add(each.views[0].world)
            yield each


def in_training(each: Evaluation) -> bool:
    """Whether an evaluation is in the training environment, whichever way the script takes."""
    learnt = {view.world for view in each.against}
    return bool(each.views) and all(view.world in learnt for view in each.views)
