"""Training and held-out return during training."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.ticker import EngFormatter

from rlgen.analysis.bounds import possible
from rlgen.analysis.results import Results
from rlgen.analysis.stats.intervals import Floats, run_mean
from rlgen.analysis.stats.tables import CELL
from rlgen.report.figures.base import DRAWN_POOLS, INK, Drawing, Figure, panels, select
from rlgen.report.figures.possible import references

NAME = "learning-curves"


class LearningCurves(Figure):
    """One panel per cell: thin lines are runs, thick lines their means."""

    title = "Learning curves"
    reading = (
        "Where the two colours part, the agent keeps improving on its training levels without "
        "getting better on levels it has never seen. Thin lines are single runs, thick lines their "
        "mean, and bands are 95 % intervals of that mean for new training runs, tested on the "
        "levels of the same held-out pool, cut at what is possible; of runs that were evaluated at "
        "different steps both are interpolated. Straight lines are the best and the random agent's "
        "return on the held-out levels. A diamond marks the first step at which a run's "
        "overfitting was certain: from there on its training levels have a higher return than new "
        "levels would, with at most 5 % chance of a single false alarm in the whole run."
    )

    def draw(self, results: Results) -> Drawing | None:
        """See ``Figure.draw``."""
        runs = results.curves[results.curves["split"].isin(["train", "test"])]
        if runs.empty:
            return None
        alarms = runs["run_id"].map(results.alarms)
        runs = runs.assign(first=runs["step"] == alarms, alarmed=runs["step"] >= alarms)
        means = _means(runs)
        # Bands of few runs can exceed the picture; the runs determine its height.
        low, high = runs["ret_mean"].min(), runs["ret_mean"].max()
        main = results.main_records

        def panel(axis: Axes, cell: Mapping[str, Any]) -> None:
            of_cell = {key: cell[key] for key in CELL}
            for pool, name, colour in DRAWN_POOLS:
                lines = _lines(select(runs, split=pool, **of_cell))
                axis.add_collection(
                    LineCollection(
                        lines,
                        colors=colour,
                        linewidths=0.7,
                        alpha=0.5,
                        capstyle="projecting",
                        joinstyle="round",
                        zorder=2,
                    )
                )
                mean = select(means, split=pool, **of_cell)
                sns.lineplot(
                    mean,
                    x="step",
                    y="mean",
                    estimator=None,
                    color=colour,
                    linewidth=2.2,
                    label=name,
                    ax=axis,
                    legend=False,
                )
                ends = mean[["low", "high"]].clip(*possible(results, cell, "return", pool))
                axis.fill_between(
                    mean["step"], ends["low"], ends["high"], color=colour, alpha=0.15, linewidth=0
                )
            first = select(runs, split="test", first=True, **of_cell)
            axis.plot(first["step"], first["ret_mean"], "D", color=INK, markersize=4)
            axis.set(xlabel="environment steps", ylabel="episode return")
            drawn = [low, high, *references(axis, select(main, **of_cell))]
            margin = 0.05 * (max(drawn) - min(drawn)) + 0.05
            axis.set_ylim(min(drawn) - margin, max(drawn) + margin)
            axis.xaxis.set_major_formatter(EngFormatter(sep=""))
            axis.label_outer()

        svg, note = panels(
            NAME,
            results,
            results.cells,
            panel,
            size=(3.2, 2.5),
            title="Mean return on training and on held-out levels by step",
        )
        return Drawing(svg, means, note)


def _lines(curves: pd.DataFrame) -> list[Floats]:
    """The points ``(T, 2)`` of each run."""
    rows = curves.sort_values(["run_id", "step"])
    starts = np.flatnonzero(~rows["run_id"].duplicated())[1:]
    return np.split(rows[["step", "ret_mean"]].to_numpy(np.float64), starts)


def _means(curves: pd.DataFrame) -> pd.DataFrame:
    """Means over runs by step.

    All are interpolated, on the steps that all of them cover: where runs have been evaluated at
    other steps than each other, or for longer, means of other runs would follow one another.
    """
    rows = []
    for keys, group in curves.groupby([*CELL, "split"], observed=True, sort=True):
        runs = [own.sort_values("step") for _, own in group.groupby("run_id", observed=True)]
        steps = np.unique(group["step"])
        covered = np.array(
            [(steps >= own["step"].min()) & (steps <= own["step"].max()) for own in runs]
        )
        steps, covered = (part[..., covered.all(axis=0)] for part in (steps, covered))
        returns, alarmed = (
            np.array([np.interp(steps, own["step"], own[name]) for own in runs])
            for name in ("ret_mean", "alarmed")
        )
        for place, step in enumerate(steps):
            mine = covered[:, place]
            estimate = run_mean(returns[mine, place])
            alarms = int((alarmed[mine, place] == 1).sum())
            ends = (estimate.mean, estimate.low, estimate.high)
            rows.append([*keys, step, int(mine.sum()), *ends, alarms])
    names = [*CELL, "split", "step", "runs", "mean", "low", "high", "alarmed"]
    return pd.DataFrame(rows, columns=names)


FIGURE = LearningCurves()
