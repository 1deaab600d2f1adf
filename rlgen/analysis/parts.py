"""Parts of claims: one number each, what must hold of it, and how parts are judged together."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import special

from rlgen.analysis.convergence import Ending
from rlgen.analysis.stats.equivalence import tost
from rlgen.analysis.stats.intervals import Estimate

NAN = float("nan")
SUPPORTED, REFUTED = "supported", "refuted"
Endings = Sequence[Ending]


@dataclass(frozen=True)
class Part:
    """One number and what must hold of it.

    Attributes:
        what: What it is.
        estimate: The number.
        requirement: What must hold, in words.
        p_supported: One-sided p-value of the hypothesis that it is not so; nan without runs.
        p_refuted: The same of the hypothesis that it is so.
        support_waits: Runs whose training must have ended before the number can support: those
            that it says have not reached something.
        refutation_waits: Likewise before it can refute.
    """

    what: str
    estimate: Estimate
    requirement: str
    p_supported: float
    p_refuted: float
    support_waits: tuple[Ending, ...] = ()
    refutation_waits: tuple[Ending, ...] = ()

    def waits(self, word: str) -> tuple[Ending, ...]:
        """The runs for whose end this verdict waits still."""
        runs = self.support_waits if word == SUPPORTED else self.refutation_waits
        return tuple(ending for ending in runs if not ending.ended)

    @property
    def ended(self) -> "Part":
        """The part as far as it can be told where training has ended: else it proves nothing."""
        supported = 1.0 if self.waits(SUPPORTED) else self.p_supported
        refuted = 1.0 if self.waits(REFUTED) else self.p_refuted
        if self.p_supported != self.p_supported:
            return self
        return replace(self, p_supported=supported, p_refuted=refuted)


def above(
    what: str,
    estimate: Estimate,
    margin: float,
    *,
    of: Endings = (),
    minus: Endings = (),
) -> Part:
    """The number is larger than the margin.

    Args:
        what: What it is.
        estimate: The number.
        margin: By which it is judged.
        of: How the training of the runs ended whose return it is: too small a number says that
            they have not reached the margin.
        minus: Likewise of the runs whose return is subtracted, which a large number says of them.
    """
    p = upper_tail(estimate, margin)
    return Part(what, estimate, f"above {margin:g}", p, 1 - p, tuple(minus), tuple(of))


def below(
    what: str,
    estimate: Estimate,
    margin: float,
    *,
    of: Endings = (),
    minus: Endings = (),
) -> Part:
    """The number is smaller than the margin; arguments as of ``above``."""
    p = upper_tail(estimate, margin)
    return Part(what, estimate, f"below {margin:g}", 1 - p, p, tuple(of), tuple(minus))


def within(
    what: str,
    estimate: Estimate,
    margin: float,
    centre: float = 0.0,
    *,
    of: Endings = (),
) -> Part:
    """The number is nearer to the centre than the margin: two one-sided tests (Schuirmann 1987).

    Args:
        what: What it is.
        estimate: The number.
        margin: Half the width of the zone.
        centre: Of the zone.
        of: How the training of the runs ended that it compares: either verdict says of some that
            they have not reached others.
    """
    se = np.sqrt(estimate.variance) if estimate.variance > 0 else NAN
    test = tost(estimate.mean - centre, se, margin, estimate.df)
    zone = f"from {centre - margin:g} to {centre + margin:g}"
    # Either side may be the one that is left: Bonferroni.
    outside = 2 * (1 - max(test.p_lower, test.p_upper)) if test.p == test.p else NAN
    refuted = min(1.0, outside) if outside == outside else NAN
    return Part(what, estimate, zone, test.p, refuted, tuple(of), tuple(of))


def fact(what: str, holds: Sequence[bool], requirement: str) -> Part:
    """A statement that is checked in each case exactly, without sampling error.

    Supported if it holds in all cases, of which there is at least one; refuted if it fails in one.

    Args:
        what: What it is about.
        holds: Whether it does, case by case.
        requirement: What must hold, in words.
    """
    share = Estimate(float(np.mean(holds)) if len(holds) else NAN, reason="exact, case by case")
    if not len(holds):
        return Part(what, Estimate(NAN, reason="no runs"), requirement, NAN, NAN)
    true = all(holds)
    cases = f"{what}: share of {len(holds)} cases in which it holds"
    return Part(cases, share, requirement, 0.0 if true else 1.0, 1.0 if true else 0.0)


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


def plain_part(part: Part) -> dict[str, Any]:
    """A part as summaries have it."""
    estimate = part.estimate
    return {
        "what": part.what,
        "asked": part.requirement,
        **estimate.shown,
        "reason": estimate.reason,
    }
