"""Cases whose truth is known, by which the experiments are judged (method B, S9)."""

from collections.abc import Sequence

from rlgen.analysis.claims import Claim, Control, Part, above
from rlgen.analysis.parts import REFUTED, SUPPORTED
from rlgen.analysis.results import Results
from rlgen_protocols.graphs.estimates import difference, mean, rows, share
from rlgen_protocols.knyazev2019.claims import LARGEC
from rlgen_protocols.knyazev2019.evidence import counted
from rlgen_protocols.knyazev2019.modes import GLOBAL, SHUFFLED, SUPERVISED, TRUTH

SETS = {"orig": "graphs as in training", "large": "larger graphs", "largec": "with new features"}


def _truth(results: Results, margins: Sequence[float]) -> list[Part]:
    table = rows(counted(results, "colors"), mode=TRUTH)
    if table.empty:
        return []
    tests = int(table["tests"].iloc[0])
    return [
        above(f"accuracy, {words}", share(table[f"accuracy_{name}"], tests), margins[0])
        for name, words in SETS.items()
    ]


def _best_start(results: Results, margins: Sequence[float]) -> list[Part]:
    ours = rows(results.measured("directions"), cosine=1.0).set_index("seed")[LARGEC]
    theirs = rows(counted(results, "colors"), mode=SUPERVISED).set_index("seed")[LARGEC]
    lead = mean((ours - theirs).dropna())
    return [above("accuracy with new features, minus that of supervised", lead, -margins[0])]


def _shuffled(results: Results, margins: Sequence[float]) -> list[Part]:
    lead = difference(counted(results, "colors"), LARGEC, {"mode": SHUFFLED}, {"mode": GLOBAL})
    return [above("accuracy with new features, shuffled minus global", lead, margins[0])]


CONTROLS: dict[str, Control] = {
    "KN-K1": Control(
        Claim(
            "Networks that are given the true attention count green nodes right on all three test "
            "sets.",
            "known to be true",
            "colors",
            {"accuracy": 0.95},
            _truth,
        ),
        SUPPORTED,
    ),
    "KN-K2": Control(
        Claim(
            "Attention that starts in the best direction is as good without supervision as with "
            "it, but for ten points.",
            "known to be true: nothing is left to be found",
            "directions",
            {"loss of accuracy": 0.1},
            _best_start,
        ),
        SUPPORTED,
    ),
    "KN-K3": Control(
        Claim(
            "Supervision by labels that were shuffled among each graph's nodes is better than no "
            "attention.",
            "known to be false; the margin is that of KN-01",
            "colors",
            {"difference in accuracy": 0.15},
            _shuffled,
        ),
        REFUTED,
    ),
}
