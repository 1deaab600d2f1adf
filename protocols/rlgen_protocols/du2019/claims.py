"""What the paper says, as tests on our runs."""

from collections.abc import Sequence

from rlgen.analysis.claims import Claim, Part, above, below, fact, within
from rlgen.analysis.results import Results
from rlgen.analysis.stats.intervals import NAN, Estimate
from rlgen_protocols.du2019.estimates import curves, errors, paired, shared, slope
from rlgen_protocols.graphs.estimates import NO_RUNS

KERNELS, WL, GIN = ("gntk-uniform", "gntk-norm"), "wl", "gin"
#: Tasks whose nodes show what is asked for: degrees where dead ends are counted.
COMPARED = ("theorem", "dead-ends", "junctions", "steps")
#: The most training graphs at which the two are compared.
MOST = 300


def _smooth(results: Results, margins: Sequence[float]) -> list[Part]:
    rows, parts = curves(results), []
    baseline = errors(rows, "theorem", WL)
    for kernel in KERNELS:
        own = errors(rows, "theorem", kernel)
        parts.append(below(f"slope of log error in log graphs, {kernel}", slope(own), margins[0]))
        for size in shared(own, baseline):
            what = f"error less that of the subtree kernel, {kernel}, {size} graphs"
            parts.append(below(what, paired(own, baseline, size), 0.0))
    return parts


def _last(results: Results, task: str) -> tuple[str, Estimate]:
    """Error of the kernel less that of the network with the most graphs, and what it is."""
    rows = curves(results)
    one, other = (errors(rows, task, method) for method in (KERNELS[0], GIN))
    sizes = [size for size in shared(one, other) if size <= MOST]
    if not sizes:
        return f"error less that of GIN: {task}", Estimate(NAN, reason=NO_RUNS)
    words = f"error less that of GIN: {task}, {sizes[-1]} graphs"
    return words, paired(one, other, sizes[-1])


def _competitive(results: Results, margins: Sequence[float]) -> list[Part]:
    return [within(*_last(results, task), margins[0]) for task in COMPARED]


def _no_worse(results: Results, margins: Sequence[float]) -> list[Part]:
    return [below(*_last(results, task), margins[0]) for task in COMPARED]


def _unseen(results: Results, margins: Sequence[float]) -> list[Part]:
    return [above(*_last(results, "dead-ends-unseen"), margins[0])]


def _impossible(results: Results, margins: Sequence[float]) -> list[Part]:
    rows = results.measured("bridges")
    return [
        fact(
            f"relative difference between the rows of a pair, {setting}",
            list(own["difference"] <= margins[0]),
            f"at most {margins[0]:g}",
        )
        for setting, own in rows.groupby("setting", sort=True)
    ]


CLAIMS = {
    "DU-01": Claim(
        "The kernel learns smooth functions of graphs: the error falls as a power of the number of "
        "graphs, and is below that of the Weisfeiler-Lehman subtree kernel with any number.",
        "abstract, and the theorem on sample complexity",
        "theorem",
        {"slope of log error in log graphs": -0.2},
        _smooth,
    ),
    "DU-02": Claim(
        "The kernel is as good as a trained graph network on at most 300 graphs.",
        "abstract: strong performance",
        "mazes",
        {"difference of errors, as shares of the variance": 0.05},
        _competitive,
    ),
    "DU-03": Claim(
        "The kernel cannot tell apart what Weisfeiler-Lehman refinement cannot, as graph networks.",
        "abstract: the expressive power of graph networks",
        "bridges",
        {"relative difference": 1e-8},
        _impossible,
    ),
    "DU-04": Claim(
        "The kernel is not worse than a trained graph network on at most 300 graphs.",
        "abstract: strong performance; our reading of DU-02, declared after a trial of one seed",
        "mazes",
        {"difference of errors, as shares of the variance": 0.05},
        _no_worse,
    ),
    "DU-05": Claim(
        "Where nodes show no degrees, the kernel, of networks without biases, counts dead ends "
        "worse than a trained network, which has them.",
        "our question, with DU-02's margin, declared after a trial of one seed",
        "mazes",
        {"difference of errors, as shares of the variance": 0.05},
        _unseen,
    ),
}
