"""The study as claims, controls and figures read it."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from rlgen.analysis.results import Results
from rlgen.analysis.stats.association import spearman
from rlgen.analysis.stats.intervals import NAN, Estimate, run_mean
from rlgen.util import words
from rlgen_protocols.graphs.estimates import NO_RUNS, rows
from rlgen_protocols.knyazev2019.modes import SUPERVISED, UNSUPERVISED, WEAK

#: The modes whose attention is learnt and compared in the paper.
LEARNT = (UNSUPERVISED, SUPERVISED, WEAK)


def counted(results: Results, task: str) -> pd.DataFrame:
    """The cells of one task."""
    return rows(results.measured("counting"), task=task)


def over_seeds(table: pd.DataFrame, value: Callable[[pd.DataFrame], float]) -> Estimate:
    """Mean of what is computed of each seed's rows, of seeds of which it can be computed."""
    values = np.array([value(own) for _, own in table.groupby("seed", sort=True)])
    values = values[np.isfinite(values)]
    return run_mean(values) if len(values) else Estimate(NAN, reason=NO_RUNS)


def of_mode(own: pd.DataFrame, column: str, mode: str) -> float:
    """A column of the one row of a seed that has this mode; nan without one."""
    values = rows(own, mode=mode)[column]
    return float(values.iloc[0]) if len(values) else NAN


def rank_correlation(table: pd.DataFrame, one: str, other: str) -> Estimate:
    """Spearman's correlation of two columns over all rows, with a jackknife over seeds.

    The jackknife leaves out all rows of a seed, since its modes have the same graphs (Quenouille
    1956; Miller 1974).
    """
    own = table.dropna(subset=[one, other])
    seeds = sorted(set(own["seed"]))
    if len(seeds) < 3:
        return Estimate(
            NAN, reason=NO_RUNS if not seeds else f"only {words.counted(len(seeds), 'seed')}"
        )
    whole = spearman(own[one], own[other]).value
    left = [own[own["seed"] != seed] for seed in seeds]
    without = np.array([spearman(part[one], part[other]).value for part in left])
    return run_mean(len(seeds) * whole - (len(seeds) - 1) * without)
