"""Figures of clones of the planner beside their linear models."""

from collections.abc import Iterator
from typing import Any, cast

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from rlgen.analysis.results import Results
from rlgen.analysis.stats.bootstrap import percentile
from rlgen.analysis.stats.intervals import NAN, Estimate
from rlgen.papers import Section
from rlgen.report.figures.base import INK, TEST, TRAIN
from rlgen.report.template import piece
from rlgen.util.words import counted
from rlgen_protocols.ortizjimenez2021.evidence import cloned
from rlgen_protocols.ortizjimenez2021.figures.drawing import (
    COLOURS,
    WORDS,
    line,
    logarithmic,
    means,
    near,
    panels,
    ticks,
)
from rlgen_protocols.ortizjimenez2021.figures.published import PACKAGE
from rlgen_protocols.ortizjimenez2021.ordering import stratified_tau

_LABELS, _TRAINING, _OBSERVATIONS = "held-out labels", "training data", "held-out observations"
#: Numbers of a network that may order gaps: column, sign, words, what it looks at.
SCALARS = (
    ("rotation", 1, "rotation: turn towards training less that towards held-out labels", _LABELS),
    ("raw_rotation", 1, "the same over the mean eigenvalue, labels not centred", _LABELS),
    ("linear_gap", 1, "gap of the linear model", _LABELS),
    ("turned_train", -1, "turn towards training labels, negative", _TRAINING),
    ("velocity", 1, "velocity of the kernel", _TRAINING),
    ("net_train_accuracy", 1, "training accuracy", _TRAINING),
    ("confidence", 1, "confidence on held-out states", _OBSERVATIONS),
    ("dead", 1, "share of held-out states with a dead input", _OBSERVATIONS),
)
_HUES = ("#3b82c4", "#e07b39", "#4f9d69", "#c2569b", "#9a8b2f", "#7a6bd0", "#4aa5b8", "#8a6d5b")


def sections(results: Results) -> Iterator[Section]:
    """Return by number of levels, alignment while training, and what orders the gap."""
    rows = cloned(results)
    if rows.empty:
        return
    yield _levels(rows)
    yield _course(rows)
    yield _gap(rows)


def _levels(rows: pd.DataFrame) -> Section:
    data = means(
        rows,
        ["network", "flip_p", "n_train_levels"],
        {m: f"{m}_test" for m in (*COLOURS, "early")},
    )
    sizes = sorted(rows["n_train_levels"].unique())

    def draw(axis: Axes, network: str, p: float) -> None:
        own = data[(data["network"] == network) & (data["flip_p"] == p)]
        for model, colour in COLOURS.items():
            line(
                axis, own[own["what"] == model], "n_train_levels", color=colour, label=WORDS[model]
            )
        early = own[own["what"] == "early"]
        look: Any = {"color": COLOURS["net"], "alpha": 0.5, "linestyle": "--"}
        line(axis, early, "n_train_levels", label="network, stopped early", **look)
        ticks(axis, sizes)
        near(axis, data["mean"], -1.0, 1.1)
        axis.set(title=f"{network}, p = {p:g}", xlabel="training levels")

    networks, flips = (sorted(rows[key].unique()) for key in ("network", "flip_p"))
    svg = panels("oj-levels", networks, flips, draw, title="Return by levels", sharey=True)
    return Section(
        "levels",
        "Held-out return of network and linear models",
        "Normalised exact return on held-out levels, 1 is the planner and 0 the random agent, with "
        "95 % intervals over seeds, each with training levels of its own. p is the probability "
        "with which rewards are flipped in training. Stopped early is the network at the training "
        "loss at which the linear model ends: there the two are compared (OJ-02).",
        svg,
        data=data,
    )


