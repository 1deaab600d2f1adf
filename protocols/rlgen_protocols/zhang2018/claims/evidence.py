"""A study's results by setting, in the form that claims need."""

from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np

from rlgen.analysis.convergence import Ending, of_runs
from rlgen.analysis.results import Results
from rlgen.analysis.stats import intervals
from rlgen.analysis.stats.estimates import pool_mean, why_apart
from rlgen.analysis.stats.intervals import NAN, Estimate, Floats
from rlgen.analysis.stats.paired import paired_mean
from rlgen.analysis.stats.tables import CELL
from rlgen.networks.lists import resolve
from rlgen.util.words import counted

NONE = "none"
#: The paper's families from the easiest to the hardest.
FAMILIES = ("maze-basic", "maze-blocks", "maze-tunnel")

#: Columns of the records that say whose a row is.
_KEYS = (
    "seed",
    "network",
    "condition",
    "split",
    "family",
    "n_train_levels",
    "flip_p",
    "regulariser",
)


@dataclass(frozen=True)
class Setting:
    """What runs with different seeds have in common; ``network`` as it was asked for."""

    family: str
    n_train_levels: int
    flip_p: float
    network: str
    regulariser: str = NONE

    def __str__(self) -> str:
        words = [self.family, self.network, counted(self.n_train_levels, "level")]
        words += [f"p = {self.flip_p:g}"] if self.flip_p else []
        words += [f"trained with {self.regulariser}"] if self.regulariser != NONE else []
        return ", ".join(words)


@dataclass(frozen=True)
class Tables:
    """Returns of some runs on one pool, in the order of their seeds.

    Attributes:
        seeds: Of the runs.
        values: Of each run its levels' returns.
        apart: Why they are no full table of runs and levels; see ``stats.estimates``.
    """

    seeds: tuple[int, ...]
    values: list[Floats]
    apart: str

    def of(self, seeds: Sequence[int]) -> "Tables":
        """The tables of some of the runs."""
        kept = [self.seeds.index(seed) for seed in seeds]
        return Tables(tuple(seeds), [self.values[i] for i in kept], self.apart)

    @property
    def mean(self) -> Estimate:
        """Mean over runs and levels."""
        if not self.values:
            return Estimate(NAN, reason="there are no runs yet")
        return pool_mean(self.values, self.apart)


