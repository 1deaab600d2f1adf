"""Claims on how agents are trained: C-08, C-11 to C-14."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from rlgen.claims.base import Claim, Part, above, within
from rlgen.claims.evidence import NONE, Evidence, Setting, difference
from rlgen.claims.returns import RANDOM_P, TEN_THOUSAND
from rlgen.stats import intervals
from rlgen.stats.intervals import NAN, Estimate

BASIC = "maze-basic"
#: The parts in which training is regularised as in the paper.
REGULARISED = ("fig3a", "fig5", "fig6")
#: Pools from this size on are large in C-11.
LARGE = 100


def _helps(evidence: Evidence, margins: Sequence[float]) -> list[Part]:
    parts = []
    for setting in evidence.settings(*REGULARISED):
        if setting.regulariser == NONE:
            continue
        if setting.flip_p == 0:
            told = evidence.contrast(setting, replace(setting, regulariser=NONE), "test")
            parts.append(above(f"change of test return: {setting}", told, margins[0]))
        elif setting.flip_p == RANDOM_P:
            told = evidence.excess(setting)
            parts.append(above(f"memorised fraction: {setting}", told, margins[1]))
    return parts


def _mlp(evidence: Evidence, margins: Sequence[float]) -> list[Part]:
    networks = evidence.networks("table2")
    if len(networks) < 2:
        return []
    mlp, conv = networks[:2]
    parts = []
    sizes = evidence.sizes("table2")
    for n in [size for size in sizes if size >= LARGE] or sizes[-1:]:
        one, other = (Setting(BASIC, n, 0.0, network) for network in (conv, mlp))
        told = evidence.contrast(one, other, "test")
        parts.append(above(f"test return, {conv} minus {mlp}, {n:,} levels", told, margins[0]))
    largest = sizes[-1]
    one, other = (Setting(BASIC, largest, RANDOM_P, network) for network in (mlp, conv))
    told = evidence.contrast(one, other, "train")
    what = f"training return, {mlp} minus {conv}, {largest:,} levels, p = {RANDOM_P:g}"
    return [*parts, above(what, told, margins[0])]


def _big(evidence: Evidence, margins: Sequence[float]) -> list[Part]:
    networks = evidence.networks("table3")
    if len(networks) < 2:
        return []
    mlp, big = networks[:2]
    parts = []
    for p in evidence.study.parts["table3"].flip_p:
        pool = "train" if p >= 0.4 else "test" if p <= 0.2 else ""
        one, other = (Setting(BASIC, TEN_THOUSAND, p, network) for network in (big, mlp))
        if pool:
            told = evidence.contrast(one, other, pool)
            what = f"{pool} return, {big} minus {mlp}, {TEN_THOUSAND:,} levels, p = {p:g}"
            parts.append(above(what, told, margins[0]))
    return parts


def _curves(evidence: Evidence, margins: Sequence[float]) -> list[Part]:
    sizes = evidence.sizes("fig4")
    if len(sizes) < 2:
        return []
    few, many = (evidence.settings("fig4", n_train_levels=n)[0] for n in (sizes[0], sizes[-1]))
    return [
        within(
            f"drop under {name}, {sizes[0]:,} minus {sizes[-1]:,} levels",
            difference(_drop(evidence, few, name), _drop(evidence, many, name)),
            margins[0],
        )
        for name in evidence.study.parts["fig4"].conditions
        if name.startswith("sticky")
    ]


def _drop(evidence: Evidence, setting: Setting, condition: str) -> Estimate:
    """By how much a condition lowers the training return, over runs."""
    plain, sticky = (
        evidence.tables(setting, "train", condition=name) for name in (None, condition)
    )
    seeds = sorted(set(plain.seeds) & set(sticky.seeds))
    if not seeds:
        return Estimate(NAN, reason="there are no runs yet")
    one, other = (intervals.means(told.of(seeds).values) for told in (plain, sticky))
    return intervals.run_mean(one - other)


def _overtrained(evidence: Evidence, margins: Sequence[float]) -> list[Part]:
    """Test return at the checkpoint that validation levels choose, minus that at the end."""
    smallest = evidence.sizes()[:2]
    parts = []
    for setting in evidence.settings(regulariser=NONE):
        if setting.n_train_levels not in smallest:
            continue
        lost = []
        for curve in evidence.curves(setting):
            if {"validation", "test"} <= curve.keys():
                test = curve["test"]
                lost.append(test[curve["validation"].argmax()] - test[-1])
        told = (
            intervals.run_mean(np.array(lost))
            if lost
            else Estimate(NAN, reason="there are no runs yet")
        )
        parts.append(above(f"test return lost by training on: {setting}", told, margins[0]))
    return parts


HELPS = Claim(
    "Random spawn and sticky actions in training help test return a bit, and random rewards are "
    "still fitted.",
    "section 4.1, Fig 3a, 5, 6",
    "fig3a",
    ("change of test return", "memorised fraction"),
    _helps,
)
MLP = Claim(
    "An MLP fits large sets of levels with random rewards at least as well as a ConvNet, and "
    "generalises worse without them.",
    "section 5, Table 2",
    "table2",
    ("difference in return",),
    _mlp,
)
BIG = Claim(
    "A big ConvNet fits 10,000 levels with random rewards at least as well as an MLP, and "
    "generalises better with few of them.",
    "section 5, Table 3",
    "table3",
    ("difference in return",),
    _big,
)
CURVES = Claim(
    "Under sticky actions of any strength and both kinds, agents of few and of many training "
    "levels lose nearly the same.",
    "section 4.2, Fig 4, 18",
    "fig4",
    ("difference of drops that counts as none, in units of return",),
    _curves,
)
OVERTRAINED = Claim(
    "Training on lowers the test return of some agents with few training levels.",
    "section 3.2, Fig 2a",
    "fig2a",
    ("loss of test return",),
    _overtrained,
    every=False,
)
