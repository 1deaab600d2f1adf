"""Gap to each held-out pool by number of training levels."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from rlgen.analysis.results import Results
from rlgen.analysis.stats.estimates import gap_to
from rlgen.analysis.verdicts import count
from rlgen.report.figures.base import (
    DRAWN_POOLS,
    INK,
    Drawing,
    Figure,
    beside,
    drawn_pools,
    intervals_beside,
    panels,
    select,
)
from rlgen.report.figures.gap_by_levels import SERIES

NAME = "gap-by-pool"


class GapByPool(Figure):
    """One panel for each agent, network and setting; only of studies with further pools."""

    title = "Gap to each pool"
    reading = (
        "How much lower the return is on each held-out pool than on the training levels, as a "
        "share of the way from the random agent to the planner where both are known. Levels drawn "
        "as the training levels are show overfitting to single levels; what a pool with other "
        "options adds to that is the price of the change. Bars are 95 % intervals for new "
        "training runs on new levels of the same pool, each for itself."
    )

    def draw(self, results: Results) -> Drawing | None:
        """See ``Figure.draw``."""
        pools = [pool for pool in drawn_pools(results) if pool[0] != "train"]
        if len(pools) < len(DRAWN_POOLS):
            return None
        quantity, words = "normalised", "normalised gap"
        data = _gaps(results, quantity, pools)
        if data["mean"].isna().all():
            quantity, words = "return", "gap, episode return"
            data = _gaps(results, quantity, pools)
        sizes = sorted(data["n_train_levels"].unique())
        shifts = beside(len(pools), min(0.3, 0.07 * len(pools)))

        def panel(axis: Axes, series: Mapping[str, Any]) -> None:
            axis.axhline(0, color=INK, linewidth=0.8)
            for (pool, name, colour), shift in zip(pools, shifts, strict=True):
                points = select(data, pool=pool, **series)
                intervals_beside(axis, points, sizes, shift, colour, name)
            axis.set_xticks(range(len(sizes)), [count(n) for n in sizes])
            axis.set_xlim(-0.5, len(sizes) - 0.5)
            axis.set(xlabel="training levels", ylabel=words)

        settings = data[SERIES].drop_duplicates().itertuples(index=False, name=None)
        svg, note = panels(
            NAME,
            results,
            [dict(zip(SERIES, keys, strict=True)) for keys in settings],
            panel,
            size=(3.6, 2.7),
            by_size=False,
            title="Gap to each held-out pool by size of the training pool",
        )
        return Drawing(svg, data, note)


def _gaps(results: Results, quantity: str, pools: list[tuple[str, str, str]]) -> pd.DataFrame:
    """The estimates of the gaps to the pools, whose names are in the column ``pool``."""
    data = select(results.estimates, condition=results.main, quantity=quantity)
    by_part = {gap_to(pool): pool for pool, *_ in pools}
    data = data[data["part"].isin(by_part)]
    return data.assign(pool=data["part"].map(by_part)).drop(columns="part")


FIGURE = GapByPool()
