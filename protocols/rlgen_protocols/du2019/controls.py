"""Cases whose truth is known: what is measured of them must come out so."""

from collections.abc import Sequence

import pandas as pd

from rlgen.analysis.claims import Claim, Control, Part, below, fact
from rlgen.analysis.results import Results
from rlgen_protocols.du2019.estimates import curves, errors
from rlgen_protocols.graphs.estimates import mean


def _identities(results: Results, margins: Sequence[float]) -> list[Part]:
    rows, most = results.measured("identities"), margins[0]
    apart = f"apart by at most {most:g}"
    return [
        fact(
            "least eigenvalue over the largest",
            list(rows["least_eigenvalue"] >= -most),
            f"at least {-most:g}",
        ),
        *(
            fact(f"kernel and that of {words}", list(rows[key] <= most), apart)
            for key, words in (
                ("asymmetry", "graphs in reverse order"),
                ("permuted", "graphs whose nodes were permuted"),
                ("linear", "summed features, of no blocks"),
            )
        ),
    ]


def _widest(results: Results, key: str, margin: float) -> list[Part]:
    rows = results.measured("width")
    widest = rows[rows["width"] == rows["width"].max()]
    near = list(widest[key] <= margin)
    return [fact("relative distance of the widest network", near, f"at most {margin:g}")]


def _half(results: Results, margins: Sequence[float]) -> list[Part]:
    return _widest(results, "deviation", margins[0])


def _whole(results: Results, margins: Sequence[float]) -> list[Part]:
    return _widest(results, "deviation_whole", margins[0])


def _permuted(results: Results, margins: Sequence[float]) -> list[Part]:
    table = errors(curves(results, permuted=True), "theorem", "gntk-uniform")
    values = pd.Series(dtype=float) if table.empty else table.iloc[:, -1]
    return [below("error with permuted targets", mean(values), margins[0])]


def _bridges(results: Results, margins: Sequence[float]) -> list[Part]:
    rows = results.measured("bridges")
    return [
        fact(f"error of {words}", list(rows[key] < margins[0]), f"below {margins[0]:g}")
        for key, words in (("nmse", "the kernel"), ("wl_nmse", "the subtree kernel"))
    ]


CONTROLS = {
    "DU-K1": Control(
        Claim(
            "The kernel is symmetric, positive semi-definite, the same for permuted nodes, and "
            "without blocks that of summed features.",
            "by algebra",
            "theorem",
            {"largest relative deviation": 1e-8},
            _identities,
        ),
        "supported",
    ),
    "DU-K2": Control(
        Claim(
            "The tangent kernel of a wide network is half of the recursion's.",
            "by algebra, in the limit",
            "width",
            {"relative distance": 0.05},
            _half,
        ),
        "supported",
    ),
    "DU-K3": Control(
        Claim(
            "The tangent kernel of a wide network is the recursion's itself.",
            "false: the authors' code doubles it",
            "width",
            {"relative distance": 0.05},
            _whole,
        ),
        "refuted",
    ),
    "DU-K4": Control(
        Claim(
            "The kernel predicts targets that were permuted among the graphs.",
            "false by construction",
            "theorem",
            {"error as a share of the variance": 0.95},
            _permuted,
        ),
        "refuted",
    ),
    "DU-K5": Control(
        Claim(
            "Some kernel predicts which of two graphs has a bridge that refinement cannot tell "
            "apart.",
            "false by construction",
            "bridges",
            {"error as a share of the variance": 0.95},
            _bridges,
            every=False,
        ),
        "refuted",
    ),
}
