"""Validity of the statistics: simulated studies whose truth is known.

``python tests/support/simulations.py`` prints the table of the short run that the tests make;
``--full`` that of the documentation. A simulation is a function of the number of studies that
returns a share of them; ``SIMULATIONS`` has it with the share that is required.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import special

from rlgen.analysis.stats import (
    aggregates,
    bootstrap,
    certificates,
    detection,
    equivalence,
    grouped,
    intervals,
    overlaps,
    paired,
    plateau,
    policy_gap,
    unpaired,
)
from rlgen.analysis.stats.matched import Arm
from rlgen.levels.split import draw_split
from rlgen.training import overfitting_alarm
from rlgen.util.seeding import stream
from rlgen_envs import FAMILIES

#: Standard deviations of run, level and residual, and the true mean (method 2.3).
RUN, LEVEL, NOISE, TRUTH = 0.3, 0.7, 0.5, 1.0


@dataclass(frozen=True)
class Simulation:
    """A simulation and the share that is required of it.

    Attributes:
        what: In words.
        share: Of this many studies, the share that came out so.
        at_least: The share must be this.
        at_most: And this.
        full: Studies of the full run.
        short: Studies of the short run.
    """

    what: str
    share: Callable[[int], float]
    at_least: float
    at_most: float
    full: int = 4_000
    short: int = 400


def tables(rng, studies, runs, levels, *, run=RUN, level=LEVEL, mean=TRUTH):
    """Crossed tables ``(studies, S, L)``."""
    return (
        mean
        + run * rng.standard_normal((studies, runs, 1))
        + level * rng.standard_normal((studies, 1, levels))
        + NOISE * rng.standard_normal((studies, runs, levels))
    )


def holds(estimates, truth=TRUTH):
    """Share of the intervals that hold the truth."""
    return float(np.mean([told.low <= truth <= told.high for told in estimates]))


def crossed(runs, levels):
    def share(studies):
        rng = stream(0, "crossed", runs, levels)
        # One study at a time, as 400 tables of 20 x 1,000 need not be in memory together.
        drawn = (tables(rng, 1, runs, levels)[0] for _ in range(studies))
        return holds(intervals.crossed_mean(table) for table in drawn)

    return share


def held_out_groups(groups, *, as_levels=False):
    """Five runs play 20 levels of each group: the mean over new groups is inside."""

    def share(studies):
        rng = stream(0, "held-out groups", groups)
        labels = [str(group) for group in range(groups) for _ in range(20)]
        estimates = []
        for _ in range(studies):
            own = tables(rng, 1, 5, groups, mean=TRUTH)[0]
            played = np.repeat(own, 20, axis=1) + 0.5 * rng.standard_normal((1, 20 * groups))
            played += NOISE * rng.standard_normal(played.shape)
            by_group = np.array([grouped.group_means(run, labels) for run in played])
            estimates.append(intervals.crossed_mean(played if as_levels else by_group))
        return holds(estimates)

    return share


def train_and_test(rng, *, shared, runs=5, n_train=50, levels=200):
    """A run's quality moves both pools, and its overfitting the training pool: the gap is 1."""
    quality, overfit = 0.3 * rng.standard_normal((2, runs, 1))
    test = quality + tables(rng, 1, runs, levels, run=0.0, mean=0.0)[0]
    if shared:
        own = tables(rng, 1, runs, n_train, run=0.0)[0]
    else:
        own = tables(rng, runs, 1, n_train, run=0.0)[:, 0]
    return quality + overfit + own, test


def gap(*, shared):
    def share(studies):
        rng = stream(0, "gap", int(shared))
        drawn = (train_and_test(rng, shared=shared) for _ in range(studies))
        return holds(intervals.gap(list(own), test, shared_pool=shared) for own, test in drawn)

    return share


def of_one_policy(levels, episodes=0, *, solved=0.0):
    """Intervals of one policy's gap: computed returns, played ones, or a share of solved levels."""

    def share(studies):
        rng = stream(0, "of one policy", levels, episodes)
        drawn = []
        for _ in range(studies):
            # The training pool is what it is; held-out levels are drawn.
            train, noise = np.linspace(1.0, 3.0, 10), 0.0
            test = TRUTH + LEVEL * rng.standard_normal(levels)
            if solved:
                train, test = np.ones(10), (rng.random(levels) < solved).astype(float)
            if episodes:
                played = train[:, None] + rng.standard_normal((10, episodes))
                noise = float((played.var(axis=1, ddof=1) / episodes).sum()) / 10**2
                train = played.mean(axis=1)
                test = test + rng.standard_normal(levels) / np.sqrt(episodes)
            drawn.append(policy_gap.policy_gap(train, test, noise))
        return holds(drawn, 1 - solved if solved else TRUTH)

    return share


