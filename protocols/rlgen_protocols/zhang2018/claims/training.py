"""Claims on how agents are trained: C-08, C-11 to C-14."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from rlgen.analysis.claims import Claim, Part, above, within
from rlgen.analysis.stats import intervals
from rlgen.analysis.stats.intervals import NAN, Estimate, difference
from rlgen_protocols.zhang2018.claims.evidence import NONE, Evidence, Setting
from rlgen_protocols.zhang2018.claims.returns import RANDOM_P, TEN_THOUSAND

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
            without = replace(setting, regulariser=NONE)
            parts.append(
                above(
                    f"change of test return: {setting}",
                    evidence.contrast(setting, without, "test"),
                    margins[0],
                    of=evidence.endings(setting),
                    minus=evidence.endings(without),
                )
            )
        elif setting.flip_p == RANDOM_P:
            fraction, of = evidence.excess(setting), evidence.endings(setting)
            parts.append(above(f"memorised fraction: {setting}", fraction, margins[1], of=of))
    return parts


def _mlp(evidence: Evidence, margins: Sequence[float]) -> list[Part]:
    networks = evidence.networks("table2")
    if len(networks) < 2:
        return []
    mlp, conv = networks[:2]
    sizes = evidence.sizes("table2")
    large = [size for size in sizes if size >= LARGE] or sizes[-1:]
    return [
        *(_better(evidence, conv, mlp, n, 0.0, "test", margins[0]) for n in large),
        _better(evidence, mlp, conv, sizes[-1], RANDOM_P, "train", margins[0]),
    ]


def _better(
    evidence: Evidence, one: str, other: str, n: int, p: float, pool: str, margin: float
) -> Part:
    """One network earns more than another on a pool, other things being equal."""
    better, worse = (Setting(BASIC, n, p, network) for network in (one, other))
    what = f"{pool} return, {one} minus {other}, {n:,} levels, p = {p:g}"
    return above(
        what,
        evidence.contrast(better, worse, pool),
        margin,
        of=evidence.endings(better),
        minus=evidence.endings(worse),
    )


def _big(evidence: Evidence, margins: Sequence[float]) -> list[Part]:
    networks = evidence.networks("table3")
    if len(networks) < 2:
        return []
    mlp, big = networks[:2]
    return [
        _better(evidence, big, mlp, TEN_THOUSAND, p, "train" if p >= 0.4 else "test", margins[0])
        for p in evidence.results.parts["table3"].flip_p
        if p >= 0.4 or p <= 0.2
    ]


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
            of=evidence.endings(few, many),
        )
        for name in evidence.results.parts["fig4"].conditions
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
    one, other = (intervals.means(tables.of(seeds).values) for tables in (plain, sticky))
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
        mean_loss = (
            intervals.run_mean(np.array(lost))
            if lost
            else Estimate(NAN, reason="there are no runs yet")
        )
        what, of = f"test return lost by training on: {setting}", evidence.endings(setting)
        parts.append(above(what, mean_loss, margins[0], of=of))
    return parts


HELPS = Claim(
    "Random spawn and sticky actions in training help test return a bit, and random rewards are "
    "still fitted.",
    "section 4.1, Fig 3a, 5, 6",
    "fig3a",
    {"change of test return": 0.0, "memorised fraction": 0.5},
    _helps,
)
MLP = Claim(
    "An MLP fits large sets of levels with random rewards at least as well as a ConvNet, and "
    "generalises worse without them.",
    "section 5, Table 2",
    "table2",
    {"difference in return": 0.0},
    _mlp,
)
BIG = Claim(
    "A big ConvNet fits 10,000 levels with random rewards at least as well as an MLP, and "
    "generalises better with few of them.",
    "section 5, Table 3",
    "table3",
    {"difference in return": 0.0},
    _big,
)
CURVES = Claim(
    "Under sticky actions of any strength and both kinds, agents of few and of many training "
    "levels lose nearly the same.",
    "section 4.2, Fig 4, 18",
    "fig4",
    {"difference of drops that counts as none, in units of return": 0.2},
    _curves,
)
OVERTRAINED = Claim(
    "Training on lowers the test return of some agents with few training levels.",
    "section 3.2, Fig 2a",
    "fig2a",
    {"loss of test return": 0.1},
    _overtrained,
    every=False,
)
