"""Histograms of R-hat, and reliability diagrams."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from rlgen.papers import Section
from rlgen.report.figures.base import FURTHER, TEST, TRAIN, select, style, to_svg
from rlgen_protocols.izmailov2021 import methods
from rlgen_protocols.izmailov2021.evidence import Evidence
from rlgen_protocols.izmailov2021.experiments import EDGES
from rlgen_protocols.izmailov2021.figures import frames
from rlgen_protocols.izmailov2021.metrics import MIXED


def mixing(evidence: Evidence) -> Section | None:
    """Histograms of R-hat in function space and in weight space."""
    sets = frames.settings(evidence)
    if not sets:
        return None
    rows, kinds = (
        [],
        {"function_r_hat": ("held-out probabilities", TEST), "weight_r_hat": ("weights", TRAIN)},
    )
    for setting, own in sets:
        for key, (name, _) in kinds.items():
            counts = np.sum(own[key].tolist(), axis=0)
            for low, high, share in zip(EDGES, EDGES[1:], counts / counts.sum(), strict=False):
                rows.append((setting, name, low, high, share))
    data = pd.DataFrame(rows, columns=["setting", "of", "from", "to", "share"])
    with style("r-hat"):
        canvas, axes = plt.subplots(
            1,
            len(sets),
            figsize=(4.2 * len(sets), 2.9),
            sharey=True,
            squeeze=False,
            layout="constrained",
        )
        for axis, (setting, own) in zip(axes[0], sets, strict=True):
            for name, colour in kinds.values():
                part = select(data, setting=setting, of=name)
                axis.stairs(
                    part["share"],
                    [*part["from"], EDGES[-2] + 0.01],
                    fill=True,
                    alpha=0.55,
                    color=colour,
                    label=name,
                )
            axis.axvline(MIXED, linewidth=1, color="gray")
            axis.set_yscale("log")
            frames.written(axis.yaxis)
            axis.set_xlabel("R-hat (last bin: all above)")
            mixed, acceptance = own["function_r_hat_share"].mean(), own["acceptance"].mean()
            axis.set_title(
                f"{setting}\nbelow {MIXED}: {mixed:.1%} of probabilities, "
                f"{own['weight_r_hat_share'].mean():.0%} of weights\nacceptance {acceptance:.2f}",
                loc="left",
            )
        axes[0][0].set_ylabel("share")
        axes[0][0].legend()
        svg = to_svg(canvas, "r-hat", "Histograms of R-hat")
        plt.close(canvas)
    return Section(
        "r-hat",
        "Figure 4: do the chains mix?",
        "R-hat compares the spread of all chains with that of each; near 1 they are drawn from "
        "one distribution. Hidden units can change places and signs, so that weights need not mix "
        "where what the network computes does. A set of chains counts only if acceptance lies "
        "from .6 to .98 and 95 % of function-space R-hat are below 1.1.",
        svg,
        data=data,
    )


#: Methods whose reliability is drawn.
CALIBRATED: Sequence[str] = (
    methods.HMC,
    methods.MAP,
    methods.WEAK,
    methods.WEAK + methods.ENSEMBLE,
    methods.SGLD,
    methods.MFVI,
)


def reliability(evidence: Evidence) -> Section | None:
    """Accuracy by confidence."""
    sets = frames.settings(evidence)
    rows = []
    for setting, own in sets:
        for method in CALIBRATED:
            tables = [cell[method] for cell in own["reliability"] if method in cell]
            for bins in zip(*tables, strict=True):  # of all data sets
                states, confidence, accuracy = np.array(bins, dtype=float).T
                if n := states.sum():
                    means = [np.nansum(states * each) / n for each in (confidence, accuracy)]
                    rows.append((setting, method, int(n), *means))
    if not rows:
        return None
    data = pd.DataFrame(rows, columns=["setting", "method", "states", "confidence", "accuracy"])
    with style("reliability"):
        canvas, axes = plt.subplots(
            1,
            len(sets),
            figsize=(3.6 * len(sets), 3.3),
            sharey=True,
            squeeze=False,
            layout="constrained",
        )
        for axis, (setting, _) in zip(axes[0], sets, strict=True):
            axis.plot([0, 1], [0, 1], "--", color="gray", linewidth=0.8)
            for method, colour in zip(CALIBRATED, (TEST, TRAIN, *FURTHER), strict=False):
                own = select(data, setting=setting, method=method)
                axis.plot(
                    own["confidence"],
                    own["accuracy"],
                    "o-",
                    markersize=3,
                    color=colour,
                    label=method,
                )
            axis.set_xlabel("probability of the most probable action")
            axis.set_title(setting, loc="left")
        axes[0][0].set_ylabel("share in which it is optimal")
        handles, labels = axes[0][0].get_legend_handles_labels()
        canvas.legend(handles, labels, loc="outside upper left", ncols=len(CALIBRATED))
        svg = to_svg(canvas, "reliability", "Reliability diagrams")
        plt.close(canvas)
    return Section(
        "reliability",
        "Figure 8: reliability",
        "Held-out states by confidence, over all data sets; below the diagonal is overconfident. "
        "Labels are distributions: where two actions are optimal, a policy that is right about "
        "both has a confidence of a half and is never wrong.",
        svg,
        data=data,
    )
