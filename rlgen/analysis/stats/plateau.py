"""Has training ended: is the last third of a learning curve flat, or the optimum reached?

A straight line is fitted to the returns of the checkpoints in the last third of training. A run
has **converged** if (a) the return at the line's end is shown to lie within ``REACHED`` of the
optimum, as a share of the way from the random agent to it, and the last checkpoint lies there; or
(b) the line is shown to be flat: if training went on for as long again, it would gain and lose less
than ``MARGIN`` of what remains to the optimum. Both are t tests of sums of the line's two numbers,
so that the margin, which the curve's height enters, is exact as well; each has half of ``ALPHA``.

*Correlation.* All checkpoints play the same levels, whose differences so cancel in the slope.
What is left are the weights' ups and downs, which last longer than the time between two
checkpoints: noise is taken to be autoregressive of the first order. For a known correlation the
whitened line's t test is exact (Prais and Winsten 1954); here the largest p-value over all
correlations from 0 to ``MOST_CORRELATED`` counts, so that whichever it is, at most ``ALPHA`` of the
runs that are still on the move are called converged.

*Annealing.* A learning rate that falls to 0 ends every curve flat, whatever it has reached. The
line is fitted over the steps weighted by their learning rate, and "last third" and "as long again"
are meant in these. The ``pace`` from which the steps to the optimum follow is of steps as they are.

What it cannot see: a run that is stuck for long and finds something new later.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from scipy import special

from rlgen.analysis.stats.intervals import NAN, ROUNDED, Estimate, Floats

#: Raised whenever the rule changes.
VERSION = 1
#: Chance that a run that is still on the move is called converged.
ALPHA = 0.05
#: The part of what remains to the optimum that as many steps again may gain or lose.
MARGIN = 0.1
#: The part of the way from the random agent to the optimum that may remain where it is reached.
REACHED = 0.02
#: Part of training, at its end, that is looked at, and how many checkpoints must be in it.
WINDOW, LEAST = 1 / 3, 4
#: Correlations of consecutive checkpoints over which the largest p-value is taken.
MOST_CORRELATED = 0.7
CORRELATIONS = np.linspace(0, MOST_CORRELATED, 8)

OPTIMAL, FLAT, RISING, FALLING = "optimum reached", "flat", "rising", "falling"
UNCLEAR, UNKNOWN = "not clear", "not known"


@dataclass(frozen=True)
class Trend:
    """How a learning curve ends.

    Attributes:
        word: "optimum reached" or "flat" of a run that has converged; "rising" or "falling", if
            the interval of the gain lies on one side of 0; "not clear"; or "not known".
        gain: What as many steps again would gain at the trend, in units of return.
        remaining: What remains to the optimum at the curve's end, likewise.
        pace: Return gained a step over the last third of the steps, by least squares.
        steps: Environment steps taken.
        reason: Why it is not known.
    """

    word: str
    gain: Estimate
    remaining: float
    pace: float
    steps: int
    reason: str = ""

    @property
    def converged(self) -> bool:
        """Whether training has ended."""
        return self.word in (OPTIMAL, FLAT)

    @property
    def plain(self) -> dict[str, Any]:
        """As summaries have it."""
        numbers = {"remaining": self.remaining, "pace": self.pace, "steps": self.steps}
        words = {"converged": self.converged, "trend": self.word, "reason": self.reason}
        return words | {"gain": self.gain.shown} | numbers


def unknown(steps: int, reason: str) -> Trend:
    """The trend of a run of which it is not known."""
    return Trend(UNKNOWN, Estimate(NAN, reason=reason), NAN, NAN, steps, reason)


def trend(
    steps: Floats, returns: Floats, optimum: float, random: float = NAN, *, annealed: bool = False
) -> Trend:
    """Judge the end of one learning curve.

    Args:
        steps: ``(T,)``, ascending, environment steps at the checkpoints; the last is the end.
        returns: ``(T,)``, mean return on the training levels.
        optimum: The highest that it can be.
        random: Of the uniformly random agent; without it the optimum is never called reached.
        annealed: Whether the learning rate fell linearly to 0.

    Example:
        >>> steps = np.arange(0, 2_000_001, 100_000.0)
        >>> trend(steps, 1 + steps / 4_000_000, optimum=2.0).word
        'rising'
        >>> trend(steps, np.where(steps < 1_000_000, 0.0, 1.5), optimum=2.0).word
        'flat'
    """
    taken = int(steps[-1]) if len(steps) else 0
    if taken <= 0:
        return unknown(taken, "there is no learning curve")
    if not np.isfinite(optimum):
        return unknown(taken, "there is no optimal return to compare with")
    done = steps / steps[-1]
    place = done * (2 - done) if annealed else done
    # A checkpoint at two thirds is within, however that is rounded.
    late = place >= 1 - WINDOW - ROUNDED
    x, y = place[late] - 1, returns[late]
    if len(x) < LEAST:
        return unknown(taken, f"fewer than {LEAST} checkpoints are in its last third")
    if not np.isfinite(y).all():
        return unknown(taken, "a return is not a number")
    lines = _lines(x, y)
    # Each is "some share of gain plus some share of the end is below a bound".
    near = REACHED * (optimum - random) - optimum
    # A curve that flattens ends below its line.
    there = -y[-1] < near
    gain, last = _gain(lines), done >= 1 - WINDOW - ROUNDED
    pace = _slope(steps[last], returns[last])
    if there and all(line.p_below(0.0, -1.0, near) <= ALPHA / 2 for line in lines):
        word = OPTIMAL
    elif all(
        line.p_below(sign, MARGIN, MARGIN * optimum) <= ALPHA / 2
        for line in lines
        for sign in (1.0, -1.0)
    ):
        word = FLAT
    else:
        word = RISING if gain.low > 0 else FALLING if gain.high < 0 else UNCLEAR
    return Trend(word, gain, float(optimum - y[-1]), pace, taken)


def _slope(x: Floats, y: Floats) -> float:
    """Of the least-squares line."""
    line = np.polynomial.Polynomial.fit(x, y, 1)
    # As ``line.convert()`` has it, whose general arithmetic takes as long as the rest of a trend.
    return float(line.coef[1] * line.mapparms()[1])


class _Line(NamedTuple):
    """A line through whitened returns: its ``gain`` over one training, its height at the ``end``.

    ``covariance`` is that of (gain, end), on ``df`` degrees of freedom.
    """

    gain: float
    end: float
    covariance: Floats
    df: int

    def p_below(self, gain: float, end: float, bound: float) -> float:
        """One-sided p-value of ``gain`` gains and ``end`` ends not summing to less than a bound."""
        excess = gain * self.gain + end * self.end - bound
        weights = np.array([gain, end])
        error = float(np.sqrt(weights @ self.covariance @ weights))
        return float(special.stdtr(self.df, excess / error)) if error > 0 else float(excess >= 0)


def _lines(x: Floats, y: Floats) -> list[_Line]:
    """By correlation of the noise, the line of generalised least squares; ``x`` ends at 0."""
    df, lines = len(x) - 2, []
    whitened = zip(_designs(x.tobytes()), _whitened(y), strict=True)
    for (design, inverse, projection), target in whitened:
        gain, end = line = projection @ target
        left = target - design @ line
        lines.append(_Line(float(gain), float(end), inverse * float(left @ left) / df, df))
    return lines


@lru_cache(maxsize=128)
def _designs(x: bytes) -> list[tuple[Floats, Floats, Floats]]:
    """By correlation what depends on the places with these bytes only.

    The runs of a study have their checkpoints at the same steps.

    Returns:
        The whitened design ``(T, 2)``, the inverse of its square ``(2, 2)``, and the projection on
        the line's two numbers ``(2, T)``.
    """
    places = np.frombuffer(x)
    designs = []
    for columns in zip(_whitened(places), _whitened(np.ones_like(places)), strict=True):
        design: Floats = np.column_stack(columns)
        inverse: Floats = np.linalg.inv(design.T @ design).astype(np.float64, copy=False)
        designs.append((design, inverse, inverse @ design.T))
    return designs


def _whitened(values: Floats) -> Floats:
    """By correlation the values ``(T,)`` without it, ``(8, T)``."""
    rho = CORRELATIONS[:, None]
    rest = values[1:] - rho * values[:-1]
    return np.concatenate([np.sqrt(1 - rho**2) * values[:1], rest], axis=1)


def _gain(lines: list[_Line]) -> Estimate:
    """The gain without correlation, and the hull of its 95 % intervals under all correlations."""
    quantile = float(special.stdtrit(lines[0].df, 0.975))
    halves = [quantile * float(np.sqrt(line.covariance[0, 0])) for line in lines]
    low = min(line.gain - half for line, half in zip(lines, halves, strict=True))
    high = max(line.gain + half for line, half in zip(lines, halves, strict=True))
    return Estimate(lines[0].gain, low, high)
