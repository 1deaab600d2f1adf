"""The paper's claims as statements that a study decides, with the margins of method A, 4.6.

``MK-04`` and ``MK-07`` are read on the most training levels of the study, where most is learnt,
``MK-06`` on the fewest, where most is memorised.
"""

from collections.abc import Callable, Sequence

import pandas as pd

from rlgen.analysis.claims import Claim, Part, above, below, fact, upper_tail, within
from rlgen.analysis.results import Results
from rlgen.util.words import counted
from rlgen_protocols.mackay2018.estimates import by, mean, paired, rows, share, slope

#: The model whose units may forget three bits in a step, the usual GRU, and the one that forgets
#: nothing.
THREE, USUAL, NEVER = "revgru:3", "gru", "no-forget"
#: Experiments in which cells run in integers and back.
REVERSED = ("reversal", "tokens", "mazes")


def _mazes(results: Results, choose: Callable[[Sequence[int]], int]) -> tuple[pd.DataFrame, int]:
    """The rows of one number of training levels, and that number; 0 without rows."""
    table = results.measured("mazes")
    if table.empty:
        return table, 0
    n = choose(sorted(set(table["n"])))
    return rows(table, n=n), n


def _exact(results: Results, margins: Sequence[float]) -> list[Part]:
    del margins
    parts = []
    for name in REVERSED:
        exact = results.measured(name)["exact"].dropna()
        if len(exact):
            parts.append(fact(f"{name}: states and buffers", exact.astype(bool).tolist(), "equal"))
    return parts


def _gradients(results: Results, margins: Sequence[float]) -> list[Part]:
    errors = results.measured("gradients")["error"]
    small = (errors <= margins[0]).tolist()
    return [fact("difference of gradients over their norm", small, f"at most {margins[0]:g}")]


def _memory(results: Results, margins: Sequence[float]) -> list[Part]:
    enough, little = margins
    table = rows(results.measured("mazes"), model=THREE)
    parts = []
    for n, own in by(table, "n"):
        saving = mean(own["saving_ideal"])
        parts.append(
            Part(
                f"ideal saving, {counted(n, 'training level')}",
                saving,
                f"above {enough:g}; refuted below {little:g}",
                upper_tail(saving, enough),
                1 - upper_tail(saving, little),
            )
        )
    return parts


def _equal(results: Results, margins: Sequence[float]) -> list[Part]:
    table, n = _mazes(results, max)
    difference = paired(table, "test", THREE, USUAL)
    return [
        within(
            f"held-out score, {THREE} minus {USUAL}, {counted(n, 'level')}", difference, margins[0]
        )
    ]


def _limit(results: Results, margins: Sequence[float]) -> list[Part]:
    failing, sound = margins
    parts = []
    for length, own in by(rows(results.measured("tokens"), task="repeat"), "length"):
        what = f"last five of {4 * length} tokens, trained on {length}"
        never, three = (rows(own, model=model) for model in (NEVER, THREE))
        parts += [
            below(f"{NEVER}: {what}", share(never["last_4"], never["last_symbols_4"]), failing),
            above(f"{THREE}: {what}", share(three["last_4"], three["last_symbols_4"]), sound),
        ]
    return parts


def _gap(results: Results, margins: Sequence[float]) -> list[Part]:
    table, n = _mazes(results, min)
    estimate = slope(table, "gap")
    return [below(f"slope of the gap in allowed bits, {counted(n, 'level')}", estimate, margins[0])]


def _cost(results: Results, margins: Sequence[float]) -> list[Part]:
    table, n = _mazes(results, max)
    difference = paired(table, "test", THREE, NEVER)
    return [
        above(
            f"held-out score, {THREE} minus {NEVER}, {counted(n, 'level')}", difference, margins[0]
        )
    ]


CLAIMS: dict[str, Claim] = {
    "MK-01": Claim(
        "With the forgotten bits in a buffer, hidden states are reversed exactly.",
        "sections 3 and 5",
        "reversal",
        {},
        _exact,
    ),
    "MK-02": Claim(
        "Gradients computed while reversing are those of kept states.",
        "section 5, and the authors' tests",
        "reversal",
        {"relative difference": 1e-9},
        _gradients,
    ),
    "MK-03": Claim(
        "A network that may forget three bits a unit and step needs many times less memory.",
        "abstract: 10 to 15 times",
        "saving",
        {"ideal saving": 8.0, "ideal saving that refutes": 4.0},
        _memory,
    ),
    "MK-04": Claim(
        "It performs as well as the usual network.",
        "abstract",
        "mazes",
        {"difference in score that counts as none": 0.05},
        _equal,
    ),
    "MK-05": Claim(
        "A network that never forgets cannot even repeat each token one step later.",
        "section 4, figure 1",
        "tokens",
        {"accuracy of never forgetting": 0.6, "accuracy of three bits": 0.95},
        _limit,
    ),
    "MK-06": Claim(
        "The more a recurrent policy may forget, the less it memorises levels.",
        "our question, not the paper's",
        "mazes",
        {"slope of the gap": 0.0},
        _gap,
    ),
    "MK-07": Claim(
        "Never forgetting costs performance on levels that are new.",
        "section 4, in our mazes",
        "mazes",
        {"difference in score": 0.05},
        _cost,
    ),
}