def of_a_sampled_pool(played, pool):
    """Intervals of one policy's gap where some of its training levels are played, computed."""

    def share(studies):
        rng = stream(0, "of a sampled pool", pool)
        inside = 0
        for _ in range(studies):
            train = np.where(rng.random(pool) < 0.7, 2.1, -1.0)
            test = np.where(rng.random(200) < 0.6, 2.1, -1.0)
            told = policy_gap.policy_gap(train[:played], test, 0.0, pool=pool)
            inside += told.low <= train.mean() - 0.86 <= told.high
        return inside / studies

    return share


def gap_differences(*, pairs):
    """Whether intervals hold the difference of two arms' gaps, all runs trained on one pool."""

    def share(studies):
        rng = stream(0, "gap differences", int(pairs))
        inside = 0
        for _ in range(studies):
            arms = []
            for runs in (5, 5 if pairs else 3):
                train, test = (tables(rng, 1, runs, n, level=0.5)[0] for n in (20, 200))
                arms.append(Arm(list(train), [], test, test, [np.arange(20)] * runs))
            one, other = arms
            if pairs:
                train = [a - b for a, b in zip(one.train, other.train, strict=True)]
                told = intervals.gap(train, one.test - other.test, shared_pool=True)
            else:
                told = unpaired.unpaired_gap(one, other, shares_pool=True)
            inside += told.low <= 0 <= told.high
        return inside / studies

    return share


def paired_difference(studies):
    rng = stream(0, "paired")
    common = tables(rng, studies, 5, 200)
    first = common + tables(rng, studies, 5, 200, run=0.2, level=0.2)
    return holds(paired.paired_mean(a, b) for a, b in zip(first, common, strict=True))


def unpaired_difference(studies):
    rng = stream(0, "unpaired")
    inside = 0
    for _ in range(studies):
        levels = 0.7 * rng.standard_normal(200)
        one, other = (tables(rng, 1, runs, 200, level=0.3)[0] + levels for runs in (5, 3))
        told = unpaired.unpaired_mean(one, other)
        inside += told.low <= 0 <= told.high
    return inside / studies


def interquartile(runs):
    def share(studies):
        drawn = tables(stream(0, "interquartile", runs), studies, runs, 200)
        return holds(aggregates.iqm_estimate(table) for table in drawn)

    return share


def improvements(runs, shift, spread):
    """Whether intervals hold the probability that a run of one arm beats one of the other."""

    def share(studies):
        rng = stream(0, "improvement", runs, str(shift))
        truth = special.ndtr(shift / (1 + spread**2) ** 0.5)
        return holds(
            (
                aggregates.improvement(rng.normal(shift, 1, runs), rng.normal(0, spread, runs))
                for _ in range(studies)
            ),
            truth,
        )

    return share


def cells(studies):
    """Runs are drawn anew on each level."""
    drawing, columns, found = stream(1, "cells"), np.arange(200), []
    for table in tables(stream(0, "cells"), studies, 5, 200):
        rows = drawing.integers(5, size=(300, 5, 200))
        draws = table[rows, columns].mean(axis=(1, 2))
        found.append(bootstrap.percentile(float(table.mean()), draws))
    return holds(found)


def whole_runs(studies):
    """Level columns are kept, whole runs are drawn."""
    drawing, found = stream(1, "runs"), []
    for table in tables(stream(0, "runs"), studies, 5, 200):
        means = table.mean(axis=1)
        draws = means[drawing.integers(5, size=(1000, 5))].mean(axis=1)
        found.append(bootstrap.percentile(float(means.mean()), draws))
    return holds(found)


def sign_flips(studies):
    differences = stream(0, "signs").standard_normal((studies, 6))
    return float(np.mean([paired.sign_flip(d).p <= 0.05 for d in differences]))


#: Levels of each pool on which a checkpoint is evaluated, as a protocol has it by default; and
#: checkpoints of a run.
WATCHED, CHECKPOINTS = 50, 10
#: Range of the returns of ``maze_returns``.
LOW, HIGH = -1.0, 2.1


