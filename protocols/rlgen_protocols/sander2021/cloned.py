"""The cloned networks of a study by what they are, for claims and figures."""

from math import log2

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rlgen.analysis.results import Results
from rlgen.analysis.stats.intervals import NAN, Estimate, run_mean
from rlgen.networks import network_named
from rlgen.networks.factory import Factory
from rlgen.util.words import counted

#: Kinds of trunks: without momentum; with; with, and branches as large as without; without, and
#: branches as small as with.
RESIDUAL, MOMENTUM, FULL, MATCHED = "residual", "momentum", "full branch", "scale-matched"
#: The momentum of the paper's experiments.
GAMMA = 0.9
#: Settings in which networks are compared.
SETTING = ["n_train_levels", "flip_p"]


def cloned(results: Results, *, fitted: bool = True) -> pd.DataFrame:
    """What cloning measured, with ``kind``, ``gamma`` and ``bits`` of each network.

    Args:
        results: Of the study.
        fitted: Only networks that have reached the training loss at which they are compared.
    """
    rows = results.measured("cloning")
    described = [_described(str(name)) for name in rows["network"]]
    columns = {
        name: [one[place] for one in described]
        for place, name in enumerate(("kind", "gamma", "bits"))
    }
    rows = rows.assign(**columns)
    return rows[rows["matched"].astype(bool)] if fitted else rows


def _described(name: str) -> tuple[str, float, float]:
    """Kind, momentum (or the momentum that it is matched to), bits a unit that it forgets."""
    network = network_named(name)
    options = network.options if isinstance(network, Factory) else {}
    if "like" in options:
        return MATCHED, float(options["like"]), NAN
    gamma = float(options.get("gamma", 0.0))
    if not gamma:
        return RESIDUAL, 0.0, NAN
    kind = FULL if options["full_branch"] else MOMENTUM
    return kind, gamma, options["depth"] * log2(1 / gamma)


def settings(rows: pd.DataFrame) -> list[tuple[int, float]]:
    """Number of levels and flip probability of each setting, in order."""
    return sorted(
        {(int(n), float(p)) for n, p in zip(*(rows[key] for key in SETTING), strict=True)}
    )


def words(setting: tuple[int, float]) -> str:
    """A setting in words."""
    n, p = setting
    return counted(n, "level") + (f", flipped rewards p = {p:g}" if p else "")


def by_seed(
    rows: pd.DataFrame, setting: tuple[int, float], kind: str, gamma: float, column: str
) -> dict[int, float]:
    """A number of each seed's network of one kind."""
    own = rows[(rows["n_train_levels"] == setting[0]) & (rows["flip_p"] == setting[1])]
    own = own[(own["kind"] == kind) & (own["gamma"] == gamma)]
    return dict(zip(own["seed"].astype(int), own[column].astype(float), strict=True))


def difference(one: dict[int, float], other: dict[int, float]) -> Estimate:
    """Mean difference over the seeds that both have."""
    seeds = sorted(one.keys() & other.keys())
    return mean([one[seed] - other[seed] for seed in seeds])


def mean(values: "list[float] | NDArray[np.float64]") -> Estimate:
    """Mean over seeds, with its interval for new seeds."""
    array = np.asarray(values, np.float64)
    return run_mean(array) if len(array) else Estimate(NAN, reason="there are no runs yet")
