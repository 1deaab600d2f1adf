"""Cases whose truth is known, by which the experiments are judged (method B, S9)."""

from collections.abc import Sequence

from rlgen.analysis.claims import Claim, Control, Part, above
from rlgen.analysis.parts import REFUTED, SUPPORTED
from rlgen.analysis.results import Results
from rlgen_protocols.graphs.estimates import difference, rows, share
from rlgen_protocols.knyazev2019.claims import LARGE, LARGEC
from rlgen_protocols.knyazev2019.evidence import counted
from rlgen_protocols.knyazev2019.modes import FIXED, GLOBAL, SHUFFLED, SUPERVISED, TRUTH

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


def _fixed(results: Results, margins: Sequence[float]) -> list[Part]:
    table = counted(results, "colors")
    return [
        above(
            f"accuracy, {SETS[name]}, minus that of supervised",
            difference(table, column, {"mode": FIXED}, {"mode": SUPERVISED}),
            -margins[0],
        )
        for name, column in (("large", LARGE), ("largec", LARGEC))
    ]


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
    "KN-K4": Control(
        Claim(
            "Networks that are given the attention with which supervised ones of the same seeds "
            "ended are as good without supervision, but for ten points.",
            "known to be true: nothing is left for supervision to say",
            "colors",
            {"loss of accuracy": 0.1},
            _fixed,
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