def maze_returns(rng, solved, size):
    """Mostly the best return, sometimes any: what policies do on mazes."""
    return np.where(rng.random(size) < solved, HIGH, rng.uniform(LOW, HIGH, size))


def maze_mean(solved):
    return solved * HIGH + (1 - solved) * (LOW + HIGH) / 2


@cache
def maze_split(n_train):
    return draw_split(FAMILIES["maze-basic"], n_train, 0, WATCHED)


def watched_runs(runs, n_train, lost):
    """For each run its limits of the gap at each checkpoint, and the gap that there is.

    A run solves more levels from checkpoint to checkpoint, always those that it solved before, and
    of held-out levels a share ``lost`` fewer. It is watched as the test worker does: the same
    levels of each pool, by ``gap_low``, with the number of the checkpoint.
    """
    split = maze_split(n_train)
    for run in range(runs):
        rng, limits, gaps = stream(run, "watched", n_train, str(lost)), [], []
        # A level is solved once the skill is above its difficulty; unsolved it returns anything.
        hard, hard_new = rng.random(n_train), rng.random(WATCHED)
        poor, poor_new = (rng.uniform(LOW, HIGH, n) for n in (n_train, WATCHED))
        for number in range(1, CHECKPOINTS + 1):
            skill = 0.2 + 0.8 * number / CHECKPOINTS
            train = np.where(hard < skill, HIGH, poor)
            new = np.where(hard_new < skill - lost, HIGH, poor_new)
            returns = {"train": train[:WATCHED], "test": new}
            keys = {"checkpoint": number, "seed": run, "step": 1000 * number}
            limits.append(overfitting_alarm.gap_low(split, returns, **keys))
            gaps.append(train.mean() - maze_mean(max(skill - lost, 0.0)))
        yield np.array(limits), np.array(gaps)


def limits_hold(n_train, lost):
    def share(runs):
        watched = watched_runs(runs, n_train, lost)
        return float(np.mean([(limits <= gaps).all() for limits, gaps in watched]))

    return share


def alarms(n_train, lost):
    def share(runs):
        watched = watched_runs(runs, n_train, lost)
        return float(np.mean([(limits > 0).any() for limits, _ in watched]))

    return share


def certified(bound, solved):
    def share(samples):
        drawn = maze_returns(stream(0, "certificates"), solved, (samples, 100))
        return float(np.mean([bound(x, LOW, HIGH).lower <= maze_mean(solved) for x in drawn]))

    return share


def certified_rate(samples, solved=0.95):
    counts = stream(0, "rates").binomial(100, solved, samples)
    told = [certificates.clopper_pearson(int(k), 100, two_sided=True) for k in counts]
    return float(np.mean([c.lower <= solved <= c.upper for c in told]))


def equivalent(truth):
    """Twenty differences of standard deviation .1, tested against a margin of .1."""

    def share(studies):
        found = truth + 0.1 * stream(0, "equivalence").standard_normal((studies, 20))
        se = found.std(axis=1, ddof=1) / np.sqrt(20)
        told = [
            equivalence.tost(d, s, 0.1, 19) for d, s in zip(found.mean(axis=1), se, strict=True)
        ]
        return float(np.mean([t.p < 0.05 for t in told]))

    return share


def auc_studies(area, size, studies):
    """Normal drops of this true AUC, ``size`` agents a class."""
    rng, shift = stream(0, "auc", size), np.sqrt(2) * float(special.ndtri(area))
    for _ in range(studies):
        yield detection.auc(shift + rng.standard_normal(size), rng.standard_normal(size))


def auc_holds(area, size):
    def share(studies):
        return holds(auc_studies(area, size, studies), area)

    return share


def judged(word, area, size):
    def share(studies):
        told = auc_studies(area, size, studies)
        return float(np.mean([detection.verdict(auc) == word for auc in told]))

    return share


#: Checkpoints of a run, as the kept studies have them; the best return and the noise's deviation.
LOOKS, BEST, DEVIATION = 21, 2.0, 0.003


def autoregressive(rng, rho, scale):
    """Noise of the first order with this correlation and, at each place, this deviation."""
    fresh = rng.standard_normal(len(scale)) * np.sqrt(1 - rho**2)
    fresh[0] /= np.sqrt(1 - rho**2)
    values = [fresh[0]]
    for step in fresh[1:]:
        values.append(rho * values[-1] + step)
    return np.array(values) * scale


