"""The paper's claims, a ladder of four rungs, with margins declared before the kept run.

Differences are of areas under isotonic learning curves over log n, paired by seed.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

import pandas as pd

from rlgen.analysis.claims import Claim, Part, above, fact, within
from rlgen.analysis.results import Results
from rlgen_protocols.xu2020 import maze_tasks
from rlgen_protocols.xu2020.animals import FURTHEST_PAIR, VALUE_DIFFERENCE
from rlgen_protocols.xu2020.evidence import (
    difference,
    maze_curves,
    policy_curves,
    rounds_of,
    task_curves,
)
from rlgen_protocols.xu2020.tasks import MONSTERS, SUBSET_SUM

Margins = Sequence[float]
#: By this much areas differ, at least, or are alike, at most.
AREA = {"difference of areas": 0.05}
#: At most so many times as many weights has a network that is compared at the largest n.
FACTOR = 3.0
LEAD = {"lead at the largest n": 0.1, "factor of numbers of weights": FACTOR}
_SOURCE = "section 4 and figure 3; margins: our specification"


def _statistic(rows: pd.DataFrame, margins: Margins) -> list[Part]:
    margin = margins[0]
    return [
        above("DeepSets less MLP", difference(rows, "deep-sets", "mlp"), margin),
        within("DeepSets less GNN 1", difference(rows, "deep-sets", "gnn-1"), margin),
    ]


def _pairs(one: str, other: str) -> Callable[[pd.DataFrame, Margins], list[Part]]:
    def parts(rows: pd.DataFrame, margins: Margins) -> list[Part]:
        return [above(f"{one} less {other}", difference(rows, one, other), margins[0])]

    return parts


def _rounds(prefix: str, suffix: str = "") -> Callable[[pd.DataFrame, Margins], list[Part]]:
    """Most rounds beat one, and no further round costs more than what counts as alike."""

    def parts(rows: pd.DataFrame, margins: Margins) -> list[Part]:
        counts = rounds_of(rows, prefix, suffix)
        names = {k: f"{prefix}{k}{suffix}" for k in counts}
        if len(counts) < 2:
            return []
        most, margin = counts[-1], margins[0]
        lead = difference(rows, names[most], names[counts[0]])
        steps = [
            above(f"{b} rounds less {a}", difference(rows, names[b], names[a]), -margin)
            for a, b in pairwise(counts)
        ]
        return [above(f"{most} rounds less {counts[0]}", lead, margin), *steps]

    return parts


def _exhaustive(rows: pd.DataFrame, margins: Margins) -> list[Part]:
    lead, factor = margins
    sizes = rows.groupby("model")["weights"].first()
    if "exhaustive" not in sizes:
        return []
    own = sizes["exhaustive"]
    # Others of another size would be better or worse for their size alone.
    like = sizes[(own / factor <= sizes) & (sizes <= own * factor)]
    others = sorted({*like.index} - {"exhaustive"})
    words = f"exhaustive less the best of {', '.join(others)}, largest n"
    return [
        fact("others of like size", [bool(others)], f"weights within a factor of {factor:g}"),
        above(words, difference(rows, "exhaustive", others, "last"), lead),
    ]


Rung = Callable[[pd.DataFrame, Margins], list[Part]]


def _of(
    curves: Callable[[Results], pd.DataFrame], task: str, rung: Rung
) -> Callable[[Results, Margins], list[Part]]:
    """A rung as it stands on one task, once for each size of it that was run."""

    def parts(results: Results, margins: Margins) -> list[Part]:
        rows = curves(results)
        names = [n for n in rows["task"].unique() if str(n).partition(", ")[0] == task]
        return [
            replace(part, what=f"{name}: {part.what}")
            for name in names
            for part in rung(rows[rows["task"] == name], margins)
        ]

    return parts


RUNGS: dict[str, tuple[str, Rung]] = {
    "XR-01": (VALUE_DIFFERENCE, _statistic),
    "XR-02": (FURTHEST_PAIR, _pairs("gnn-1", "deep-sets")),
    "XR-03": (MONSTERS, _rounds("gnn-max-")),
    "XR-04": (SUBSET_SUM, _exhaustive),
}


def _ladder(results: Results, margins: Margins) -> list[Part]:
    area, *lead = margins
    rungs = [
        _of(task_curves, task, rung)(results, lead if rung is _exhaustive else [area])
        for task, rung in RUNGS.values()
    ]
    # A rung that has not been run leaves the ladder open.
    return [part for rung in rungs for part in rung] if all(rungs) else []


def _rung(name: str, sentence: str, margins: dict[str, float]) -> Claim:
    parts = _of(task_curves, *RUNGS[name])
    return Claim(sentence, _SOURCE, "tasks", margins, parts)


def _maze(sentence: str, task: str, rung: Rung, margins: dict[str, float]) -> Claim:
    parts = _of(maze_curves, task, rung)
    return Claim(sentence, "the same question of mazes: ours", "mazes", margins, parts)


CLAIMS = {
    "XR-01": _rung(
        "XR-01",
        "A statistic of a set is learnt from fewer examples by DeepSets than by an MLP, and as "
        "well by DeepSets as by a graph network of one round: maximum value difference.",
        AREA,
    ),
    "XR-02": _rung(
        "XR-02",
        "An argmax over pairs is learnt from fewer examples by one round over pairs than by "
        "DeepSets: furthest pair.",
        AREA,
    ),
    "XR-03": _rung(
        "XR-03",
        "A shortest path is learnt from fewer examples by as many rounds as it has steps than by "
        "one, and no further round costs anything: monster trainer.",
        AREA,
    ),
    "XR-04": _rung(
        "XR-04",
        "Whether a subset sums to 0 is learnt by a network that lists all subsets, and by no other "
        "as well: subset sum.",
        LEAD,
    ),
    "XR-05": Claim(
        "The ladder as a whole: networks learn better what their structure aligns with.",
        _SOURCE,
        "tasks",
        {**AREA, **LEAD},
        _ladder,
    ),
    "XR-06": _maze(
        "In mazes the difference of the rewards of objects is learnt from fewer levels by DeepSets "
        "than by an MLP, and as well as by a graph network of one round.",
        maze_tasks.VALUE_RANGE,
        _statistic,
        AREA,
    ),
    "XR-07": _maze(
        "In mazes the two objects that are furthest apart are learnt from fewer levels by one "
        "round over pairs of objects than by DeepSets of objects.",
        maze_tasks.FURTHEST_OBJECTS,
        _pairs("object-pairs", "object-sets"),
        AREA,
    ),
    "XR-08": _maze(
        "In mazes the steps to the key are learnt from fewer levels by graph networks of more "
        "rounds.",
        maze_tasks.STEPS_TO_KEY,
        _rounds("gnn-"),
        AREA,
    ),
    "XR-09": _maze(
        "In mazes the best set of objects within a budget of steps is learnt by a network that "
        "lists the sixteen sets, and by no other as well.",
        maze_tasks.BEST_SUBSET,
        _exhaustive,
        LEAD,
    ),
    "XR-10": Claim(
        "Clones of the planner with more rounds need fewer levels to act as it does.",
        "the paper's account of navigation as shortest path; the experiment is ours",
        "policies",
        AREA,
        _of(policy_curves, "policies", _rounds("message-passing[rounds=", "]")),
    ),
}
