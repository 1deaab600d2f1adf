"""Are actions chosen in the same way wherever returns are measured?"""

from collections.abc import Iterator

from rlgen.lint.names import ALWAYS_DETERMINISTIC
from rlgen.lint.rules.held_out import measured
from rlgen.lint.trace import Evaluation, Trace
from rlgen.lint.values import Const


def mixed(trace: Trace) -> Iterator[tuple[int, str]]:
    """L401: some evaluations are deterministic, others are not.

    A script that says both itself, for the same kind of evaluation, compares the two on purpose.
    """
    certain = [each for each in measured(trace) if _matters(each)]
    if _on_purpose(certain):
        return
    first = next(iter(certain), None)
    for each in certain:
        if first is not None and _word(each) != _word(first):
            yield (
                each.line,
                f"{each.what} is {_word(each)}{_how(each)}, but {first.what} in line "
                f"{first.line} is {_word(first)}{_how(first)}",
            )
            return


def _matters(each: Evaluation) -> bool:
    certain = isinstance(each.deterministic, Const) and isinstance(each.deterministic.value, bool)
    algorithm = each.model.algorithm if each.model is not None else ""
    return certain and algorithm not in ALWAYS_DETERMINISTIC


def _on_purpose(certain: list[Evaluation]) -> bool:
    for kind in {each.kind for each in certain}:
        said = {_word(each) for each in certain if each.kind == kind and each.explicit}
        if len(said) > 1:
            return True
    return False


def _word(each: Evaluation) -> str:
    deterministic = isinstance(each.deterministic, Const) and each.deterministic.value
    return "deterministic" if deterministic else "sampled"


def _how(each: Evaluation) -> str:
    return "" if each.explicit else " by default"