def at_the_margin(x):
    """A line that in as long again gains just as much as may not be gained, towards the optimum."""
    end = 1.0
    return end + plateau.MARGIN * (BEST - end) * (x - 1)


def approaching(x):
    """An exponential approach: as long again gains half of what remains."""
    return BEST - 2.0 * np.exp(-np.log(2) * x)


def by_the_logarithm(x):
    """As long again, and so each doubling of the steps, gains just the margin."""
    remaining = 1.0
    return BEST - remaining + plateau.MARGIN * remaining * np.log2(np.maximum(x, 1e-3))


def stuck(x):
    """A plateau half way, reached in the first half of training."""
    return np.minimum(1.0, 2.2 * x)


def learnt(x):
    """The optimum, reached in the first half of training."""
    return BEST * np.minimum(1.0, 2.2 * x)


def called(words, curve, rho=0.0, *, annealed=False, deviation=DEVIATION):
    """The share of runs called so, whose mean return is this function of the share of learning.

    Where the learning rate is annealed, learning goes as its sum, and noise falls with it.
    """

    def share(runs):
        steps = np.linspace(0, 4e6, LOOKS)
        done = steps / steps[-1]
        x = done * (2 - done) if annealed else done
        scale = deviation * ((1 - done) * 0.9 + 0.1 if annealed else np.ones(LOOKS))
        rng = stream(0, "plateaus", curve.__name__, str(rho), str(annealed))
        count = 0
        for _ in range(runs):
            returns = curve(x) + autoregressive(rng, rho, scale)
            count += plateau.trend(steps, returns, BEST, -1.0, annealed=annealed).word in words
        return count / runs

    return share


CONVERGED = (plateau.OPTIMAL, plateau.FLAT)


def pools(rng, frames, unique, n):
    """What ``n`` levels show: one of some frames, or what no other level shows."""
    common = rng.choice(len(frames), size=n, p=frames / frames.sum())
    own = rng.random(n) < unique
    return np.where(own, -1 - rng.integers(2**60, size=n), common)


def overlap_holds(frames, unique, n_range=None, n=200):
    """Is the share of all test levels that the training levels, or their range, hold inside?"""
    frames = np.asarray(frames, float) * (1 - unique)

    def share(studies):
        rng = stream(0, "overlap", len(frames), n_range or 0)
        inside = 0
        for _ in range(studies):
            whole = pools(rng, frames, unique, n_range or n)
            test = pools(rng, frames, unique, n)
            truth = frames[np.unique(whole[whole >= 0])].sum()
            told = overlaps.share(whole[:n].tolist(), test.tolist())
            if n_range:
                told = overlaps.share_of_range(told, n, n_range)
            inside += told.low <= truth <= told.high
        return inside / studies

    return share


EQUAL = np.full(20_000, 1 / 20_000)
ZIPF = 1 / np.arange(1, 20_001) / (1 / np.arange(1, 20_001)).sum()

