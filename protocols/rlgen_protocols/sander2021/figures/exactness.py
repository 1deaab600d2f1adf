"""Memory against depth, and errors of the inverse."""

import matplotlib.pyplot as plt

from rlgen.analysis.results import Results
from rlgen.papers import Section
from rlgen.report.figures.base import FURTHER, TEST, TRAIN, style, to_svg
from rlgen_protocols.sander2021.cloned import GAMMA
from rlgen_protocols.sander2021.figures.axes import of_magnitudes

#: Where an error of 0 is drawn.
NO_ERROR = 1e-18
_KEPT = {
    "residual_bytes": ("residual network, backpropagation", TRAIN, "o"),
    "momentum_bytes": ("momentum, backpropagation", FURTHER[0], "x"),
    "exact_bytes": ("momentum, integers run backwards", TEST, "s"),
}
_INVERSES = {
    "float32_error": ("float32", TRAIN, "o"),
    "float64_error": ("float64", FURTHER[0], "^"),
    "wrong_integers": ("integers: no error", TEST, "s"),
}


def memory(results: Results, name: str) -> Section | None:
    """Bytes that are kept for the backward pass, by depth."""
    rows = results.measured("memory")
    if rows.empty:
        return None
    gamma = GAMMA if GAMMA in set(rows["gamma"]) else float(rows["gamma"].iloc[0])
    own = rows[rows["gamma"] == gamma].groupby("depth")[list(_KEPT)].max()
    with style(name):
        canvas, axis = plt.subplots(figsize=(6.0, 3.2), layout="constrained")
        for column, (label, colour, marker) in _KEPT.items():
            axis.plot(own.index, own[column] / 1e6, marker=marker, color=colour, label=label)
        axis.set(xlabel="blocks", ylabel="megabytes kept", yscale="log")
        of_magnitudes(axis.yaxis, few=True)
        axis.legend(loc="upper left")
        svg = to_svg(canvas, name, "Memory by depth")
        plt.close(canvas)
    data = rows[["seed", "gamma", "depth", "width", "batch", *_KEPT]]
    reading = (
        f"Bytes that autograd keeps of a stack of blocks for its backward pass, at gamma = "
        f"{gamma:g}; counted are distinct storages without parameters, and the information "
        "buffer. In integers the line is flat, until a further word of 64 bits is needed."
    )
    return Section(name, "Memory by depth", reading, svg, data=data)


def inversion(results: Results, name: str) -> Section | None:
    """Error of the first position after running backwards, by depth."""
    rows = results.measured("inversion")
    if rows.empty:
        return None
    gammas = sorted(set(rows["gamma"]))
    with style(name):
        canvas, axes = plt.subplots(
            1,
            len(gammas),
            figsize=(0.6 + 2.7 * len(gammas), 3.1),
            sharey=True,
            squeeze=False,
            layout="constrained",
        )
        for axis, gamma in zip(axes.flat, gammas, strict=True):
            own = rows[rows["gamma"] == gamma].groupby("depth")[list(_INVERSES)].max()
            for column, (label, colour, marker) in _INVERSES.items():
                drawn = own[column].clip(lower=NO_ERROR)
                axis.plot(own.index, drawn, marker=marker, color=colour, label=label)
            axis.set(xlabel="blocks", xscale="log", yscale="log", title=f"gamma = {gamma:g}")
            of_magnitudes(axis.xaxis)
            of_magnitudes(axis.yaxis)
        axes[0, 0].set_ylabel("largest error of the input")
        handles, labels = axes[0, 0].get_legend_handles_labels()
        canvas.legend(handles, labels, loc="outside upper left", ncols=3)
        svg = to_svg(canvas, name, "Error of the inverse by depth and momentum")
        plt.close(canvas)
    reading = (
        "A network is run forwards and then backwards. In floating point the error grows by "
        "1 / gamma a block; errors are drawn up to 1e38. In integers all states come back, drawn "
        f"at {NO_ERROR:g}; gradients computed so differ from those of backpropagation in float64 "
        f"by {rows['gradient_error'].max():.1g} at most, relative to their norm."
    )
    return Section(name, "Inversion: floating point and integers", reading, svg, data=rows)
