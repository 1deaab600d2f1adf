"""Whether a number of networks orders them as their generalization gap does."""

from collections.abc import Iterator

import pandas as pd
from scipy import special

from rlgen.analysis.claims import Part, above
from rlgen.analysis.results import Results
from rlgen.analysis.stats.association import Association, partial_kendall
from rlgen.analysis.stats.intervals import Estimate

#: Degrees of freedom of a normal.
INF = float("inf")
#: What is compared was trained on as many levels, with the same flips.
STRATUM = ["n", "flip_p"]


def tau(table: pd.DataFrame, column: str) -> Association:
    """Kendall's tau-b of a column and the gap within strata, all networks of a seed together."""
    strata = table[STRATUM].astype(str).agg(" ".join, axis=1)
    return partial_kendall(table[column], table["gap"], strata, clusters=table["seed"])


def within_networks(table: pd.DataFrame, column: str) -> Iterator[tuple[str, Association]]:
    """The same among networks of one architecture, by its name."""
    for network, own in table.groupby("network", sort=True):
        yield str(network), tau(own, column)


def ordered(results: Results, column: str, margin: float) -> list[Part]:
    """The part that says that the coefficient is above a margin; none without runs."""
    table = results.measured("cloning")
    if table.empty:
        return []
    what = f"tau of {column.replace('_', ' ')} and gap, within levels and p"
    return [above(what, estimate(tau(table, column)), margin)]


def estimate(association: Association) -> Estimate:
    """With the variance of a normal whose interval is the bootstrap's."""
    if not association.high > association.low:
        return Estimate(association.value, reason=association.reason or "there is no spread")
    width = (association.high - association.low) / (2 * float(special.ndtri(0.975)))
    return Estimate(association.value, association.low, association.high, width**2, INF)