#: Name -> simulation. Every nominal 95 % interval and every test with level 5 % belongs here.
SIMULATIONS = {
    "two-way, 5 x 200": Simulation(
        "95 % interval of a mean, 5 runs x 200 levels", crossed(5, 200), 0.92, 0.98
    ),
    "two-way, 3 x 100": Simulation(
        "95 % interval of a mean, 3 runs x 100 levels", crossed(3, 100), 0.90, 0.98
    ),
    "two-way, 20 x 200": Simulation(
        "95 % interval of a mean, 20 runs x 200 levels", crossed(20, 200), 0.92, 0.98
    ),
    "held-out groups, 4": Simulation(
        "95 % interval of a mean over new groups of levels, 5 runs, 4 held-out groups of 20 levels",
        held_out_groups(4),
        0.92,
        0.98,
    ),
    "held-out groups, 2": Simulation(
        "the same, 2 held-out groups",
        held_out_groups(2),
        0.90,
        0.98,
    ),
    "groups as levels": Simulation(
        "why groups, not their levels, are counted: the same of 4 groups, as if of 80 levels",
        held_out_groups(4, as_levels=True),
        0.0,
        0.85,
    ),
    "gap, own pools": Simulation(
        "95 % interval of the gap, 5 runs with 50 training levels each of their own",
        gap(shared=False),
        0.92,
        0.98,
    ),
    "gap, one pool": Simulation(
        "95 % interval of the gap, 5 runs with the same 50 training levels",
        gap(shared=True),
        0.92,
        0.98,
    ),
    "policy, computed": Simulation(
        "95 % interval of one policy's gap, its 10 training levels, 100 held-out ones, computed",
        of_one_policy(100),
        0.92,
        0.98,
    ),
    "policy, played": Simulation(
        "the same, 20 episodes a level played", of_one_policy(100, 20), 0.92, 0.98
    ),
    "policy, solved": Simulation(
        "the same of the solved rate, computed, 90 % of levels solved",
        of_one_policy(100, solved=0.9),
        0.92,
        0.98,
    ),
    "paired": Simulation(
        "95 % interval of a paired difference, 5 runs x 200 levels", paired_difference, 0.92, 0.98
    ),
    "unpaired difference": Simulation(
        "95 % interval of a difference of other runs, 5 and 3 on the same 200 levels",
        unpaired_difference,
        0.92,
        0.98,
    ),
    **{
        f"gap difference, {how}": Simulation(
            f"95 % interval of a difference of two gaps, {how}, all on the same 20 training levels",
            gap_differences(pairs=pairs),
            0.92,
            0.98,
        )
        for how, pairs in (("5 pairs of runs", True), ("5 and 3 other runs", False))
    },
    **{
        f"policy, 200 of {pool:,}": Simulation(
            f"the same of one policy, 200 of its {pool:,} training levels played, 200 held out",
            of_a_sampled_pool(200, pool),
            0.92,
            0.98,
        )
        for pool in (1000, 10_000)
    },
    "interquartile mean": Simulation(
        "95 % interval of the interquartile mean by winsorised scores, 5 runs x 200 levels",
        interquartile(5),
        0.94,
        1.0,
    ),
    **{
        f"improvement, {runs} + {runs} runs, {shift:g}": Simulation(
            f"95 % interval of the probability of improvement, {runs} runs each, {shift:g} apart",
            improvements(runs, shift, spread),
            0.94,
            1.0,
        )
        for runs, shift, spread in ((3, 1.5, 1.0), (5, 0.5, 1.0), (5, 3.0, 1.0), (10, 0.0, 3.0))
    },
    "cell-stratified": Simulation(
        "why not rliable's bootstrap: its 95 % interval of the mean, 5 runs x 200 levels",
        cells,
        0.0,
        0.5,
        1_000,
        200,
    ),
    "whole runs": Simulation(
        "why levels are drawn too: bootstrap of runs only, 5 runs x 200 levels",
        whole_runs,
        0.0,
        0.92,
    ),
    "sign flips": Simulation(
        "false alarms of the sign-flip test at .05, 6 runs", sign_flips, 0.0, 0.05, 10_000, 1_000
    ),
    "alarm, limits, whole pool": Simulation(
        "limits of the gap at 10 checkpoints at once (the overfitting alarm), 50 training "
        "levels, all watched",
        limits_hold(50, 0.4),
        0.95,
        1.0,
        1_000,
        200,
    ),
    "alarm, limits, part of the pool": Simulation(
        "the same, 50 of 200 training levels watched",
        limits_hold(200, 0.4),
        0.95,
        1.0,
        1_000,
        200,
    ),
    "alarm, gap": Simulation(
        "overfitting alarms of agents with a gap of .6, 50 training levels, all watched",
        alarms(50, 0.4),
        0.9,
        1.0,
        1_000,
        200,
    ),
    "alarm, gap, part of the pool": Simulation(
        "why to watch the whole pool: alarms with a gap of 1.2, 50 of 200 training levels watched",
        alarms(200, 0.8),
        0.0,
        0.5,
        1_000,
        200,
    ),
    "alarm, alike, part of the pool": Simulation(
        "overfitting alarms of agents that play all levels alike, 50 of 200 training levels "
        "watched",
        alarms(200, 0.0),
        0.0,
        0.05,
        1_000,
        200,
    ),
    "alarm, alike, whole pool": Simulation(
        "the same, 50 training levels, all watched: a pool that is easy by chance has a gap "
        "as well",
        alarms(50, 0.0),
        0.0,
        0.12,
        1_000,
        200,
    ),
    "betting, poor policy": Simulation(
        "95 % certificate, betting, 100 levels, of which 30 % are solved",
        certified(certificates.betting, 0.3),
        0.95,
        1.0,
    ),
    "betting, good policy": Simulation(
        "95 % certificate, betting, 100 levels, of which 95 % are solved",
        certified(certificates.betting, 0.95),
        0.95,
        1.0,
    ),
    "Clopper-Pearson": Simulation(
        "95 % interval of a solved rate of .95, Clopper-Pearson, 100 levels",
        certified_rate,
        0.95,
        1.0,
    ),
    "overlap, pools": Simulation(
        "95 % interval of the share of test levels that 200 training levels hold",
        overlap_holds(ZIPF, 0.5),
        0.95,
        1.0,
    ),
    "overlap, range, equal": Simulation(
        "95 % interval of that share for a range of 20,000, all levels equally probable",
        overlap_holds(EQUAL, 0.0, 20_000),
        0.95,
        1.0,
        2_000,
        200,
    ),
    "overlap, range, Zipf": Simulation(
        "95 % interval of that share for a range of 20,000, half of the levels unique",
        overlap_holds(ZIPF, 0.5, 20_000),
        0.95,
        1.0,
        2_000,
        200,
    ),
    "TOST on the margin": Simulation(
        "equivalence shown at .05, a difference as large as the margin",
        equivalent(0.1),
        0.0,
        0.06,
        20_000,
        4_000,
    ),
    "TOST, no difference": Simulation(
        "equivalence shown at .05, no difference", equivalent(0.0), 0.9, 1.0
    ),
    "converged, at the margin": Simulation(
        "false “converged”: learning curves that in as long again gain 10 % of what remains",
        called(CONVERGED, at_the_margin),
        0.0,
        0.05,
    ),
    "converged, at the margin, correlated": Simulation(
        "the same, noise of consecutive checkpoints correlated by .7",
        called(CONVERGED, at_the_margin, 0.7),
        0.0,
        0.05,
    ),
    "converged, at the margin, annealed": Simulation(
        "the same, correlated by .4, learning rate and noise annealed",
        called(CONVERGED, at_the_margin, 0.4, annealed=True),
        0.0,
        0.05,
    ),
    "converged, logarithmic": Simulation(
        "the same, curves that gain so much with each doubling of the steps, correlated by .4",
        called(CONVERGED, by_the_logarithm, 0.4),
        0.0,
        0.05,
    ),
    "converged, approaching": Simulation(
        "false “converged”: curves that in as long again gain half of what remains, annealed",
        called(CONVERGED, approaching, 0.4, annealed=True),
        0.0,
        0.01,
    ),
    "converged, known plateau": Simulation(
        "“flat”: a plateau with 1 to the optimum, noise of .003, correlated by .4",
        called((plateau.FLAT,), stuck, 0.4),
        0.8,
        1.0,
    ),
    "converged, optimum": Simulation(
        "“optimum reached”: curves that have reached it, noise of .01, correlated by .4",
        called((plateau.OPTIMAL,), learnt, 0.4, deviation=0.01),
        0.8,
        1.0,
    ),
    "AUC .8, 10 agents": Simulation(
        "95 % interval of an AUC of .8, 10 + 10 agents", auc_holds(0.8, 10), 0.92, 0.98
    ),
    "AUC .95, 20 agents": Simulation(
        "95 % interval of an AUC of .95, 20 + 20 agents", auc_holds(0.95, 20), 0.92, 0.98
    ),
    "detects, AUC .8": Simulation(
        "“detects”, a detector with an AUC of .8, 50 + 50 agents",
        judged("detects", 0.8, 50),
        0.0,
        0.04,
        4_000,
        1_000,
    ),
    "does not detect, AUC .6": Simulation(
        "“does not detect”, a detector with an AUC of .6, 150 + 150 agents",
        judged("does not detect", 0.6, 150),
        0.0,
        0.07,
        4_000,
        1_000,
    ),
    "does not detect, AUC .5": Simulation(
        "“does not detect”, a detector that knows nothing, 150 + 150 agents",
        judged("does not detect", 0.5, 150),
        0.75,
        1.0,
        4_000,
    ),
}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="the run of the documentation")
    full = parser.parse_args().full
    print("| simulation | studies | share | required | holds | seconds |")
    print("|---|---|---|---|---|---|")
    for simulation in SIMULATIONS.values():
        studies = simulation.full if full else simulation.short
        begun = time.perf_counter()
        share = simulation.share(studies)
        good = "yes" if simulation.at_least <= share <= simulation.at_most else "**no**"
        print(
            f"| {simulation.what} | {studies:,} | {share:.3f} "
            f"| {simulation.at_least:g} to {simulation.at_most:g} | {good} "
            f"| {time.perf_counter() - begun:.1f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
