"""Limits on an estimate: kept, broken, or impossible to judge."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from rlgen.analysis.stats.intervals import ALIKE, NAN, ROUNDED, Estimate, student

PASSED, FAILED, ERROR = "passed", "failed", "error"


@dataclass(frozen=True)
class Limits:
    """Limits on every cell of a study, in units of return; None where there is none.

    Attributes:
        gap: The gap is at most this.
        pools: By further pool, the gap to it is at most this.
        increase: The gap is at most this much larger than in the other study.
        least: The mean held-out return is at least this.
        when: When a limit counts as broken: "likely", the estimate is beyond it; "sure", the whole
            interval is; "possible", any of it is.
        confidence: Confidence level of the intervals.
    """

    gap: float | None = None
    pools: Mapping[str, float] = field(default_factory=dict)
    increase: float | None = None
    least: float | None = None
    when: str = "likely"
    confidence: float = 0.95


@dataclass(frozen=True)
class LimitResult:
    """The result of one limit for one cell.

    Attributes:
        name: The quantity that is limited, and the cell.
        kind: "gap", "pool-gap", "gap-increase" or "held-out-return".
        measured: The estimate; nan where there is none.
        limit: What it is compared with; nan where nothing can be.
        relation: "at most" or "at least".
        low: Lower end of the interval; nan where there is none.
        high: Upper end.
        confidence: Confidence level of the interval.
        verdict: ``PASSED``, ``FAILED``, or ``ERROR`` if it cannot be judged.
        because: How sure that is, how it was measured, or why it cannot be judged.
    """

    name: str
    kind: str
    measured: float
    limit: float
    relation: str
    low: float
    high: float
    confidence: float
    verdict: str
    because: str

    @property
    def numbers(self) -> str:
        """Measured value, limit, interval and reason."""
        interval = "no interval"
        if self.low == self.low:
            interval = f"{100 * self.confidence:g} % interval [{self.low:.4g}, {self.high:.4g}]"
        limit = f"{self.relation} {self.limit:g}, " if self.limit == self.limit else ""
        measured = f"{self.measured:.4g}, " if self.measured == self.measured else ""
        return f"{measured}{limit}{interval}: {self.because}"

    @property
    def line(self) -> str:
        """Verdict, name and numbers in one line."""
        word = self.verdict if self.verdict == PASSED else self.verdict.upper()
        return f"{word}  {self.name}: {self.numbers}"


def unjudged(
    name: str, kind: str, estimate: Estimate, confidence: float, relation: str = "at most"
) -> LimitResult:
    """An estimate that no limit has been applied to yet, with its interval.

    Args:
        name: See ``LimitResult``.
        kind: See ``LimitResult``.
        estimate: If it has a variance, its interval is computed anew.
        confidence: Confidence level of that interval.
        relation: See ``LimitResult``.

    Returns:
        With the verdict ``ERROR`` and the estimate's reason.
    """
    low, high = estimate.low, estimate.high
    if estimate.variance == estimate.variance:
        again = student(estimate.mean, estimate.variance, estimate.df, confidence)
        low, high = again.low, again.high
    elif estimate.reason == ALIKE:
        # Nothing varies: every run has this very number.
        low = high = estimate.mean
    return LimitResult(
        name,
        kind,
        estimate.mean,
        NAN,
        relation,
        low,
        high,
        confidence,
        ERROR,
        estimate.reason,
    )


def judged(
    result: LimitResult, limit: float, when: str, how: str, size: float = 1.0
) -> LimitResult:
    """Apply a limit.

    Args:
        result: From ``unjudged``; its ``because`` says why there is no interval.
        limit: What the estimate is compared with.
        when: See ``Limits``.
        how: How the estimate was computed, in words.
        size: The largest magnitude of the returns behind the estimate, by whose rounding no limit
            is broken.

    Example:
        >>> estimate = Estimate(0.4, 0.1, 0.7)
        >>> answer = judged(unjudged("gap", "gap", estimate, 0.95), 0.3, "likely", "5 runs")
        >>> answer.verdict, answer.because
        ('failed', 'the interval reaches below it (5 runs)')
    """
    limited = replace(result, limit=limit)
    if result.measured != result.measured:
        reason = result.because or "not a number"
        return replace(limited, because=f"cannot be judged, {reason} ({how})")
    # A number that must not be too small is one whose negative must not be too large.
    sign = 1 if result.relation == "at most" else -1
    beyond, within = ("above", "below") if sign > 0 else ("below", "above")
    measured, low, high = (sign * value for value in (result.measured, result.low, result.high))
    low, high = min(low, high), max(low, high)
    bound = sign * limit + ROUNDED * max(size, abs(limit))
    out = measured > bound
    if low == low:
        broken = {"likely": out, "sure": low > bound, "possible": high > bound}[when]
        if out:
            sure = f"surely {beyond}" if low > bound else f"the interval reaches {within} it"
        else:
            sure = f"the interval reaches {beyond} it" if high > bound else "surely within"
    else:
        # Without an interval nothing is sure; what the estimate alone does not decide is open.
        if (when == "sure" and out) or (when == "possible" and not out):
            why = f"cannot be judged, {result.because}; --when likely judges by the estimate"
            return replace(limited, because=f"{why} ({how})")
        broken, sure = (out and when != "sure"), result.because
    if result.because == ALIKE:
        # They decide, and say nothing of how far others would be from them.
        limited, sure = replace(limited, low=NAN, high=NAN), ALIKE
    return replace(limited, verdict=FAILED if broken else PASSED, because=f"{sure} ({how})")
