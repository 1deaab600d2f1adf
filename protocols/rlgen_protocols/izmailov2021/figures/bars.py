"""Methods beside each other: bars of scores and of closeness to HMC, and dots by set of states."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes

from rlgen.papers import Section
from rlgen.report.figures.base import FURTHER, TEST, TRAIN, bars, select, style, to_svg
from rlgen_protocols.izmailov2021 import measuring, methods
from rlgen_protocols.izmailov2021.data import LIT, OPENED
from rlgen_protocols.izmailov2021.evidence import Evidence, kinds
from rlgen_protocols.izmailov2021.figures import frames

#: Numbers of cells as the page calls them.
NAMES = {
    "accuracy": "accuracy",
    "excess_nll": "excess loss, nats",
    "ece": "calibration error",
    "score": "normalised return",
    "greedy_score": "normalised return, greedy",
    "tv": "total variation to HMC",
    "agreement": "agreement with HMC",
}
#: Methods whose dots stand side by side in the figure of shifts.
SHIFTED = (
    methods.HMC,
    methods.MAP,
    methods.TUNED,
    methods.WEAK + methods.ENSEMBLE,
    methods.UNDECAYED,
    methods.SGLD,
    methods.MFVI,
)


def compared(evidence: Evidence) -> Section | None:
    """Accuracy, excess loss, calibration error and return of every method."""
    keys = ("accuracy", "excess_nll", "ece", "score", "greedy_score")
    states = (measuring.UNLIT, measuring.ALL)
    data = frames.scores(evidence, kinds(), states, keys)
    if data.empty:
        return None
    # Greedy returns are of episodes from the levels' own starts alone, and are in the table.
    svg = _panels("methods", data, keys[:-1], states, "Scores of every method")
    return Section(
        "methods",
        "Figure 1: what averaging is worth",
        "A row of panels a setting and set of states; bars are means over data sets with their 95 "
        "% intervals. Unlit states light no input that training never lit: they are as those of "
        "training. Networks without -ensemble are single ones. Excess loss is the cross-entropy "
        "less the entropy of the label.",
        svg,
        data=data,
    )


def closeness(evidence: Evidence) -> Section | None:
    """How far each method is from HMC."""
    keys, states = ("tv", "agreement"), (measuring.ALL,)
    data = frames.scores(evidence, kinds()[1:], states, keys)
    if data.empty:
        return None
    svg = _panels("closeness", data, keys, states, "Closeness of every method to HMC")
    return Section(
        "closeness",
        "Figure 2: closeness to HMC",
        "Mean total variation to HMC's average, and the share of held-out states with the same "
        "most probable action. One chain of HMC shows how near a perfect sampler of as many draws "
        "comes.",
        svg,
        data=data,
        note="The paper's own numbers on CIFAR-10 could not be read in a source and are not shown.",
    )


def _panels(
    name: str, data: pd.DataFrame, keys: Sequence[str], states: Sequence[str], title: str
) -> str:
    rows = [
        (setting, group)
        for setting in data["setting"].unique()
        for group in states
        if not select(data, setting=setting, states=group).empty
    ]
    order = [method for method in kinds() if method in set(data["method"])]
    with style(name):
        size = (0.6 + 2.1 * len(keys) + 1.0, (0.35 + 0.19 * len(order)) * len(rows) + 0.4)
        canvas, axes = plt.subplots(
            len(rows), len(keys), figsize=size, sharey=True, squeeze=False, layout="constrained"
        )
        for line, (setting, group) in zip(axes, rows, strict=True):
            for axis, key in zip(line, keys, strict=True):
                own = select(data, setting=setting, states=group, number=key)
                _bars(axis, own, order)
                axis.set_xlabel(NAMES[key])
            line[0].set_title(f"{setting}: {group} states", loc="left")
        svg = to_svg(canvas, name, title)
        plt.close(canvas)
    return svg


def _bars(axis: Axes, own: pd.DataFrame, order: Sequence[str]) -> None:
    places = [len(order) - order.index(method) for method in own["method"]]
    colours = [_colour(method) for method in own["method"]]
    low, high = bars(own)
    axis.barh(places, own["mean"], 0.7, color=colours, xerr=[low, high], error_kw={"capsize": 2})
    axis.set_yticks(range(1, len(order) + 1), order[::-1])
    axis.axvline(0, linewidth=0.6, color="gray")


def _colour(method: str) -> str:
    if method in (methods.HMC, methods.CHAIN):
        return TEST
    if method.endswith(methods.ENSEMBLE):
        return FURTHER[0]
    return TRAIN if method not in (methods.SGLD, methods.MFVI) else FURTHER[1]


def shifted(evidence: Evidence, published: str) -> Section | None:
    """Every method on unlit, lit and synthetically shifted states.

    Args:
        evidence: Of the study.
        published: Markup of the published differences beside ours.
    """
    keys = ("accuracy", "excess_nll", "score")
    names = _states()
    data = frames.scores(evidence, SHIFTED, names, keys)
    if data.empty:
        return None
    rows = list(data["setting"].unique())
    with style("shift"):
        canvas, axes = plt.subplots(
            len(rows),
            len(keys),
            figsize=(4.2 * len(keys), 2.7 * len(rows) + 0.4),
            squeeze=False,
            layout="constrained",
        )
        for line, setting in zip(axes, rows, strict=True):
            for axis, key in zip(line, keys, strict=True):
                _dots(axis, select(data, setting=setting, number=key), names)
                axis.set_ylabel(NAMES[key])
            line[0].set_title(setting, loc="left")
        handles, labels = axes[0][0].get_legend_handles_labels()
        canvas.legend(handles, labels, loc="outside upper left", ncols=len(SHIFTED))
        svg = to_svg(canvas, "shift", "Accuracy, loss and return of methods on shifted states")
        plt.close(canvas)
    return Section(
        "shift",
        "Figure 3: under shift",
        "Unlit states light no input that was 0 in all training states, lit ones do. In lit 5 % "
        "and lit 20 % each such input is lit at random in every held-out state, in walls open 25 "
        "% each wall is left out of the observation. Weights of such inputs are drawn from the "
        "prior by a posterior, 0 in a mode, and where they began in a network without decay. "
        "Returns on unlit and lit states are of episodes that start there.",
        svg,
        published,
        data=data,
    )


def _states() -> Mapping[str, str]:
    """Sets of states with the words of the figure."""
    synthetic = {name: f"lit {share:.0%}" for name, share in LIT.items()}
    opened = {name: f"walls open {share:.0%}" for name, share in OPENED.items()}
    names = {name: name for name in (measuring.UNLIT, measuring.ALL, measuring.LIT)}
    return {**names, **synthetic, **opened}


def _dots(axis: Axes, own: pd.DataFrame, names: Mapping[str, str]) -> None:
    order = list(names)
    colours = (TEST, TRAIN, *FURTHER)
    for i, (method, colour) in enumerate(zip(SHIFTED, colours, strict=False)):
        points = select(own, method=method)
        x = [order.index(group) + (i - len(SHIFTED) / 2) * 0.1 for group in points["states"]]
        axis.errorbar(
            x, points["mean"], yerr=bars(points), fmt="o", markersize=4, color=colour, label=method
        )
    axis.set_xticks(range(len(order)), list(names.values()), rotation=20, ha="right")
