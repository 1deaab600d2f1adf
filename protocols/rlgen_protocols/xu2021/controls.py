"""Cases whose truth is known, by which the measurements themselves are judged (method B, S5)."""

from collections.abc import Sequence

from rlgen.analysis.claims import Claim, Control, Part, fact
from rlgen.analysis.parts import REFUTED, SUPPORTED
from rlgen.analysis.results import Results
from rlgen_protocols.xu2021.evidence import rows


def _interpolates(results: Results, margins: Sequence[float], training: str) -> list[Part]:
    errors = rows(results.measured("tangent-kernel"), training=training)["error"]
    words = f"at most {margins[0]:g}"
    return [fact("error over the norm of the targets", (errors <= margins[0]).tolist(), words)]


def _all(results: Results, margins: Sequence[float]) -> list[Part]:
    return _interpolates(results, margins, "basis-and-opposites")


def _basis(results: Results, margins: Sequence[float]) -> list[Part]:
    return _interpolates(results, margins, "basis")


def _but_one(results: Results, margins: Sequence[float]) -> list[Part]:
    return _interpolates(results, margins, "one-opposite-missing")


def _exact(results: Results, margins: Sequence[float]) -> list[Part]:
    table = results.measured("bellman-ford")
    words = f"at most {margins[0]:g}"
    return [
        fact(what, (table[column] <= margins[0]).tolist(), words)
        for column, what in (
            ("hops", "difference from shortest walks of at most k edges"),
            ("end", "difference from Dijkstra's distances"),
            ("maze", "error of a maze network set by hand"),
        )
    ]


_MARGIN = {"error": 1e-9}

CONTROLS: dict[str, Control] = {
    "XU-K1": Control(
        Claim(
            "The tangent kernel predicts linear functions everywhere from an orthogonal basis and "
            "its opposites.",
            "known to be true: lemma 1, as the authors' README has it",
            "directions",
            _MARGIN,
            _all,
        ),
        SUPPORTED,
    ),
    "XU-K2": Control(
        Claim(
            "It does so from the basis alone.",
            "known to be false",
            "directions",
            _MARGIN,
            _basis,
        ),
        REFUTED,
    ),
    "XU-K3": Control(
        Claim(
            "It does so with one of the opposites missing.",
            "known to be false",
            "directions",
            _MARGIN,
            _but_one,
        ),
        REFUTED,
    ),
    "XU-K4": Control(
        Claim(
            "Messages that are Bellman and Ford's steps give the shortest walks of at most k edges "
            "after k rounds, and a maze network set to them all distances at any size.",
            "known to be true",
            "mazes",
            _MARGIN,
            _exact,
        ),
        SUPPORTED,
    ),
}
