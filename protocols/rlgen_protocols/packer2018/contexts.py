"""Default, interpolation and extrapolation (section 4 of the paper): shares of solved episodes."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from rlgen.analysis.results import Results
from rlgen.analysis.stats.estimates import POOLS
from rlgen.analysis.stats.intervals import NAN, Estimate, student
from rlgen.papers import Section
from rlgen.report.template import piece
from rlgen.util.bracketed import named_options

#: Of each part, its pools' names: range trained on, range tested on. Validation levels of ``d`` are
#: of the random range, those of ``r`` as its training levels are.
RANGES = {"d": ("DD", "DR", "DE"), "r": ("", "RR", "RE")}
#: The same of protocols that train on families with the option ``regime``, by its value: of each
#: pool its name.
REGIMES = {
    "D": {"test": "DD", "random": "DR", "extreme": "DE"},
    "R": {"test": "RR", "extreme": "RE"},
}
#: What each number is made of.
MADE_OF: Mapping[str, tuple[str, ...]] = {
    "default": ("DD",),
    "interpolation": ("RR",),
    "extrapolation": ("DR", "DE", "RE"),
}
READING = (
    "Shares of solved episodes under the condition of the verdict. D is the default value of each "
    "parameter of the physics, R a range around it and E what lies outside that range; DR is "
    "trained on D and tested on R. Default is DD, interpolation RR, and extrapolation the "
    "geometric mean of DR, DE and RE, seed by seed. Intervals are 95 %, for new training runs."
)


def section(results: Results) -> Section | None:
    """The three numbers of each agent; None if nothing of either form is there."""
    rows = [
        {"agent": agent, "network": network, "number": name, "of": " x ".join(MADE_OF[name])}
        | {**estimate.shown, "reason": estimate.reason}
        for (agent, network), shares in (*_agents(results), *_by_regime(results))
        for name, estimate in summarised(shares).items()
    ]
    if not rows:
        return None
    html = piece("rlgen_protocols.packer2018", "contexts.html", rows=rows)
    title = "Default, interpolation, extrapolation"
    return Section("contexts", title, READING, html=html, data=pd.DataFrame(rows))


def _agents(
    results: Results,
) -> Iterator[tuple[tuple[str, str], dict[str, dict[int, float]]]]:
    """Agent and network with their shares, by ranges and by seed."""
    main = results.main_records
    sizes = {part: results.parts[part].n_train_levels for part in RANGES if part in results.parts}
    own = main[main["n_train_levels"].isin([n for of in sizes.values() for n in of])]
    for key, rows in own.groupby(["agent", "network"], observed=True):
        shares: dict[str, dict[int, float]] = {}
        for part, pools in sizes.items():
            for pool, name in zip(POOLS, RANGES[part], strict=True):
                if name:
                    levels = rows[rows["n_train_levels"].isin(pools) & (rows["split"] == pool)]
                    shares[name] = _shares(levels)
        yield (str(key[0]), str(key[1])), shares


def _by_regime(
    results: Results,
) -> Iterator[tuple[tuple[str, str], dict[str, dict[int, float]]]]:
    """The same of cells whose families say the range that they train on."""
    main = results.main_records
    regimes = main["family"].astype(str).map(lambda name: named_options(name)[1].get("regime"))
    own = main.assign(regime=regimes)[regimes.isin(REGIMES)]
    for key, rows in own.groupby(["agent", "network"], observed=True):
        yield (
            (str(key[0]), str(key[1])),
            {
                name: _shares(rows[(rows["regime"] == regime) & (rows["split"] == pool)])
                for regime, names in REGIMES.items()
                for pool, name in names.items()
            },
        )


def _shares(rows: pd.DataFrame) -> dict[int, float]:
    """Share of solved episodes by seed, as far as the environment says which are."""
    pairs: Any = zip(rows["seed"], rows["p_solved"], strict=True)
    means = {int(seed): float(solved.mean()) for seed, solved in pairs}
    return {seed: mean for seed, mean in means.items() if mean == mean}


def summarised(shares: Mapping[str, Mapping[int, float]]) -> dict[str, Estimate]:
    """The three numbers.

    Each run's share of solved episodes counts once; extrapolation is the geometric mean of three
    shares, taken seed by seed, so that its interval needs no assumption about them.

    Args:
        shares: By trained and tested range (``"DR"``: trained on D, tested on R) and by seed.

    Returns:
        By name, with Student's interval over seeds.
    """
    numbers = {}
    for name, parts in MADE_OF.items():
        seeds = set.intersection(*(set(shares.get(part, {})) for part in parts))
        each = [[shares[part][seed] for part in parts] for seed in sorted(seeds)]
        numbers[name] = _mean([geometric_mean(row) for row in each])
    return numbers


def geometric_mean(values: Sequence[float]) -> float:
    """Geometric mean of shares; 0 if one of them is."""
    array = np.asarray(values, float)
    return float(np.exp(np.log(array).mean())) if (array > 0).all() else 0.0


def _mean(values: Sequence[float]) -> Estimate:
    array = np.asarray(values, float)
    if not len(array):
        return Estimate(NAN, reason="no seed has been trained on all ranges that are needed")
    mean = float(array.mean())
    if len(array) < 2:
        return Estimate(mean, reason="one seed has no interval")
    return student(mean, float(array.var(ddof=1)) / len(array), len(array) - 1)
