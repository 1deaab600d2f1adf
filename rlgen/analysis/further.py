"""Further held-out pools of a finished study: what each is, and how large the gap to it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rlgen.analysis import one_policy
from rlgen.analysis.results import Results
from rlgen.analysis.stats.estimates import QUANTITIES, gap_to
from rlgen.analysis.stats.intervals import Estimate
from rlgen.analysis.verdicts import Verdict, largest, number, with_ends
from rlgen.util.words import counted

#: What kinds of pools are called.
WORDS = {
    "in_distribution": "in distribution",
    "interpolation": "interpolation",
    "extrapolation": "extrapolation",
    "": "of unknown kind",
}
#: Verdicts on a further pool, by those on the test pool.
TRANSFER = {"memorises": "does not transfer", "generalises": "transfers"}
NOT_MEASURED = "it has not been measured"


@dataclass(frozen=True)
class Shift:
    """One cell on one further pool.

    Attributes:
        pool: Name of the pool.
        kind: Its kind, in words.
        left_out: Why the cell does not play it; empty if it does.
        runs: How many of the cell's runs have been measured on it.
        of: How many runs the cell has.
        returns: By quantity and part, "pool" or "gap", the estimate under the main condition.
        verdict: On the gap to it, by the same rule as the cell's own.
    """

    pool: str
    kind: str
    left_out: str
    runs: int
    of: int
    returns: Mapping[tuple[str, str], Estimate]
    verdict: Verdict

    @property
    def sentence(self) -> str:
        """The answer for the pool as a sentence."""
        where = f"{self.pool} ({self.kind})"
        if self.left_out:
            return f"{where}: left out, {self.left_out}."
        if not self.runs:
            return f"{where}: {NOT_MEASURED}."
        value, gap = (self.returns["return", part] for part in ("pool", "gap"))
        measured = f" of {self.runs:,} of {counted(self.of, 'run')}" if self.runs < self.of else ""
        size = largest(value.mean, gap.mean, gap.low, gap.high)
        word, because = self.verdict.word, self.verdict.because or gap.reason
        why = f" ({because})" if because else ""
        return (
            f"{where}: return {number(value.mean, size)}{measured}, "
            f"gap {with_ends(gap.mean, gap.low, gap.high, size)}; {word}{why}."
        )


def shifts(results: Results, cell: Mapping[str, Any]) -> list[Shift]:
    """The further pools of one cell, in the order of the protocol."""
    if not results.pools:
        return []
    own = _of_cell(results, cell)
    rows = results.records_of(cell)
    answers = []
    for pool in results.pools:
        facts = own.get(pool, {})
        returns = {
            (quantity, part): results.estimate(cell, results.main, quantity, name)
            for quantity in QUANTITIES
            for part, name in (("pool", pool), ("gap", gap_to(pool)))
        }
        verdict = results.judged(cell, returns["normalised", "gap"])
        if one_policy.is_one_policy(results, cell):
            # As its verdict on the test pool: of this policy, with levels as the only samples.
            verdict = one_policy.verdict(results, cell, pool)
            own_gaps = {q: one_policy.gap(results, cell, q, pool) for q in one_policy.COLUMNS}
            returns |= {(quantity, "gap"): gap for quantity, gap in own_gaps.items()}
        answers.append(
            Shift(
                pool,
                WORDS.get(facts.get("kind", ""), WORDS[""]),
                str(facts.get("left_out", "")),
                int((rows["split"] == pool).sum()),
                cell["runs"],
                returns,
                Verdict(TRANSFER.get(verdict.word, verdict.word), verdict.because),
            )
        )
    return answers


def _of_cell(results: Results, cell: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    """What the plan says of the further pools of a cell's runs."""
    own: dict[str, Mapping[str, Any]] = {}
    for settings in results.settings_of(cell):
        own |= settings.get("pools", {})
    return own
