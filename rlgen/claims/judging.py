"""From parts to verdicts: all claims of a study together, with the family-wise error at 5 %."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rlgen.analysis.stats.multiplicity import holm
from rlgen.claims import CLAIMS
from rlgen.claims.base import Claim, Part, joint
from rlgen.claims.evidence import Evidence
from rlgen.errors import ProtocolError, RlgenError

ALPHA = 0.05
SUPPORTED, REFUTED, INCONCLUSIVE = "supported", "refuted", "inconclusive"


@dataclass(frozen=True)
class Decision:
    """A claim decided, or not.

    Attributes:
        name: In ``CLAIMS``.
        claim: What it says.
        margins: Declared for it.
        word: "supported", "refuted" or "inconclusive".
        p: Two-sided: twice the smaller of the p-values of support and refutation.
        adjusted: The same after Holm over all claims of the study.
        parts: What it rests on, the one that decides first.
    """

    name: str
    claim: Claim
    margins: tuple[float, ...]
    word: str
    p: float
    adjusted: float
    parts: tuple[Part, ...]

    @property
    def missing(self) -> int:
        """Parts without an interval yet."""
        return sum(part.p_supported != part.p_supported for part in self.parts)


def check(declared: Mapping[str, Sequence[float]], where: str) -> None:
    """Refuse claims that do not exist, or whose margins are not those that they have.

    Raises:
        ProtocolError: Saying which.
    """
    for name, margins in declared.items():
        try:
            claim = CLAIMS[name]
        except RlgenError as error:
            raise ProtocolError(f"{where}: claims = {name!r}: {error}") from None
        if len(margins) != len(claim.margins):
            raise ProtocolError(
                f"{where}: claims.{name} = {list(margins)}: must be {len(claim.margins)} "
                f"({'; '.join(claim.margins)})"
            )


def decide(evidence: Evidence, declared: Mapping[str, tuple[float, ...]]) -> list[Decision]:
    """The verdict on each declared claim.

    A claim is tested twice, for support and for refutation; the smaller p-value is doubled and
    Holm's method (1979) is applied over all declared claims, those without data included.

    Args:
        evidence: Of the study.
        declared: Margins by claim.
    """
    parts = {name: CLAIMS[name].parts(evidence, margins) for name, margins in declared.items()}
    sides = {name: joint(parts[name], every=CLAIMS[name].every) for name in declared}
    p = {name: min(1.0, 2 * min(both)) for name, both in sides.items()}
    adjusted = dict(zip(p, holm(list(p.values())).tolist(), strict=True))
    told = []
    for name, margins in declared.items():
        supported, refuted = sides[name]
        word = INCONCLUSIVE
        if adjusted[name] <= ALPHA:
            word = SUPPORTED if supported < refuted else REFUTED
        claim = CLAIMS[name]
        told.append(
            Decision(
                name,
                claim,
                margins,
                word,
                p[name],
                adjusted[name],
                _sorted(parts[name], claim, word),
            )
        )
    return told


def _sorted(parts: Sequence[Part], claim: Claim, word: str) -> tuple[Part, ...]:
    """The part on which the verdict hangs first: what supports least, or refutes most."""

    def weight(part: Part) -> float:
        if part.p_supported != part.p_supported:
            return 2.0  # nothing is known of it: last
        if word == REFUTED:
            return part.p_refuted if claim.every else -part.p_refuted
        return -part.p_supported if claim.every else part.p_supported

    return tuple(sorted(parts, key=weight))