def _course(rows: pd.DataFrame) -> Section:
    long = rows.explode(["checkpoints", "aligned_train", "aligned_test"])
    by = ["network", "flip_p", "n_train_levels", "checkpoints"]
    data = means(long, by, {"train": "aligned_train", "test": "aligned_test"})
    pairs = list(long.groupby(["network", "flip_p"], sort=True).groups)

    def draw(axis: Axes, pair: Any, n: int) -> None:
        network, p = pair
        same = (data["network"] == network) & (data["flip_p"] == p) & (data["n_train_levels"] == n)
        for what, colour in (("train", TRAIN), ("test", TEST)):
            own = data[same & (data["what"] == what)]
            words = "training labels" if what == "train" else "held-out labels"
            line(axis, own, "checkpoints", color=colour, label=words)
        axis.set_xscale("symlog", linthresh=10)
        axis.set_xticks([0, 10, 100, 1000], ["0", "10", "100", "1000"], fontsize=8)
        logarithmic(axis)
        axis.set(title=f"{network}, p = {p:g}, {counted(n, 'level')}", xlabel="step")

    sizes = sorted(rows["n_train_levels"].unique())
    svg = panels("oj-course", pairs, sizes, draw, title="Alignment while training", sharex=True)
    return Section(
        "course",
        "Alignment with training and held-out labels while training",
        "How much more the network's kernel agrees with the planner's labels than with the same "
        "labels permuted among the states, on equally many training and held-out states. 1 is "
        "chance. A kernel that turns to what is particular to the training levels raises the one "
        "line more than the other.",
        svg,
        data=data,
    )


def _gap(rows: pd.DataFrame) -> Section:
    settings = list(rows.groupby(["n_train_levels", "flip_p"], sort=True))
    colours = [_HUES[k % len(_HUES)] for k in range(len(settings))]
    marks = dict(zip(sorted(rows["network"].unique()), "o^sD" * 10, strict=False))

    def draw(axis: Axes, _row: int, _column: int) -> None:
        for ((n, p), own), colour in zip(settings, colours, strict=True):
            for network, points in own.groupby("network", sort=True):
                label = (
                    f"{counted(cast(int, n), 'level')}, p = {p:g}"
                    if network == min(marks)
                    else None
                )
                axis.scatter(
                    points["rotation"],
                    points["gap"],
                    s=22,
                    c=colour,
                    marker=marks[network],
                    label=label,
                )
        axis.axvline(0, color=INK, linewidth=0.8)
        words = ", ".join(f"{mark} {name}" for name, mark in marks.items())
        axis.set_title(words.replace("o ", "● ").replace("^ ", "▲ "))
        axis.set(xlabel="rotation towards training labels", ylabel="gap in normalised return")

    svg = panels("oj-gap", [0], [0], draw, title="Gap by rotation", size=(7.0, 4.0))
    table = orderings(rows)
    columns = ["network", "n_train_levels", "flip_p", "seed", "gap", *(key for key, *_ in SCALARS)]
    return Section(
        "gap",
        "What orders the gap",
        "Each point is a network: how much more its kernel turned towards training than towards "
        "held-out labels (log of the change of alignment), and its gap. Colours are what networks "
        "have in common; only pairs of one colour are compared in the table, since levels and p "
        "alone order gaps. A number says something only if its interval is above 0 and it leads "
        "training accuracy. Those that look at held-out labels explain; others predict.",
        svg,
        piece(PACKAGE, "orderings.html", rows=table),
        rows[columns],
    )


def orderings(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """The stratified tau of each scalar with the gap, and its lead over training accuracy."""
    strata = rows[["n_train_levels", "flip_p"]].astype(str).agg(" ".join, axis=1)
    taus = {
        key: stratified_tau(sign * rows[key].astype(float), rows["gap"], strata, rows["seed"])
        for key, sign, *_ in SCALARS
    }
    accuracy = taus["net_train_accuracy"]
    table = []
    for key, _, what, looks_at in SCALARS:
        own, lead = taus[key], Estimate(NAN, reason="itself")
        if key != "net_train_accuracy":
            value = own.estimate.mean - accuracy.estimate.mean
            lead = Estimate(value, reason="too few seeds for an interval")
            if len(own.draws) and len(own.draws) == len(accuracy.draws):
                lead = percentile(value, np.asarray(own.draws - accuracy.draws))
        table.append(
            {
                "what": what,
                "looks_at": looks_at,
                "tau": own.estimate.shown,
                "reason": own.estimate.reason,
                "lead": lead.shown,
                "lead_reason": lead.reason,
            }
        )
    return table
