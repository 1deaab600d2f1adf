"""Cases whose truth is known: what is measured of them must come out so."""

from collections.abc import Sequence

from rlgen.analysis.claims import Claim, Control, Part, above, fact
from rlgen.analysis.results import Results
from rlgen_protocols.graphs.estimates import rows, share
from rlgen_protocols.sato2020.ordering import ordered


def _path_and_star(results: Results, margins: Sequence[float]) -> list[Part]:
    table = rows(results.measured("telling"), model="gin")
    apart = list(table["path_star"] > margins[0])
    return [fact("difference of a path and a star, gin", apart, f"above {margins[0]:g}")]


def _permuted(results: Results, margins: Sequence[float]) -> list[Part]:
    table = results.measured("telling")
    return [
        fact(f"difference of a copy, {model}", list(own["copies"] > margins[0]), "more than that")
        for model, own in table.groupby("model", sort=True)
    ]


def _noise(results: Results, margins: Sequence[float]) -> list[Part]:
    own = rows(results.measured("ladder"), task="copies", model="rgin")
    if own.empty:
        return []
    right = share(own["test"], int(own["tests"].iloc[0]))
    return [above("accuracy on further copies, rgin", right, margins[0])]


def _chance(results: Results, margins: Sequence[float]) -> list[Part]:
    return ordered(results, "chance", margins[0])


CONTROLS = {
    "ST-K1": Control(
        Claim(
            "A GIN tells a path of five from a star of five.",
            "true: 1-WL does",
            "telling",
            {"relative difference": 1e-3},
            _path_and_star,
        ),
        "supported",
    ),
    "ST-K2": Control(
        Claim(
            "Some network tells a graph from a copy with its nodes in another order.",
            "false by construction",
            "telling",
            {"relative difference": 1e-5},
            _permuted,
            every=False,
        ),
        "refuted",
    ),
    "ST-K3": Control(
        Claim(
            "Random features learn random labels of copies of one maze, for further copies.",
            "false: nothing tells the copies apart",
            "ladder",
            {"accuracy": 0.6},
            _noise,
        ),
        "refuted",
    ),
    "ST-K4": Control(
        Claim(
            "A random number orders networks as their gap does.",
            "false by construction",
            "copies",
            {"tau": 0.5},
            _chance,
        ),
        "refuted",
    ),
}
