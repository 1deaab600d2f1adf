"""Claims that are checked exactly: memory and inversion."""

from collections.abc import Sequence

import numpy as np

from rlgen.analysis.claims import Claim, Part, fact
from rlgen.analysis.results import Results
from rlgen_protocols.sander2021.cloned import GAMMA


def _memory(results: Results, margins: Sequence[float]) -> list[Part]:
    rows = results.measured("memory")
    rows = rows[rows["gamma"] == GAMMA]
    ratios = []
    for _, own in rows.groupby(["seed", "width", "batch"]):
        if own["depth"].nunique() > 1:
            depth = own["depth"].to_numpy(float)
            kept = (own[name].to_numpy(float) for name in ("exact_bytes", "residual_bytes"))
            exact, residual = (np.polyfit(depth, each, 1)[0] for each in kept)
            ratios.append(exact / residual)
    what = f"bytes a layer at gamma = {GAMMA:g}, relative to a residual network's"
    return [fact(what, [ratio <= margins[0] for ratio in ratios], f"at most {margins[0]:g}")]


def _invertible(results: Results, margins: Sequence[float]) -> list[Part]:
    rows = results.measured("inversion")
    back = (rows["wrong_integers"] == 0) & rows["buffer_empty"].astype(bool)
    near = rows["gradient_error"] <= margins[0]
    return [
        fact("integers of all layers, and the buffer", list(back), "equal, and empty"),
        fact("relative error of gradients in float64", list(near), f"at most {margins[0]:g}"),
    ]


MEMORY = Claim(
    "The activation memory of a momentum network does not grow with its depth.",
    "abstract: a much smaller memory footprint",
    "memory",
    {"slope in depth, as a share of a residual network's": 0.01},
    _memory,
)
INVERTIBLE = Claim(
    "A momentum network is inverted exactly, and its gradients are those of backpropagation.",
    "abstract: the resulting networks are invertible",
    "inversion",
    {"relative error of gradients": 1e-6},
    _invertible,
)