class Evidence:
    """A study's results, looked up by setting.

    Args:
        results: With parts; those whose names begin with a word in ``ASIDE`` tell nothing of the
            claims, as they are other readings of the paper or no part of it.
        substitute: Settings are looked up after this change: another reading of the paper.
        condition: By which returns are judged.
        only: The settings that are looked at; all by default.
    """

    ASIDE = ("sensitivity", "modern")

    def __init__(
        self,
        results: Results,
        substitute: Callable[[Setting], Setting] = lambda setting: setting,
        condition: str | None = None,
        *,
        only: Set[Setting] | None = None,
    ) -> None:
        self.results = results
        self._only = only
        self.condition = condition or results.main
        self._substitute = substitute

    def settings(self, *items: str, **wanted: Any) -> list[Setting]:
        """The settings of the parts with these items, or of all; each once.

        Args:
            *items: Of ``results.parts``.
            **wanted: Values of a setting's attributes.
        """
        chosen: dict[Setting, None] = {}
        for item, part in self.results.parts.items():
            if (item not in items) if items else item.startswith(self.ASIDE):
                continue
            for values in product(
                part.family, part.n_train_levels, part.flip_p, part.network, part.regulariser
            ):
                setting = Setting(*values)
                if self._only is not None and setting not in self._only:
                    continue
                if all(getattr(setting, key) == value for key, value in wanted.items()):
                    chosen[setting] = None
        return list(chosen)

    def networks(self, item: str) -> tuple[str, ...]:
        """The networks that a part compares, in its order; empty if there is no such part."""
        return self.results.parts[item].network if item in self.results.parts else ()

    def sizes(self, *items: str, **wanted: Any) -> list[int]:
        """Sizes of the training pools in ``settings``, ascending."""
        return sorted({setting.n_train_levels for setting in self.settings(*items, **wanted)})

    def _rows(self, setting: Setting, condition: str | None, pool: str) -> list[int]:
        """Rows of the study's folded records, in the order of the seeds."""
        setting = self._substitute(setting)
        key = (
            condition or self.condition,
            pool,
            setting.family,
            setting.n_train_levels,
            setting.flip_p,
            setting.regulariser,
        )
        candidates = self._index.get(key, [])
        return [row for seed, net, row in candidates if net == resolve(setting.network, seed)]

    @cached_property
    def _index(self) -> dict[tuple[Any, ...], list[tuple[int, str, int]]]:
        """Seed, network and row by what tells the records' settings, conditions and pools apart."""
        index: dict[tuple[Any, ...], list[tuple[int, str, int]]] = {}
        columns = [self.results.folded[key].tolist() for key in _KEYS]
        for row, (seed, network, *key) in enumerate(zip(*columns, strict=True)):
            index.setdefault(tuple(key), []).append((seed, network, row))
        return {key: sorted(rows) for key, rows in index.items()}

    def tables(
        self,
        setting: Setting,
        pool: str,
        column: str = "ret_mean",
        condition: str | None = None,
    ) -> Tables:
        """A setting's returns on a pool."""
        rows = self.results.folded.iloc[self._rows(setting, condition, pool)]
        apart = why_apart(rows, pool) if len(rows) else ""
        return Tables(tuple(rows["seed"].tolist()), list(rows[column]), apart)

    def train(self, setting: Setting) -> Estimate:
        """Mean training return."""
        return self.tables(setting, "train").mean

    def test(self, setting: Setting) -> Estimate:
        """Mean held-out return."""
        return self.tables(setting, "test").mean

    def score(self, setting: Setting) -> Estimate:
        """Mean normalised held-out score: 0 random, 1 planner."""
        return self.tables(setting, "test", "normalised").mean

    def contrast(self, one: Setting, other: Setting, pool: str) -> Estimate:
        """Mean difference between two settings, run by run of one seed.

        On held-out levels, which both share, level by level; on training levels of the means.
        """
        first, second = self.tables(one, pool), self.tables(other, pool)
        seeds = sorted(set(first.seeds) & set(second.seeds))
        if not seeds:
            return Estimate(NAN, reason="no seed has been run in both")
        first, second = first.of(seeds), second.of(seeds)
        if pool == "test" and not first.apart and not second.apart:
            return paired_mean(np.stack(first.values), np.stack(second.values))
        return intervals.run_mean(intervals.means(first.values) - intervals.means(second.values))

    def excess(self, setting: Setting) -> Estimate:
        """Memorised fraction: of the way from the ceiling C(p) to the optimum (method 1.6)."""
        rows = self._rows(setting, None, "train")
        if not rows:
            return Estimate(NAN, reason="there are no runs yet")
        facts = self.results.facts({key: self.results.folded[key].iloc[rows[0]] for key in CELL})
        ceiling, best = facts.get("ceiling"), facts.get("best")
        if ceiling is None or best is None:
            return Estimate(NAN, reason="the family has no memorisation ceiling")
        return scaled(self.train(setting), 1 / (best - ceiling), -ceiling / (best - ceiling))

    def endings(self, *settings: Setting) -> tuple[Ending, ...]:
        """How the training of each setting's runs ended, on which what they do not reach rests."""
        endings = []
        for setting in settings:
            rows = self._rows(setting, None, "train")
            runs = self.results.folded["run_id"].iloc[rows].astype(str).tolist()
            if runs:
                endings.append(of_runs(self.results, runs, str(setting)))
        return tuple(endings)

    def curves(self, setting: Setting) -> Iterator[dict[str, Floats]]:
        """For each run of a setting, its returns at the checkpoints by pool."""
        runs = self.results.folded["run_id"].iloc[self._rows(setting, None, "train")]
        for run in runs.astype(str):
            if run in self._curves:
                yield self._curves[run]

    @cached_property
    def _curves(self) -> dict[str, dict[str, Floats]]:
        curves: dict[str, dict[str, Floats]] = {}
        ordered = self.results.curves.sort_values("step", kind="stable")
        for (run, pool), rows in ordered.groupby(["run_id", "split"], observed=True):
            curves.setdefault(str(run), {})[str(pool)] = rows["ret_mean"].to_numpy()
        return curves


def scaled(estimate: Estimate, by: float, shift: float = 0.0) -> Estimate:
    """The estimate of ``by * x + shift``, ``by`` above 0."""
    return replace(
        estimate,
        mean=by * estimate.mean + shift,
        low=by * estimate.low + shift,
        high=by * estimate.high + shift,
        variance=by**2 * estimate.variance,
    )
