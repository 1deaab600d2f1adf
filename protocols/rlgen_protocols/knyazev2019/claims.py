"""The paper's claims, with margins declared before anything was trained."""

from collections.abc import Callable, Sequence

import pandas as pd

from rlgen.analysis.claims import Claim, Part, above, below
from rlgen.analysis.results import Results
from rlgen.analysis.stats.intervals import NAN
from rlgen_protocols.graphs.estimates import difference, mean, rows
from rlgen_protocols.knyazev2019.evidence import (
    LEARNT,
    counted,
    of_mode,
    over_seeds,
    rank_correlation,
)
from rlgen_protocols.knyazev2019.modes import GLOBAL, SUPERVISED, UNSUPERVISED, WEAK

ORIG, LARGE, LARGEC = "accuracy_orig", "accuracy_large", "accuracy_largec"
#: What the graphs of a test set are.
WORDS = {
    ORIG: "graphs as in training",
    LARGE: "larger graphs",
    LARGEC: "larger graphs with new features",
}
#: From what training accuracy on networks are said to have been trained to the end.
FITTED = 0.8


def _lead(
    task: str, column: str, one: str, other: str
) -> Callable[[Results, Sequence[float]], list[Part]]:
    """That one mode is better than another by a margin."""

    def parts(results: Results, margins: Sequence[float]) -> list[Part]:
        lead = difference(counted(results, task), column, {"mode": one}, {"mode": other})
        return [above(f"accuracy on {WORDS[column]}, {one} minus {other}", lead, margins[0])]

    return parts


def _fitted_lead(
    task: str, one: str, other: str
) -> Callable[[Results, Sequence[float]], list[Part]]:
    """The same on larger graphs, of networks that have been trained to the end; else open."""
    lead = _lead(task, LARGE, one, other)

    def parts(results: Results, margins: Sequence[float]) -> list[Part]:
        table = counted(results, task)
        fits = {mode: mean(rows(table, mode=mode)["accuracy_train"]) for mode in (one, other)}
        unfit = [
            Part(f"accuracy on training graphs, {mode}", fit, f"{FITTED:g} or more first", NAN, NAN)
            for mode, fit in fits.items()
            if fit.mean < FITTED
        ]
        return unfit or lead(results, margins)

    return parts


def _weak(results: Results, margins: Sequence[float]) -> list[Part]:
    share = margins[0]

    def beyond(own: pd.DataFrame) -> float:
        weak, whole, none = (of_mode(own, LARGEC, m) for m in (WEAK, SUPERVISED, UNSUPERVISED))
        return weak - none - share * (whole - none)

    what = f"gain of weak supervision minus {share:g} of the gain of supervision"
    return [above(what, over_seeds(counted(results, "colors"), beyond), 0.0)]


def _quality(results: Results, margins: Sequence[float]) -> list[Part]:
    table = counted(results, "colors")
    table = table[table["mode"].isin(LEARNT)]
    estimate = rank_correlation(table, "auc_largec", LARGEC)
    return [above("rank correlation of attention AUC and accuracy", estimate, margins[0])]


def _start(results: Results, margins: Sequence[float]) -> list[Part]:
    table = results.measured("directions")
    lead = difference(table, LARGEC, {"cosine": 1.0}, {"cosine": 0.0})
    return [above("accuracy from cosine 1 minus from cosine 0", lead, margins[0])]


def _no_better(results: Results, margins: Sequence[float]) -> list[Part]:
    table = counted(results, "colors")
    lead = difference(table, LARGE, {"mode": UNSUPERVISED}, {"mode": GLOBAL})
    return [below("accuracy on larger graphs, unsupervised minus global", lead, margins[0])]


def _policies(results: Results, margins: Sequence[float]) -> list[Part]:
    table = results.measured("policies")
    lead = difference(table, "test", {"attention": SUPERVISED}, {"attention": "none"})
    return [above("held-out return, supervised attention minus none", lead, margins[0])]


CLAIMS: dict[str, Claim] = {
    "KN-01": Claim(
        "Networks whose attention is supervised count in larger graphs with new features far "
        "better than those whose attention is not.",
        "README of the authors' code: 75 and 11 %; margin of method B, S9",
        "colors",
        {"difference in accuracy": 0.15},
        _lead("colors", LARGEC, SUPERVISED, UNSUPERVISED),
    ),
    "KN-02": Claim(
        "They do so far better than networks without attention.",
        "README of the authors' code: 75 and 15 %; margin of method B, S9",
        "colors",
        {"difference in accuracy": 0.4},
        _lead("colors", LARGEC, SUPERVISED, GLOBAL),
    ),
    "KN-03": Claim(
        "Attention labels from a network without attention bring half of that gain or more.",
        "README of the authors' code: 73, 75 and 11 %; margin of method B, S9",
        "colors",
        {"share of the gain of supervision": 0.5},
        _weak,
    ),
    "KN-04": Claim(
        "The better attention is, the better networks generalise.",
        "section 4 and its figures, as remembered; margin of method B, S9",
        "quality",
        {"rank correlation": 0.5},
        _quality,
    ),
    "KN-05": Claim(
        "Without supervision the initial direction of attention decides.",
        "section 4, as remembered; the margin is ours",
        "directions",
        {"difference in accuracy": 0.15},
        _start,
    ),
    "KN-06": Claim(
        "Attention without supervision counts in larger graphs worse than no attention at all.",
        "logs of the authors' code, one seed: 17 and 62 %; the margin is ours",
        "colors",
        {"difference in accuracy": -0.15},
        _no_better,
    ),
    "KN-07": Claim(
        "On TRIANGLES too supervised attention generalises to larger graphs better than none; "
        f"asked of networks that count {100 * FITTED:.0f} % of their training graphs right.",
        "README of the authors' code: 48 and 30 %; the margin is ours",
        "triangles",
        {"difference in accuracy": 0.05},
        _fitted_lead("triangles", SUPERVISED, GLOBAL),
    ),
    "KN-08": Claim(
        "On TRIANGLES supervised attention counts held-out graphs of the training sizes better "
        "than none after as many steps.",
        "logs of the authors' code, one seed: 88 and 65 %; the margin is ours",
        "triangles",
        {"difference in accuracy": 0.05},
        _lead("triangles", ORIG, SUPERVISED, GLOBAL),
    ),
    "KN-09": Claim(
        "In mazes too supervised attention counts diamonds far better than unsupervised, when "
        "mazes are larger and other things lie about.",
        "our question; margin as of KN-01",
        "mazes",
        {"difference in accuracy": 0.15},
        _lead("maze-colors", LARGEC, SUPERVISED, UNSUPERVISED),
    ),
    "KN-10": Claim(
        "It counts open squares in larger mazes better than no attention.",
        "our question, the mazes' TRIANGLES; margin as of KN-07",
        "mazes",
        {"difference in accuracy": 0.05},
        _fitted_lead("maze-loops", SUPERVISED, GLOBAL),
    ),
    "KN-11": Claim(
        "A policy whose attention is supervised by the planner's remaining path plays new mazes "
        "better than one without attention.",
        "our question; the margin is ours",
        "policies",
        {"difference in normalised return": 0.05},
        _policies,
    ),
}
