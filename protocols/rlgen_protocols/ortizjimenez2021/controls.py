"""Cases whose truth is known: what is measured of them must come out so."""

from collections.abc import Sequence

from rlgen.analysis.claims import Claim, Control, Part, above, fact, within
from rlgen.analysis.results import Results
from rlgen.analysis.stats.intervals import Estimate
from rlgen_protocols.ortizjimenez2021.evidence import LINEAR, WIDE, cloned, controls, over_seeds


def _still(results: Results, margins: Sequence[float]) -> list[Part]:
    rows, most = controls(results, LINEAR), margins[0]
    return [
        fact(f"{what} of a network without hidden units", list(rows[key].abs() <= most), words)
        for key, what, words in (
            ("velocity", "velocity", f"at most {most:g}"),
            ("turned_train", "change of training alignment", f"at most {most:g}"),
            ("turned_test", "change of held-out alignment", f"at most {most:g}"),
            ("beyond_linear", "distance from its Taylor expansion", f"at most {most:g}"),
        )
    ]


def _closed_form(results: Results, margins: Sequence[float]) -> list[Part]:
    rows = results.measured("kernel-regression")
    exact = list(rows["largest_error"] <= margins[0])
    return [
        fact("loss against its closed form", exact, f"apart by at most {margins[0]:g}"),
        fact("order of losses", [bool(v) for v in rows["ordered"]], "that of the eigenvalues"),
    ]


def _by_chance(results: Results, margins: Sequence[float]) -> list[Part]:
    turned = over_seeds(cloned(results), lambda own: own["turned_permuted"].mean())
    return [_outside("change of alignment with permuted held-out labels", turned, margins[0])]


def _wide(results: Results, margins: Sequence[float]) -> list[Part]:
    rows = controls(results, WIDE)

    def mean(key: str) -> Estimate:
        return over_seeds(rows, lambda own: own[key].mean())

    return [
        above("velocity of a wide network", mean("velocity"), margins[0]),
        _outside("change of its alignment with training labels", mean("turned_train"), margins[1]),
        _outside("change of its alignment with held-out labels", mean("turned_test"), margins[1]),
    ]


def _outside(what: str, estimate: Estimate, margin: float) -> Part:
    """The number is farther from 0 than the margin."""
    part = within(what, estimate, margin)
    words = f"not {part.requirement}"
    return Part(what, estimate, words, part.p_refuted, part.p_supported)


CONTROLS = {
    "OJ-K1": Control(
        Claim(
            "The kernel of a network without hidden units stays as it is, and the network is its "
            "own linearization.",
            "by algebra",
            "gap",
            {"largest deviation": 1e-6},
            _still,
        ),
        "supported",
    ),
    "OJ-K2": Control(
        Claim(
            "Gradient descent on an eigenvector with squared loss goes as its eigenvalue says.",
            "by algebra",
            "eigen-tasks",
            {"largest difference of losses, as shares of the first": 1e-6},
            _closed_form,
        ),
        "supported",
    ),
    "OJ-K3": Control(
        Claim(
            "Kernels turn towards held-out labels that are permuted among the states.",
            "false by construction",
            "gap",
            {"change of the log alignment": 0.05},
            _by_chance,
        ),
        "refuted",
    ),
    "OJ-K4": Control(
        Claim(
            "The kernel of a network with 4,096 units in NTK parametrisation moves.",
            "false in the limit: Jacot et al. 2018",
            "gap",
            {"velocity": 0.01, "change of the log alignment": 0.05},
            _wide,
            every=False,
        ),
        "refuted",
    ),
}
