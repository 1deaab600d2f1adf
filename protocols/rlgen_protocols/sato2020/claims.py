"""The survey's statements, with margins declared before anything was trained."""

from collections.abc import Sequence

from rlgen.analysis.claims import Claim, Part, above, fact
from rlgen.analysis.results import Results
from rlgen_protocols.graphs.estimates import difference, rows, share
from rlgen_protocols.sato2020.evidence import bridges
from rlgen_protocols.sato2020.networks import MESSAGE_PASSING
from rlgen_protocols.sato2020.ordering import ordered

#: Mazes that the cost of identity is measured with, and that the ladder is.
FEW, MANY = 100, 400
RANGES = {"test": "in range", "far": "beyond it"}


def _equal(results: Results, margins: Sequence[float]) -> list[Part]:
    exact, single = margins
    table = results.measured("telling")
    parts = []
    for model in MESSAGE_PASSING:
        own = rows(table, model=model)
        if len(own):
            small = [*(own["largest"] <= exact), *(own["largest32"] <= single)]
            words = f"at most {exact:g} in float64, {single:g} in float32"
            parts.append(fact(f"difference within pairs, {model}", small, words))
    return parts


def _never_learn(results: Results, margins: Sequence[float]) -> list[Part]:
    table = bridges(results)
    parts = []
    for model in MESSAGE_PASSING:
        own = rows(table, model=model)
        if len(own):
            half = [value == margins[0] for key in RANGES for value in own[key]]
            parts.append(fact(f"accuracy of trained {model}", half, f"exactly {margins[0]:g}"))
    return parts


def _learn(results: Results, key: str, margin: float) -> list[Part]:
    table = rows(bridges(results), graphs=MANY)
    parts = []
    for model in ("distances", "fwl2"):
        own = rows(table, model=model)
        if len(own):
            right = share(own[key], int(own["tests"].iloc[0]))
            parts.append(above(f"accuracy {RANGES[key]}, {model}", right, margin))
    return parts


def _remedies(results: Results, margins: Sequence[float]) -> list[Part]:
    return _learn(results, "test", margins[0])


def _beyond(results: Results, margins: Sequence[float]) -> list[Part]:
    return _learn(results, "far", margins[0])


def _random_features(results: Results, margins: Sequence[float]) -> list[Part]:
    own = rows(bridges(results), graphs=MANY, model="rgin")
    if own.empty:
        return []
    right = share(own["test"], int(own["tests"].iloc[0]))
    return [above("accuracy in range, rgin, mean of 16 draws", right, margins[0])]


def _identity(results: Results, margins: Sequence[float]) -> list[Part]:
    table = rows(bridges(results), graphs=FEW)
    cost = difference(table, "gap", {"model": "coordinates"}, {"model": "distances"})
    return [above("gap with coordinates minus gap with distances", cost, margins[0])]


def _copies(results: Results, margins: Sequence[float]) -> list[Part]:
    return ordered(results, "copy_gap", margins[0])


CLAIMS = {
    "ST-01": Claim(
        "Message passing cannot tell apart graphs that 1-WL cannot.",
        "after Xu et al. 2019 and Morris et al. 2019; ten pairs, untrained networks",
        "telling",
        {"relative difference, float64": 1e-12, "relative difference, float32": 1e-5},
        _equal,
    ),
    "ST-02": Claim(
        "So it cannot learn which of two such mazes hangs together by one corridor.",
        "follows; exact",
        "ladder",
        {"accuracy": 0.5},
        _never_learn,
    ),
    "ST-03": Claim(
        "Distances from each cell, and networks of pairs of cells, learn it.",
        "on more powerful networks",
        "ladder",
        {"accuracy": 0.95},
        _remedies,
    ),
    "ST-04": Claim(
        "Random features of cells, drawn anew each time, learn it too.",
        "after Sato, Yamada, Kashima 2021",
        "ladder",
        {"accuracy": 0.6},
        _random_features,
    ),
    "ST-05": Claim(
        "Identity costs more than distances: with coordinates the gap is larger.",
        "our question",
        "ladder",
        {"difference of gaps": 0.0},
        _identity,
    ),
    "ST-06": Claim(
        "How much worse a network acts in turned and mirrored copies of its training levels orders "
        "networks as their gap does.",
        "our question",
        "copies",
        {"tau": 0.0},
        _copies,
    ),
    "ST-07": Claim(
        "They have learnt it for longer mazes as well.",
        "our question",
        "ladder",
        {"accuracy": 0.95},
        _beyond,
    ),
}
