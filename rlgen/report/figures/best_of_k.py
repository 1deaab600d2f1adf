"""The return of the best of k jobs (method 2.7)."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from rlgen.analysis.results import Results
from rlgen.analysis.stats.choices import GROUP, TOP, Group
from rlgen.report.figures.base import DRAWN_POOLS, Drawing, Figure, panels

NAME = "best-of-k"


class BestOfK(Figure):
    """One panel for each task: all jobs as dots, and the best of k of them as lines."""

    title = "The best of k jobs"
    reading = (
        "How good the best of k jobs is on average, when it is chosen by its training return: all "
        "jobs count at k = 1, and only the best one at the right end. Where the held-out line "
        "(orange) does not rise with the training line (blue), choosing by training return gains "
        "nothing but a better-looking training return. Dots are single jobs; the lines are means "
        "over all choices of k of them and have no interval."
    )

    def draw(self, results: Results) -> Drawing | None:
        """See ``Figure.draw``."""
        drawn = [group for group in results.groups if len(group.jobs) >= TOP]
        if not drawn:
            return None
        by_keys = {tuple(group.keys.values()): group for group in drawn}

        def panel(axis: Axes, keys: Mapping[str, Any]) -> None:
            group = by_keys[tuple(keys[key] for key in GROUP)]
            for (pool, name, colour), shift in zip(DRAWN_POOLS, (-0.15, 0.15), strict=True):
                axis.plot(
                    group.curve["k"],
                    group.curve[pool],
                    color=colour,
                    marker="o",
                    markersize=3,
                    linewidth=1.8,
                    label=name,
                )
                x = [1 + shift] * len(group.jobs)
                axis.scatter(x, group.jobs[pool], s=10, alpha=0.5, color=colour, linewidth=0)
            axis.xaxis.set_major_locator(MaxNLocator(integer=True))
            axis.set(xlabel="jobs to choose from, k", ylabel="episode return")

        svg, note = panels(
            NAME,
            results,
            [group.keys for group in drawn],
            panel,
            size=(3.2, 2.5),
            title="Expected return of the best of k jobs by training return",
        )
        return Drawing(svg, pd.concat([_rows(group) for group in drawn]), note)


def _rows(group: Group) -> pd.DataFrame:
    """The numbers of one panel: its line and its dots."""
    rows = pd.concat(
        [
            group.curve.assign(what="best of k", run_id="", agent="", network="", seed=""),
            group.jobs.assign(what="job", k="")[
                ["what", "run_id", "agent", "network", "seed", "k", "train", "test"]
            ].astype({"agent": str, "network": str}),
        ]
    )
    return rows.assign(**group.keys)[
        [*GROUP, "what", "k", "run_id", "agent", "network", "seed", "train", "test"]
    ]


FIGURE = BestOfK()
