"""Whether training had ended, of each run and of runs together (``stats.plateau``).

A return that is not reached says something of an agent only where its training has ended. The rule
was made after verdicts had been seen: ``VERSION`` 1 of verdicts is without it, and is shown beside.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from rlgen.analysis.stats.intervals import NAN, Estimate, run_mean
from rlgen.analysis.stats.plateau import (
    MARGIN,
    MOST_CORRELATED,
    REACHED,
    RISING,
    UNKNOWN,
    Trend,
    trend,
    unknown,
)
from rlgen.analysis.stats.tables import CELL, WATCHED
from rlgen.util.words import counted

if TYPE_CHECKING:
    from rlgen.analysis.results import Results

#: Of verdicts, and the day on which it came to be.
VERSION, SINCE = 2, "2026-11-29"

RULE = (
    "A run’s training has ended if, by its training levels’ learning curve, the optimum is reached "
    f"(less than {100 * REACHED:g} % of the way from random to it remains) or the last third is "
    f"flat: as many steps again would gain and lose less than {100 * MARGIN:g} % of what remains "
    "to the optimum. Both are t tests at 5 % together that allow any correlation of consecutive "
    f"checkpoints up to {MOST_CORRELATED:g}; steps count by their learning rate, since one that "
    "falls to 0 ends every curve flat. Whether a run that is stuck would find something new later "
    "it cannot say."
)

#: Curves are drawn under it.
CONDITION = "plain"


@dataclass(frozen=True)
class Ending:
    """How the training of some runs with the same settings ended.

    Attributes:
        what: The settings.
        trends: Of the runs.
    """

    what: str
    trends: tuple[Trend, ...]

    @property
    def ended(self) -> bool:
        """Whether all of them have converged."""
        return bool(self.trends) and all(run.converged for run in self.trends)

    @property
    def improving(self) -> bool:
        """Whether any of them is still rising."""
        return any(run.word == RISING for run in self.trends)

    @property
    def steps(self) -> int:
        """Steps taken, the most of any run."""
        return max((run.steps for run in self.trends), default=0)

    @property
    def pace(self) -> Estimate:
        """Return that the runs gain a step over their last third, with its interval for new runs.

        nan where it is not known of a run, without an interval where there is only one.
        """
        return run_mean(np.array([run.pace for run in self.trends] or [NAN]))

    @property
    def needed(self) -> float:
        """Steps until the mean of the runs is at the optimum, at the pace of its last third.

        Those taken are included. nan where training has ended, no pace leads there, or the pace may
        be 0 as far as its interval shows: then a number would be one of the noise alone.
        """
        return NAN if self.pace.low <= 0 else self._optimal_at(self.pace.mean)

    @property
    def needed_at_least(self) -> float:
        """As ``needed``, at the fastest pace in the interval; also where the mean may not rise."""
        return self._optimal_at(self.pace.high)

    def _optimal_at(self, pace: float) -> float:
        remaining = float(np.mean([run.remaining for run in self.trends] or [NAN]))
        if self.ended or not pace > 0:
            return NAN
        return self.steps + max(remaining, 0.0) / pace

    @property
    def text(self) -> str:
        """In words, as what follows "training"."""
        n = len(self.trends)
        if not n:
            return "has not begun"
        if self.ended:
            return f"has ended ({n} of {counted(n, 'run')})"
        reasons = {run.reason: None for run in self.trends if run.word == UNKNOWN}
        if len(reasons) and all(run.word == UNKNOWN for run in self.trends):
            return f"is not known to have ended ({'; '.join(reasons)})"
        converged = sum(run.converged for run in self.trends)
        rising = sum(run.word == RISING for run in self.trends)
        left = f"converged {converged} of {counted(n, 'run')}, still rising {rising}"
        return f"has not ended after {in_words(self.steps)} steps ({left}{self._takes})"

    @property
    def moving(self) -> str:
        """Of runs that still rise, the end of a sentence about them; else nothing."""
        if not self.improving:
            return ""
        rising = sum(run.word == RISING for run in self.trends)
        return f"still improving: {rising} of {counted(len(self.trends), 'run')}{self._takes}"

    @property
    def _takes(self) -> str:
        if self.needed == self.needed:
            return f"; at this pace optimal after about {in_words(self.needed)} steps"
        if self.needed_at_least == self.needed_at_least:
            mean = "their mean pace is uncertain"
            if self.pace.mean <= 0:
                mean = "their mean does not rise"
            return (
                f"; {mean}, and at the fastest that they allow optimal after about "
                f"{in_words(self.needed_at_least)} steps at the earliest"
            )
        return "; no pace from which to tell how many it takes"

    @property
    def plain(self) -> dict[str, Any]:
        """As summaries have it."""
        return {
            "what": self.what,
            "runs": len(self.trends),
            "converged": sum(run.converged for run in self.trends),
            "rising": sum(run.word == RISING for run in self.trends),
            "ended": self.ended,
            "steps": self.steps,
            "needed": self.needed,
            "needed_at_least": self.needed_at_least,
            "gain_per_million": {end: 1e6 * value for end, value in self.pace.shown.items()},
            "text": self.text,
        }


def trends(results: "Results") -> dict[str, Trend]:
    """How each run's learning curve ends, by run id."""
    curves = results.curves[results.curves["split"] == "train"].sort_values("step", kind="stable")
    places = {str(run): own for run, own in curves.groupby("run_id", observed=True).indices.items()}
    all_steps, all_returns = (curves[key].to_numpy(np.float64) for key in ("step", "ret_mean"))
    ends = _ends(results)
    settings = {entry["id"]: entry["settings"] for entry in results.plan}
    judged = {}
    for run in results.folded["run_id"].astype(str).unique():
        own = places.get(run)
        if own is None:
            judged[run] = unknown(0, "there is no learning curve")
            continue
        optimal, random = ends.get(run, (NAN, NAN))
        annealed = _annealed(settings.get(run, {}))
        judged[run] = trend(all_steps[own], all_returns[own], optimal, random, annealed=annealed)
    return judged


