"""Figures of functions of points: along rays, errors by target, and by the geometry of the data."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from rlgen.analysis.results import Results
from rlgen.papers import Section
from rlgen.report.figures.base import INK
from rlgen_protocols.xu2021.figures.drawing import IN, OUT, averaged, bars, panels, published

#: As the axes of the figure name them.
TARGETS = {
    "quadratic": "quadratic form",
    "cosine": "sum of cosines",
    "root": "sum of roots",
    "l1": "sum of absolute values",
}
_BOTH = {"in range": IN, "out of range": OUT}
_ERRORS = {"in range": "error_in", "out of range": "error_out"}


def rays(results: Results) -> Section | None:
    """Network and target along a ray of each target; None if nothing has been run."""
    table = results.measured("rays")
    if table.empty:
        return None
    first = table.sort_values("seed").drop_duplicates("target")
    data = []
    with panels("rays", "Networks along rays", [TARGETS[t] for t in first["target"]]) as figure:
        for axis, (_, row) in zip(figure.axes, first.iterrows(), strict=True):
            ray = row["rays"][0]
            _ray(axis, ray)
            data.append(pd.DataFrame({"target": row["target"], "seed": row["seed"], **ray}))
    return Section(
        "rays",
        "What networks do along rays",
        "A network and its target along one random ray through the origin, of the first seed; "
        "training data lie in the shaded range. Far from it the network is a straight line on "
        "either side, whatever the target does.",
        figure.svg,
        data=pd.concat(data).drop(columns="end"),
        of_agents=False,
    )


def _ray(axis: Axes, ray: dict[str, Any]) -> None:
    low = -ray["end"] if min(ray["at"]) < 0 else 0.0
    axis.axvspan(low, ray["end"], color=IN, alpha=0.2, linewidth=0, label="training data")
    axis.plot(ray["at"], ray["target"], color=INK, linestyle="--", linewidth=1.2, label="target")
    axis.plot(ray["at"], ray["network"], color=OUT, label="network")
    axis.set_xlabel("distance from the origin")


def targets(results: Results) -> Section | None:
    """Errors in and out of range by target, and R² along rays; None if nothing has been run."""
    table = results.measured("rays")
    if table.empty:
        return None
    data = averaged(table, "target", _ERRORS)
    straight = table.groupby("target", sort=False)[["straight_median", "straight_mean"]].mean()
    with panels("targets", "Errors and R2 by target", ["error", "1 - R2 along rays"]) as figure:
        bars(figure.axes[0], data, "target", _BOTH)
        left = figure.axes[1]
        _bent(left, straight)
        printed = float(published()["value"].iloc[0])
        left.axhline(1 - printed, color=INK, linestyle="--", label=f"published: {printed:g}")
    numbers = "; ".join(f"{t}: {v:.6f}" for t, v in straight["straight_median"].items())
    return Section(
        "targets",
        "Errors of functions that are not linear",
        "Left: lower median of the absolute error in percent, geometric mean over seeds with 95 % "
        "interval, on new points as in training and on points of a larger range. Right: how far "
        "R2 of a straight line along rays beyond the data is from 1, median and mean over rays; "
        "below the dashed line is what the authors report.",
        figure.svg,
        data=data.merge(straight.reset_index(), on="target"),
        note=f"Median R2: {numbers}. Published: {_sources()}.",
        of_agents=False,
    )


def _bent(axis: Axes, straight: pd.DataFrame) -> None:
    """How far R² is from 1, which is all that can be seen of numbers like .99999."""
    at = np.arange(len(straight))
    for shift, (column, colour) in zip(
        (-0.2, 0.2), {"straight_median": IN, "straight_mean": OUT}.items(), strict=True
    ):
        word = f"{column.removeprefix('straight_')} over rays"
        left = (1 - straight[column]).clip(lower=1e-9)
        axis.plot(at + shift / 2, left, "o", color=colour, label=word)
    axis.set_xticks(at, list(straight.index), fontsize=8)
    axis.set_yscale("log")
    low = int(np.floor(np.log10(max(1e-9, float((1 - straight).min().min())))))
    powers = list(range(min(low, -6), 0))
    axis.set_yticks([10.0**k for k in powers], [f"1e{k}" for k in powers])
    axis.minorticks_off()
    axis.set_xlim(-0.5, len(straight) - 0.5)


def _sources() -> str:
    return "; ".join(f"{r.what}: {r.value:g} ({r.source})" for r in published().itertuples())


def directions(results: Results) -> Section | None:
    """Errors by the geometry of the data, and those of the tangent kernel."""
    table, kernel = results.measured("directions"), results.measured("tangent-kernel")
    if table.empty:
        return None
    data = averaged(table, "geometry", _ERRORS)
    titles = ["network of two layers"]
    with panels("directions", "Errors of linear targets by geometry", titles, width=6) as figure:
        bars(figure.axes[0], data, "geometry", _BOTH)
    errors = kernel.groupby("training", sort=False)["error"].max()
    words = "; ".join(f"{training}: {error:.2g}" for training, error in errors.items())
    note = f"Largest error of the tangent kernel over the norm of the targets: {words}." * bool(
        words
    )
    return Section(
        "directions",
        "Linear functions, with and without all directions",
        "Training points fill a cube, of which the first, half or all of the coordinates are made "
        "positive; tests ask all directions, farther out. A network extrapolates a linear function "
        "where training has directions on all sides, and not where it has seen one side only.",
        figure.svg,
        data=data,
        note=note,
        of_agents=False,
    )
