"""Claims on training and test returns: C-01 to C-07."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from rlgen.analysis.claims import Claim, Part, above, below
from rlgen.analysis.stats import intervals
from rlgen.analysis.stats.intervals import NAN, Estimate, difference
from rlgen.util.words import counted
from rlgen_protocols.zhang2018.claims.evidence import FAMILIES, NONE, Evidence, Setting

#: Sizes of training pools, and the flip probability, that claims name.
TEN, THOUSAND, TEN_THOUSAND, RANDOM_P = 10, 1_000, 10_000, 0.5
#: Training return from which on it counts as optimal (C-01, C-05).
OPTIMUM = 2.0


def _plain(evidence: Evidence) -> list[Setting]:
    return evidence.settings(flip_p=0.0, regulariser=NONE)


def _ladders(evidence: Evidence) -> list[list[Setting]]:
    """Unflipped settings that differ in the size of the pool alone, ascending."""
    by_kind: dict[tuple[str, str], list[Setting]] = {}
    for setting in _plain(evidence):
        by_kind.setdefault((setting.family, setting.network), []).append(setting)
    ladders = [sorted(own, key=lambda s: s.n_train_levels) for own in by_kind.values()]
    return [ladder for ladder in ladders if len(ladder) > 1]


def _optimal(evidence: Evidence, margins: Sequence[float]) -> list[Part]:
    return [
        above(
            f"training return: {setting}",
            evidence.train(setting),
            margins[0],
            of=evidence.endings(setting),
        )
        for setting in _plain(evidence)
    ]


def _rises(evidence: Evidence, margins: Sequence[float]) -> list[Part]:
    parts = []
    for ladder in _ladders(evidence):
        for less, more in pairwise(ladder):
            parts.append(_gains(evidence, "test return", less, more, -margins[0]))
        parts.append(_gains(evidence, "test return", ladder[0], ladder[-1], 0.0))
    return parts


def _gains(evidence: Evidence, what: str, less: Setting, more: Setting, margin: float) -> Part:
    """Held-out return with more levels is above that with less."""
    return above(
        f"{what}, {_from_to(less, more)}",
        evidence.contrast(more, less, "test"),
        margin,
        of=evidence.endings(more),
        minus=evidence.endings(less),
    )


def _from_to(less: Setting, more: Setting) -> str:
    sizes = f"{more.n_train_levels:,} minus {counted(less.n_train_levels, 'level')}"
    return f"{sizes}: {less.family}, {less.network}"


def _falls(evidence: Evidence, margins: Sequence[float]) -> list[Part]:
    network = _network_of_all(evidence)
    # Of one family larger pools may have been asked for than of another.
    own = {"flip_p": 0.0, "network": network, "regulariser": NONE}
    sizes = sorted(set.intersection(*(set(evidence.sizes(family=f, **own)) for f in FAMILIES)))
    own_settings = {f: [Setting(f, n, 0.0, network) for n in sizes] for f in FAMILIES}
    means = {f: _score_over_sizes(evidence, own_settings[f]) for f in FAMILIES}
    return [
        above(
            f"normalised test score, {easier} minus {harder}",
            difference(means[easier], means[harder]),
            margins[0],
            of=evidence.endings(*own_settings[easier]),
            minus=evidence.endings(*own_settings[harder]),
        )
        for easier, harder in pairwise(FAMILIES)
    ]


def _network_of_all(evidence: Evidence) -> str:
    """The network that has been asked for in every family."""
    networks = [{s.network for s in _plain(evidence) if s.family == f} for f in FAMILIES]
    return min(set.intersection(*networks), default="")


def _score_over_sizes(evidence: Evidence, settings: Sequence[Setting]) -> Estimate:
    """Normalised test score averaged over the settings, for seeds that have all."""
    tables = [evidence.tables(setting, "test", "normalised") for setting in settings]
    seeds = sorted(set.intersection(*(set(t.seeds) for t in tables))) if tables else []
    if not seeds:
        return Estimate(NAN, reason="there are no runs yet")
    return intervals.crossed_mean(np.mean([np.stack(t.of(seeds).values) for t in tables], axis=0))


def _few(evidence: Evidence, margins: Sequence[float]) -> list[Part]:
    smallest = min(evidence.sizes(flip_p=0.0, regulariser=NONE), default=TEN)
    return [
        below(
            f"normalised test score: {setting}",
            evidence.score(setting),
            margins[0],
            of=evidence.endings(setting),
        )
        for setting in _plain(evidence)
        if setting.n_train_levels == smallest
    ]


def _spread(evidence: Evidence, margins: Sequence[float]) -> list[Part]:
    """Test return of the largest minus that of the smallest pool that is learnt optimally."""
    parts = []
    for ladder in _ladders(evidence):
        learnt = [s for s in ladder if evidence.train(s).mean >= OPTIMUM]
        what = f"test return at training returns of {OPTIMUM:g} and more"
        if len(learnt) > 1:
            parts.append(_gains(evidence, what, learnt[0], learnt[-1], margins[0]))
        else:
            what = f"{what}: {ladder[0].family}, {ladder[0].network}"
            change = Estimate(NAN, reason="fewer than two pools are learnt optimally")
            parts.append(above(what, change, margins[0]))
    return parts


def _random(evidence: Evidence, margins: Sequence[float]) -> list[Part]:
    parts = []
    for setting in evidence.settings(flip_p=RANDOM_P, regulariser=NONE):
        if setting.n_train_levels <= THOUSAND:
            of = evidence.endings(setting)
            fraction, test = evidence.excess(setting), evidence.test(setting)
            parts += [
                above(f"memorised fraction: {setting}", fraction, margins[0], of=of),
                below(f"test return: {setting}", test, margins[1], of=of),
            ]
    return parts


def _capacity(evidence: Evidence, margins: Sequence[float]) -> list[Part]:
    network = _network_of_all(evidence)
    few = {f: Setting(f, THOUSAND, RANDOM_P, network) for f in FAMILIES}
    many = {f: replace(few[f], n_train_levels=TEN_THOUSAND) for f in FAMILIES}
    lost = {f: evidence.contrast(few[f], many[f], "train") for f in FAMILIES}
    what = f"training return, {THOUSAND:,} minus {TEN_THOUSAND:,} levels, p = {RANDOM_P:g}"
    hardest = FAMILIES[-1]
    return [
        *(
            above(
                f"{what}: {family}",
                lost[family],
                margins[0],
                of=evidence.endings(few[family]),
                minus=evidence.endings(many[family]),
            )
            for family in FAMILIES
        ),
        *(
            above(
                f"{what}: {hardest} minus {family}",
                difference(lost[hardest], lost[family]),
                0.0,
                of=evidence.endings(few[hardest], many[family]),
                minus=evidence.endings(many[hardest], few[family]),
            )
            for family in FAMILIES[:-1]
        ),
    ]


OPTIMAL = Claim(
    "Agents reach the optimal training return, whatever the family and the number of levels.",
    "section 3.2, Fig 2",
    "fig2a",
    {"training return": 2.0},
    _optimal,
)
RISES = Claim(
    "Test return rises with the number of training levels.",
    "section 3.2, Fig 2",
    "fig2a",
    {"a step of the ladder may fall by this, in units of return": 0.1},
    _rises,
)
FALLS = Claim(
    "Test performance falls from BASIC over BLOCKS to TUNNEL.",
    "section 3.2, Fig 2",
    "fig2a",
    {"difference of normalised scores": 0.0},
    _falls,
)
FEW = Claim(
    "Agents trained on the fewest levels (ten) generalise badly in every family.",
    "section 3.2, Fig 2",
    "fig2a",
    {"normalised test score": 0.5},
    _few,
)
SPREAD = Claim(
    "Agents with the same, optimal training return have very different test returns.",
    "section 3.2, Fig 2",
    "fig2a",
    {"difference in test return": 0.5},
    _spread,
    every=False,
)
RANDOM = Claim(
    "Up to 1,000 levels with random rewards are fitted nearly optimally, and test return is bad.",
    "section 3.3, Fig 2b",
    "fig2b",
    {"memorised fraction": 0.8, "test return": 0.3},
    _random,
)
CAPACITY = Claim(
    "At 10,000 levels with random rewards the capacity does not suffice, least of all on TUNNEL.",
    "section 3.3, Fig 2b",
    "fig2b",
    {"loss of training return": 0.2},
    _capacity,
)
