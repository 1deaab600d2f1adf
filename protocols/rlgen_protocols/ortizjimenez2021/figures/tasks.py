"""Figures of tasks with two classes: eigenvectors and neural anisotropy directions."""

from itertools import product

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from rlgen.papers import Section
from rlgen.report.figures.base import INK, style, to_svg
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

_BOTH = ("net", "linear")


def complexity(rows: pd.DataFrame) -> Section:
    """Alignment, loss and accuracy against the eigenvector's index."""
    judged = {f"{model} {what}": f"{model}_{what}" for model, what in product(_BOTH, _WHATS[1:])}
    data = means(rows, ["network", "index"], {"alignment": "aligned", **judged})
    indices = sorted(rows["index"].unique())

    def draw(axis: Axes, network: str, what: str) -> None:
        own = data[data["network"] == network]
        if what == "alignment":
            line(axis, own[own["what"] == what], "index", color=INK)
        else:
            for model in _BOTH:
                some = own[own["what"] == f"{model} {what}"]
                line(axis, some, "index", color=COLOURS[model], label=WORDS[model])
        if what == "accuracy":
            accuracies = data[data["what"].str.endswith("accuracy")]
            near(axis, accuracies["mean"], 0.0, 1.02)
        else:
            logarithmic(axis)
        ticks(axis, indices)
        axis.set(title=f"{network}, {_TITLES[what]}", xlabel="index of the eigenvector")

    networks = sorted(rows["network"].unique())
    svg = panels("oj-eigen", networks, _WHATS[::-1], draw, title="Alignment, loss and accuracy")
    return Section(
        "eigen-tasks",
        "Eigen-tasks: alignment, training loss and accuracy",
        "Each task is the signs of one eigenvector of the network's own kernel before training; "
        "the index counts eigenvalues from the largest, and 1, which is nearly constant, is left "
        "out. The alignment is that of centred training labels over that of the same labels "
        "permuted: 1 is chance. If the kernel ranks how hard tasks are, the loss rises as the "
        "alignment falls, for the network too. Where the lines of accuracy cross, the linear "
        "model generalises better on one side.",
        svg,
        data=data,
    )


_WHATS = ("alignment", "loss", "accuracy")
_TITLES = {"alignment": "alignment", "loss": "training loss, nats", "accuracy": "test accuracy"}


def turning(rows: pd.DataFrame) -> Section:
    """By trained task, how alignments of all eigenvectors changed."""
    table = []
    for (network, index), own in rows.groupby(["network", "index"], sort=True):
        changes = np.log10(
            [np.divide(*v) for v in zip(own["spectrum_after"], own["spectrum_before"], strict=True)]
        ).mean(axis=0)
        for rank, change in zip(own["ranks"].iloc[0], changes, strict=True):
            table.append(
                {"network": network, "task": index, "eigenvector": rank, "change": float(change)}
            )
    data = pd.DataFrame(table)
    networks = sorted(data["network"].unique())
    with style("oj-turning"):
        canvas, grid = plt.subplots(
            1,
            len(networks),
            figsize=(max(5.5, 4 * len(networks)), 3.4),
            squeeze=False,
            layout="constrained",
        )
        most = float(data["change"].abs().max())
        for axis, network in zip(grid[0], networks, strict=True):
            own = data[data["network"] == network]
            cells = own.pivot(index="eigenvector", columns="task", values="change")
            image = axis.imshow(cells, cmap="RdBu_r", vmin=-most, vmax=most, aspect="auto")
            axis.set_xticks(range(cells.shape[1]), list(map(str, cells.columns)), fontsize=8)
            axis.set_yticks(range(cells.shape[0]), list(map(str, cells.index)), fontsize=8)
            axis.set(title=network, xlabel="task trained on", ylabel="eigenvector")
            axis.grid(visible=False)
        canvas.colorbar(image, ax=grid[0].tolist(), label="log10 of the change of alignment")
        svg = to_svg(canvas, "oj-turning", "Change of alignments by task")
        plt.close(canvas)
    return Section(
        "turning",
        "Eigen-tasks: which eigenvectors the kernel turns to",
        "Each column is a task, the signs of the eigenvector with this index; each row is an "
        "eigenvector of the kernel before training. Colours say how its alignment changed by the "
        "end, mean over seeds. A kernel that turns to its task alone raises the cells on the "
        "diagonal, where row and column are one.",
        svg,
        data=data,
    )


def directions(rows: pd.DataFrame) -> Section:
    """Accuracy against the index of the direction that separates."""
    data = means(rows, ["network", "index"], {m: f"{m}_accuracy" for m in _BOTH})
    indices = sorted(rows["index"].unique())

    def draw(axis: Axes, _row: int, network: str) -> None:
        for model in _BOTH:
            own = data[(data["network"] == network) & (data["what"] == model)]
            line(axis, own, "index", color=COLOURS[model], label=WORDS[model])
        ticks(axis, indices)
        axis.axhline(0.5, color=INK, linewidth=0.8)
        near(axis, [*data["mean"], 0.5], 0.0, 1.02)
        axis.set(title=network, xlabel="index of the direction", ylabel="test accuracy")

    networks = sorted(rows["network"].unique())
    svg = panels("oj-nads", [0], networks, draw, title="Accuracy by direction", sharey=True)
    return Section(
        "nads",
        "Neural anisotropy directions",
        "Two classes differ in one direction alone, by one standard deviation of the noise in all "
        "others. Directions are the singular vectors of the mixed derivative of the network's "
        "output by weights and input before training, in their order. A perfect classifier has 1 "
        "for all of them; the line is chance.",
        svg,
        data=data,
    )
