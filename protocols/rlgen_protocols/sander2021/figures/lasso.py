"""Errors of networks that optimise, by depth."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from rlgen.analysis.results import Results
from rlgen.papers import Section
from rlgen.report.figures.base import FURTHER, TEST, TRAIN, style, to_svg
from rlgen_protocols.sander2021.figures.axes import of_magnitudes

#: Larger errors are cut off.
LARGEST = 1e4


def errors(results: Results, name: str) -> Section | None:
    """Distance to the solution by number of steps, geometric mean over problems."""
    rows = results.measured("lasso")
    lines: list[tuple[str, pd.DataFrame]] = [
        (
            f"momentum, gamma = {gamma:g}" if gamma else "ISTA (residual)",
            rows[rows["gamma"] == gamma],
        )
        for gamma in sorted(set(rows["gamma"]))
    ]
    reversible = results.measured("lasso-revnet")
    if not reversible.empty:
        lines.append(("RevNet", reversible))
    if not lines:
        return None
    tables = []
    with style(name):
        canvas, axis = plt.subplots(figsize=(6.0, 3.4), layout="constrained")
        colours = (TRAIN, *FURTHER)
        for (label, own), colour in zip(lines, colours, strict=False):
            steps = own.iloc[0]["marks"]
            mean = np.exp(np.log(np.array(list(own["errors"]), float)).mean(axis=0))
            errors = np.where(mean < LARGEST, mean, np.nan)
            last = TEST if label == "RevNet" else colour
            axis.plot(steps, errors, marker="o", markersize=3, color=last, label=label)
            tables.append(pd.DataFrame({"network": label, "steps": steps, "error": mean}))
        axis.set(xlabel="steps", ylabel="relative error", xscale="log", yscale="log")
        of_magnitudes(axis.xaxis)
        of_magnitudes(axis.yaxis)
        canvas.legend(loc="outside upper left", ncols=3)
        svg = to_svg(canvas, name, "Error of networks that solve a Lasso")
        plt.close(canvas)
    reading = (
        "Distance to the solution of a Lasso relative to its norm, geometric mean over the "
        "problems. Each block makes one step of ISTA. With momentum the network converges; a "
        f"reversible network of two halves preserves volume and diverges (cut off at {LARGEST:g})."
    )
    data = pd.concat(tables, ignore_index=True)
    return Section(name, "Learning to optimise: a Lasso", reading, svg, data=data)
