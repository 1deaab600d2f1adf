"""Final return by number of training levels."""

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes

from rlgen.analysis.results import Results
from rlgen.analysis.stats.estimates import gap_to
from rlgen.analysis.stats.tables import CELL
from rlgen.analysis.verdicts import count
from rlgen.report.figures.base import (
    Drawing,
    Figure,
    beside,
    drawn_pools,
    intervals_beside,
    panels,
    select,
)
from rlgen.report.figures.possible import references, within

NAME = "gap-by-levels"
SERIES = [key for key in CELL if key != "n_train_levels"]


class GapByLevels(Figure):
    """One panel for each agent, network and setting; the size of the training pool varies."""

    title = "Gap by number of training levels"
    reading = (
        "The distance between the two points at one number of levels is the generalization gap; it "
        "should close as training levels are added. Points are means over runs and levels, bars "
        "95 % intervals for new training runs on new levels of the same family, and faint "
        "dots single runs. Intervals are cut at what is possible. Lines are the best and the "
        "random agent's return on the held-out levels."
    )

    def draw(self, results: Results) -> Drawing | None:
        """See ``Figure.draw``."""
        data = select(results.estimates, condition=results.main, quantity="return")
        pools = drawn_pools(results)
        parts = [pool for pool, *_ in pools]
        parts += [gap_to(pool) for pool in parts if pool != "train"]
        data = data[data["part"].isin(parts)].drop(columns="quantity")
        if data.empty:
            return None
        main = results.main_records.sort_values([*CELL, "run_id"])
        by_run = main.assign(ret_mean=[returns.mean() for returns in main["ret_mean"]])
        sizes = sorted(data["n_train_levels"].unique())
        shifts = beside(len(pools), 0.12 if len(pools) == 2 else 0.3)
        half = (shifts[1] - shifts[0]) / 2

        def panel(axis: Axes, series: Mapping[str, Any]) -> None:
            for (pool, name, colour), shift in zip(pools, shifts, strict=True):
                points = within(results, select(data, part=pool, **series))
                intervals_beside(axis, points, sizes, shift, colour, name)
                dots = shift + (half if shift > 0 else -half)
                single = select(by_run, split=pool, **series)
                axis.scatter(
                    [sizes.index(n) + dots for n in single["n_train_levels"]],
                    single["ret_mean"],
                    s=10,
                    alpha=0.6,
                    color=colour,
                    linewidth=0,
                )
            references(axis, select(main, **series))
            axis.set_xticks(range(len(sizes)), [count(n) for n in sizes])
            axis.set_xlim(-0.5, len(sizes) - 0.5)
            axis.set(xlabel="training levels", ylabel="episode return")

        settings = data[SERIES].drop_duplicates().itertuples(index=False, name=None)
        series = [dict(zip(SERIES, keys, strict=True)) for keys in settings]
        svg, note = panels(
            NAME,
            results,
            series,
            panel,
            size=(3.2 + 0.35 * (len(pools) - 2), 2.7),
            by_size=False,
            title="Return on training and held-out levels by size of the training pool",
        )
        return Drawing(svg, data, note)


FIGURE = GapByLevels()
