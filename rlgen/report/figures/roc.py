"""Figures of a calibration: how well each detector separates overfitted from sound agents."""

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from rlgen.report.figures.base import FAINT, INK, TEST, TRAIN, Drawing, style, to_svg

#: Colours of the verdicts.
COLOURS = {"detects": "#2e8b57", "does not detect": "#c0504d", "inconclusive": "#9a7d0a"}


def forest(summary: Mapping[str, Any], population: str) -> Drawing:
    """Area under the ROC curve of each detector with its interval, in the order of the table."""
    data = pd.DataFrame(
        [
            {
                "check": detector["name"],
                **detector[population]["auc"],
                "verdict": detector[population]["verdict"],
            }
            for detector in summary["checks"]
        ]
    )
    name = f"forest-{population}"
    with style(name):
        canvas, axis = plt.subplots(figsize=(6.6, 0.6 + 0.24 * len(data)), layout="constrained")
        place = np.arange(len(data))[::-1]
        axis.axvspan(0.4, 0.6, color=FAINT, alpha=0.5, linewidth=0)
        axis.axvline(0.8, color=INK, linewidth=0.8, linestyle=":")
        for word, colour in COLOURS.items():
            mine = (data["verdict"] == word).to_numpy()
            if not mine.any():
                continue
            part = data[mine].astype({"value": float, "low": float, "high": float})
            axis.errorbar(
                part["value"],
                place[mine],
                xerr=[part["value"] - part["low"], part["high"] - part["value"]],
                fmt="o",
                color=colour,
                capsize=2,
                markersize=4,
                label=word,
            )
        axis.set_yticks(place, data["check"])
        axis.set_xlim(-0.02, 1.02)
        axis.grid(visible=False, axis="y")
        axis.set_xlabel("area under the ROC curve")
        canvas.legend(loc="outside upper left", ncols=3)
        svg = to_svg(canvas, name, f"Area under the ROC curve of each detector, {population}")
        plt.close(canvas)
    return Drawing(svg, data)


def curves(summary: Mapping[str, Any], population: str) -> Drawing:
    """The ROC curve of each detector, in small panels."""
    detectors = summary["checks"]
    rows = []
    name = f"roc-{population}"
    columns = 6
    with style(name):
        canvas, axes = plt.subplots(
            -(-len(detectors) // columns),
            columns,
            figsize=(9.2, 1.55 * -(-len(detectors) // columns) + 0.3),
            sharex=True,
            sharey=True,
            squeeze=False,
            layout="constrained",
        )
        for axis, detector in zip(axes.flat, detectors, strict=False):
            false, true = (np.asarray(values, float) for values in detector[population]["roc"])
            axis.plot([0, 1], [0, 1], color=FAINT, linewidth=1)
            axis.plot(false, true, color=TRAIN if not detector["leaves"] else TEST, linewidth=1.5)
            axis.set_title(detector["name"], fontsize=8)
            axis.set_xticks([0, 1])
            axis.set_yticks([0, 1])
            rows += [
                {"check": detector["name"], "false_positive_rate": f, "true_positive_rate": t}
                for f, t in zip(false, true, strict=True)
            ]
        for axis in axes.flat[len(detectors) :]:
            axis.set_visible(False)
        svg = to_svg(canvas, name, f"ROC curves of all detectors, {population}")
        plt.close(canvas)
    return Drawing(
        svg, pd.DataFrame(rows, columns=["check", "false_positive_rate", "true_positive_rate"])
    )
