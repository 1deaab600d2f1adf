"""Verdicts on cells, the rule behind them, and numbers in words."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from rlgen.analysis.stats.intervals import ALIKE, ONE_LEVEL, ONE_RUN, ROUNDED, Estimate

#: Normalised training score from which an agent counts as having learnt: half way to optimal.
LEARNT = 0.5

#: Where the largest number of a sentence is below it, two decimals would say too little; and
#: decimals would be too many to read.
SMALL, _TINY = 0.1, 1e-6

RULE = (
    "Scores are normalised level by level: 0 is a uniformly random agent, 1 is the planner, or the "
    "best possible return where nobody can plan. A cell “has not learnt” if its training score is "
    "below {learnt:g}: then a small gap means nothing. Otherwise it “memorises” if the whole 95 % "
    "interval of the normalised gap lies above {margin:g}, “generalises” if the whole interval "
    "lies below {margin:g}, and is “undecided” if the interval holds {margin:g} or there are too "
    "few runs to have one."
)


@dataclass(frozen=True)
class Verdict:
    """The verdict on one cell.

    Attributes:
        word: "memorises", "generalises", "undecided" or "has not learnt".
        because: What is missing or decisive, as the end of a sentence.
    """

    word: str
    because: str = ""

    def and_because(self, more: str) -> "Verdict":
        """The verdict with a further reason; an empty one adds nothing."""
        return replace(self, because="; ".join(filter(None, [self.because, more])))


#: What gives an interval, by the reason why there is none.
_TO_ADD = {ONE_RUN: "add seeds", ALIKE: "add seeds", ONE_LEVEL: "add levels"}


def judge(train_score: Estimate, gap_score: Estimate, margin: float) -> Verdict:
    """Apply ``RULE``.

    Args:
        train_score: Normalised training score.
        gap_score: Normalised gap.
        margin: The protocol's margin, a normalised gap.

    Example:
        >>> judge(Estimate(0.99), Estimate(0.4, 0.3, 0.5), margin=0.1).word
        'memorises'
    """
    if train_score.mean != train_score.mean:
        return Verdict("undecided", train_score.reason)
    if train_score.mean < LEARNT:
        return Verdict("has not learnt", f"training score {number(train_score.mean)}")
    if gap_score.low != gap_score.low:
        verdict = Verdict("undecided", gap_score.reason)
        return verdict.and_because(_TO_ADD.get(gap_score.reason, ""))
    if gap_score.low > margin:
        return Verdict("memorises")
    if gap_score.high < margin:
        return Verdict("generalises")
    return Verdict("undecided", f"the interval of the normalised gap holds {margin:g}; add seeds")


def setting(cell: Mapping[str, Any]) -> str:
    """Describe a cell in words, with all columns of ``CELL``.

    Args:
        cell: Their values, and ``assumed``, if it is not known what its policies were trained on.
    """
    how = f" with flip probability {cell['flip_p']:g}" if cell["flip_p"] else ""
    how += f" under {cell['regulariser']}" if cell["regulariser"] != "none" else ""
    n = cell["n_train_levels"]
    levels = "an unknown number of" if n < 0 else f"{n:,}"
    levels += " level" if n == 1 else " levels"
    trained = ", assumed to have learned from" if cell.get("assumed") else " trained on"
    return f"{cell['agent']}/{cell['network']}{trained} {levels} of {cell['family']}{how}"


def words_of(cell: Mapping[str, Any], *, size: bool = True) -> str:
    """Describe a cell by some columns of ``CELL``, without those that are None.

    Args:
        cell: Their values, in the order of the words.
        size: Whether to name the size of its training pool.
    """
    words = []
    for key, value in cell.items():
        if value is None:
            continue  # not a single cell, but several that differ in this
        if key == "n_train_levels":
            words += [f"{count(value)} {'level' if value == 1 else 'levels'}"] if size else []
        elif key == "flip_p":
            words.append(f"p = {value:g}")
        elif key != "regulariser":
            words.append(str(value))
        elif value != "none":
            words.append(f"trained with {value}")
    return ", ".join(words)


def count(value: float | None) -> str:
    """Format a whole number with separated thousands; a dash for an unknown or negative one."""
    return number(None) if value is None or value != value or value < 0 else f"{value:,.0f}"


def rule(margin: float) -> str:
    """``RULE`` with its numbers filled in.

    Args:
        margin: See ``judge``.
    """
    return RULE.format(learnt=LEARNT, margin=margin)


def number(value: float | None, size: float = 1.0) -> str:
    """Format with two decimals and a true minus sign; a dash for an unknown number.

    Args:
        value: The number.
        size: The largest of the numbers that it stands beside (``largest``). Where that is below
            ``SMALL``, all of them have so many decimals that it has three digits.

    Example:
        >>> number(-0.5), number(None), number(0.001, size=0.0042)
        ('−0.50', '–', '0.00100')
    """
    if value is None or value != value:
        return "–"
    form = "e" if 0 < size < _TINY else "f"
    text = f"{value:.{2 if form == 'e' else _decimals(size)}{form}}"
    return (text if float(text) else text.lstrip("-")).replace("-", "−")


def with_ends(mean: float | None, low: float | None, high: float | None, size: float = 1.0) -> str:
    """A mean with the ends of its interval, if it has one.

    Args:
        mean: Of an estimate.
        low: Lower end, or unknown (None or nan).
        high: Upper end, likewise.
        size: See ``number``. What would be nothing but zeros, a small difference of large returns,
            has two digits of its own, unless it is rounding.

    Example:
        >>> with_ends(0.5, 0.25, 0.75), with_ends(0.004, None, None, 0.004)
        ('0.50 [0.25, 0.75]', '0.00400')
        >>> with_ends(0.001, -0.002, 0.004), with_ends(0.001, -0.002, 0.01)
        ('0.0010 [−0.0020, 0.0040]', '0.00 [0.00, 0.01]')
    """
    own = largest(mean, low, high)
    if own > ROUNDED * size and not float(f"{own:.{_decimals(size)}f}"):
        size = 10 * own
    ends = [number(low, size), number(high, size)]
    return number(mean, size) + ("" if number(None) in ends else f" [{', '.join(ends)}]")


def largest(*values: float | None) -> float:
    """The largest magnitude of the numbers of a sentence; 0 if none is known."""
    return max((abs(value) for value in values if value is not None and value == value), default=0)


def _decimals(size: float) -> int:
    return 2 - math.floor(math.log10(size)) if 0 < size < SMALL else 2


def percent(value: float | None, unit: float = 0.01) -> str:
    """Format a share in whole percent; a dash for an unknown one.

    Args:
        value: The share.
        unit: The value of one percent.
    """
    if value is None or value != value:
        return number(None)
    return f"{value / unit:.0f} %".replace("-", "−").replace("−0 ", "0 ")


def rounded_down(bound: float, size: float = 1.0) -> str:
    """``number`` of a lower bound, rounded down."""
    unit = 10 ** _decimals(size)
    return number(math.floor(unit * bound) / unit if bound == bound else None, size)


def percent_down(bound: float) -> str:
    """``percent`` of a lower bound on a share, rounded down."""
    return percent(math.floor(100 * bound) / 100 if bound == bound else None)