def watched(curves: pd.DataFrame) -> dict[str, int]:
    """By run on how many training levels, the first, its learning curve was evaluated."""
    levels = curves[curves["split"] == "train"].groupby("run_id")["n_levels"].max()
    return {str(run): int(n) for run, n in levels.items()}


def _ends(results: "Results") -> dict[str, tuple[float, float]]:
    """By run the optimal and the random return on those training levels that curves are of."""
    rows = results.folded
    if not set(WATCHED) <= set(rows.columns):
        return {}
    rows = rows[(rows["condition"] == CONDITION) & (rows["split"] == "train")]
    pairs = zip(*(rows[name] for name in WATCHED), strict=True)
    return dict(zip(rows["run_id"].astype(str), pairs, strict=True))


def _annealed(settings: Mapping[str, Any]) -> bool:
    chosen = settings.get("agent_settings") or settings.get("agent_options") or {}
    return bool(chosen.get("anneal", False))


def of_runs(results: "Results", runs: Sequence[str], what: str) -> Ending:
    """How the training of these runs ended."""
    return Ending(what, tuple(results.trends[run] for run in runs))


def of_cell(results: "Results", cell: Mapping[str, Any]) -> Ending:
    """How the training of a cell's runs ended."""
    rows = results.records_of({key: cell[key] for key in CELL})
    return of_runs(results, sorted(set(rows["run_id"].astype(str))), "")


def in_words(steps: float) -> str:
    """A number of steps, to two digits from a million on.

    Example:
        >>> in_words(4_000_000), in_words(31_240_000), in_words(2_048)
        ('4 million', '31 million', '2,048')
    """
    if steps < 1e6:
        return f"{steps:,.0f}"
    return f"{float(f'{steps:.2g}') / 1e6:,g} million"
