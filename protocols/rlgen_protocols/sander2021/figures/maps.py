"""Paths of points through the layers: of a line, and of two rings."""

from collections.abc import Iterator
from itertools import product
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator

from rlgen.analysis.results import Results
from rlgen.papers import Section
from rlgen.report.figures.base import FAINT, TEST, TRAIN, style, to_svg
from rlgen_protocols.sander2021.claims.maps import FLOOR


def dynamics(results: Results, name: str) -> Section | None:
    """Positions by layer of the networks that have fitted -x^3, and their errors."""
    panels = list(_panels(results))
    if not panels:
        return None
    columns = min(4, len(panels))
    lines = -(-len(panels) // columns)
    with style(name):
        canvas, axes = plt.subplots(
            lines,
            columns,
            figsize=(0.5 + 2.1 * columns, 2.7 * lines),
            sharex=True,
            sharey=True,
            squeeze=False,
            layout="constrained",
        )
        for axis, (title, rows) in zip(axes.flat, panels, strict=False):
            path = _path(rows.iloc[0]["path"])
            for point in path.T:
                colour = TRAIN if point[0] < 0 else TEST
                axis.plot(point, range(len(path)), marker=".", color=colour, linewidth=1)
            axis.axvline(0, color=FAINT, linewidth=1)
            axis.set(xlim=(-1.6, 1.6), title=title)
            axis.tick_params(labelbottom=True)
        for axis in axes.flat[len(panels) :]:
            axis.set_visible(False)
        for axis in axes[:, 0]:
            axis.set_ylabel("layer")
            axis.yaxis.set_major_locator(MaxNLocator(integer=True))
        svg = to_svg(canvas, name, "Paths through the layers of networks that fit -x cubed")
        plt.close(canvas)
    data = pd.DataFrame(
        [{"network": title.replace("\n", ", ")} | _errors(rows) for title, rows in panels]
    )
    reading = (
        "Eight points on their way from the first layer (below) to the last, in the network of the "
        "first seed; above each panel is its mean squared error to -x^3 over all seeds. Without "
        "momentum, and with small steps, paths cannot cross, the map is increasing, and the error "
        f"is 1/7 = {FLOOR:.4f} at least. A panel without paths is of a network that diverged."
    )
    return Section(name, "A decreasing map: paths through the layers", reading, svg, data=data)


def _panels(results: Results) -> Iterator[tuple[str, pd.DataFrame]]:
    for experiment in ("cube", "cube-recipe"):
        rows = results.measured(experiment)
        for key in sorted(set(zip(-rows["lipschitz"], rows["gamma"], strict=True))):
            bound, gamma = -key[0], key[1]
            own = rows[(rows["lipschitz"] == bound) & (rows["gamma"] == gamma)]
            kind = f"gamma = {gamma:g}" if gamma else "residual"
            limits = f"Lipschitz {bound:g}" if bound else "no bound"
            if experiment == "cube-recipe":
                limits = "authors' recipe"
            error = own["mse"].astype(float)
            number = f"{error.mean():.3f}" if error.notna().all() else "diverges"
            yield f"{kind}, {limits}\n{number}", own


def _errors(rows: pd.DataFrame) -> dict[str, Any]:
    error = rows["mse"].astype(float)
    return {
        "seeds": len(rows),
        "diverged": int(error.isna().sum()),
        "mean": float(error.mean()),
        "smallest": float(error.min()),
        "largest": float(error.max()),
        "increasing": int(rows["increasing"].sum()),
    }


def _path(path: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Positions ``(layers, points)``; null is nan."""
    return np.array([[np.nan if x is None else x for x in layer] for layer in path], np.float64)


def rings(results: Results, name: str) -> Section | None:
    """Points of two rings after some layers."""
    kinds = {"residual": results.measured("rings-residual"), "momentum": results.measured("rings")}
    kinds = {kind: rows for kind, rows in kinds.items() if not rows.empty}
    if not kinds:
        return None
    layers = next(iter(kinds.values())).iloc[0]["layers"]
    with style(name):
        canvas, axes = plt.subplots(
            len(kinds),
            len(layers),
            figsize=(1.9 * len(layers), 1.95 * len(kinds)),
            squeeze=False,
            layout="constrained",
        )
        for (line, kind), (column, layer) in product(enumerate(kinds), enumerate(layers)):
            cloud = np.array(kinds[kind].iloc[0]["path"][column], np.float64)
            half, axis = len(cloud) // 2, axes[line, column]
            axis.scatter(*cloud[:half].T, s=5, color=TRAIN)
            axis.scatter(*cloud[half:].T, s=5, color=TEST)
            axis.set(xticks=[], yticks=[], title=f"{kind}, layer {layer}")
        svg = to_svg(canvas, name, "Two nested rings after some layers")
        plt.close(canvas)
    data = pd.DataFrame(
        [
            {"network": kind, "seed": row["seed"], "accuracy": row["accuracy"]}
            for kind, rows in kinds.items()
            for _, row in rows.iterrows()
        ]
    )
    accuracies = data.groupby("network", sort=False)["accuracy"].mean()
    reading = (
        "Positions of 60 points a ring in the networks of the first seed, which classify by their "
        "last position. Share of new points on the right side, mean over seeds: "
        + "; ".join(f"{kind} {share:.3f}" for kind, share in accuracies.items())
        + ". A residual network of few layers takes steps that are not small, and may separate the "
        "rings too."
    )
    return Section(name, "Nested rings", reading, svg, data=data)
