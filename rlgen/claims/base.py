"""What a claim is, and the one-sided tests that its parts are made of."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from rlgen.analysis.stats.equivalence import tost
from rlgen.analysis.stats.intervals import Estimate

if TYPE_CHECKING:
    from rlgen.claims.evidence import Evidence

NAN = float("nan")


@dataclass(frozen=True)
class Part:
    """One number and what the claim asks of it.

    Attributes:
        what: What it is.
        estimate: The number.
        asked: What is asked, in words.
        p_supported: One-sided p-value of the hypothesis that it is not so; nan without runs.
        p_refuted: The same of the hypothesis that it is so.
    """

    what: str
    estimate: Estimate
    asked: str
    p_supported: float
    p_refuted: float


@dataclass(frozen=True)
class Claim:
    """A claim of the paper.

    Attributes:
        sentence: What the paper says, in our words.
        source: Where it says so.
        item: The figure or table of the study in which it is seen.
        margins: What each of its declared margins means.
        parts: From the evidence and the margins to its parts.
        every: Whether all parts must hold; else one is enough.
    """

    sentence: str
    source: str
    item: str
    margins: tuple[str, ...]
    parts: Callable[["Evidence", Sequence[float]], list[Part]]
    every: bool = True

    @property
    def card(self) -> str:
        """One line."""
        return self.sentence


def above(what: str, estimate: Estimate, margin: float) -> Part:
    """The number is larger than the margin."""
    p = upper_tail(estimate, margin)
    return Part(what, estimate, f"above {margin:g}", p, 1 - p)


def below(what: str, estimate: Estimate, margin: float) -> Part:
    """The number is smaller than the margin."""
    p = upper_tail(estimate, margin)
    return Part(what, estimate, f"below {margin:g}", 1 - p, p)


def within(what: str, estimate: Estimate, margin: float, centre: float = 0.0) -> Part:
    """The number is nearer to the centre than the margin: two one-sided tests (Schuirmann 1987)."""
    se = np.sqrt(estimate.variance) if estimate.variance > 0 else NAN
    told = tost(estimate.mean - centre, se, margin, estimate.df)
    asked = f"from {centre - margin:g} to {centre + margin:g}"
    # Either side may be the one that is left: Bonferroni.
    outside = 2 * (1 - max(told.p_lower, told.p_upper)) if told.p == told.p else NAN
    return Part(what, estimate, asked, told.p, min(1.0, outside) if outside == outside else NAN)


def upper_tail(estimate: Estimate, margin: float) -> float:
    """One-sided p-value of "not above the margin", from the estimate's t distribution.

    A number without an interval proves nothing: nan.
    """
    if not estimate.variance > 0:
        return NAN
    t = (estimate.mean - margin) / np.sqrt(estimate.variance)
    return float(special.stdtr(estimate.df, -t))


def joint(parts: Sequence[Part], *, every: bool) -> tuple[float, float]:
    """P-values of a claim being supported and refuted, from those of its parts.

    Where all must hold, support is an intersection-union test (Berger 1982), whose p-value is the
    largest, and one part that fails refutes, by Bonferroni over all of them; where one is enough
    the two change places. A part without a p-value stays open: it can be neither.
    """
    supported = [p if p == p else 1.0 for p in (part.p_supported for part in parts)]
    refuted = [p if p == p else 1.0 for p in (part.p_refuted for part in parts)]
    if not parts:
        return 1.0, 1.0
    if every:
        return max(supported), min(1.0, len(parts) * min(refuted))
    return min(1.0, len(parts) * min(supported)), max(refuted)
