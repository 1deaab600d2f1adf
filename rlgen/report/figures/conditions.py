"""Return under each condition, on training and on held-out levels."""

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes

from rlgen.analysis.results import Results
from rlgen.analysis.stats.tables import CELL
from rlgen.report.figures.base import (
    Drawing,
    Figure,
    bars,
    beside,
    drawn_pools,
    panels,
    select,
)
from rlgen.report.figures.possible import within

NAME = "conditions"


class Conditions(Figure):
    """One panel per cell, with a pair of points for each condition."""

    title = "Return by condition"
    reading = (
        "A condition that detects overfitting would pull the training return (blue) down to the "
        "held-out one (orange) in cells with a gap, and not in cells without. Points are "
        "means over runs and levels, bars 95 % intervals for new training runs on new levels of "
        "the same family, cut at what is possible; “plain” is the level as it is, with "
        "sampled actions."
    )

    def draw(self, results: Results) -> Drawing | None:
        """See ``Figure.draw``."""
        data = select(results.estimates, quantity="return").drop(columns="quantity")
        pools = drawn_pools(results)
        data = data[data["part"].isin([pool for pool, *_ in pools])]
        names = results.conditions
        if data.empty or len(names) < 2:
            return None

        def panel(axis: Axes, cell: Mapping[str, Any]) -> None:
            shifts = beside(len(pools), 0.14 if len(pools) == 2 else 0.3)
            for (pool, name, colour), shift in zip(pools, shifts, strict=True):
                points = select(data, part=pool, **{key: cell[key] for key in CELL})
                points = within(results, points)
                axis.errorbar(
                    points["mean"],
                    # upwards, so that the first condition is on top
                    [len(names) - 1 - names.index(c) - shift for c in points["condition"]],
                    xerr=bars(points),
                    fmt="o",
                    markersize=4,
                    color=colour,
                    capsize=2,
                    linewidth=1.4,
                    label=name,
                )
            axis.set_yticks(range(len(names)), reversed(names))
            axis.set_xlabel("episode return")

        svg, note = panels(
            NAME,
            results,
            results.cells,
            panel,
            size=(2.7, 0.8 + max(0.33, 0.12 * len(pools)) * len(names)),
            margin=0.08 * max(map(len, names)),
            title="Return under each condition",
        )
        return Drawing(svg, data, note)


FIGURE = Conditions()
