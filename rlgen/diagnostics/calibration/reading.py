"""Make agents of one pool and put them to detectors, in a worker."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rlgen.agents.cloning import clone
from rlgen.agents.controls import CONTROLS
from rlgen.agents.controls.planner import PlannerPolicy
from rlgen.diagnostics.calibration.population import HELD_OUT, READ_LEVELS, Subject
from rlgen.diagnostics.detectors import DETECTORS
from rlgen.diagnostics.detectors.base import Material
from rlgen.diagnostics.detectors.bench import Bench, score
from rlgen.levels.family import Family
from rlgen.levels.split import Split, draw_split
from rlgen.policies.base import Policy


def readings(
    family: Family, subjects: Sequence[Subject], checks: Sequence[str], cache: Path | None = None
) -> list[dict[str, Any]]:
    """One entry a subject: its fields, its scores, and under ``checks`` what each check read.

    Args:
        family: Of the levels.
        subjects: Agents on one pool.
        checks: Names of checks.
        cache: See ``reference.returns``.
    """
    first = subjects[0]
    split = draw_split(
        family,
        first.n_levels,
        0,
        2 * HELD_OUT,
        pool_seed=first.pool_seed,
        flip_p=first.flip_p,
    )
    own = split.train.take(slice(0, READ_LEVELS))
    learnt = split.train.take(slice(0, HELD_OUT))
    held_out, truth = split.test.take(slice(0, HELD_OUT)), split.test.take(slice(HELD_OUT, None))
    bench = Bench(
        Material(family, own, held_out, first.pool_seed), {n: DETECTORS[n] for n in checks}
    )
    entries = []
    for subject in subjects:
        policy = _policy(subject, split)
        if planned := isinstance(policy, PlannerPolicy):
            for levels in (*bench.every_levels, learnt, truth):
                policy.learn(levels)
        read = bench.read(policy, knows_state=planned)
        returns, _ = score(policy, family, own, subject.seed)
        _, train_score = score(policy, family, learnt, subject.seed)
        _, test_score = score(policy, family, truth, subject.seed, cache)
        entries.append(
            {
                **asdict(subject),
                "label": subject.label,
                "returns": returns,
                "train_score": train_score,
                "test_score": test_score,
                "best": bench.best,
                "random": bench.random,
                "levels": bench.levels,
                "steps": bench.steps,
                "checks": {name: asdict(reading) for name, reading in read.items()},
            }
        )
    return entries


def _policy(subject: Subject, split: Split) -> Policy:
    if subject.kind == "network":
        return clone(split.family, split.train, subject.name, subject.seed)
    return CONTROLS[subject.name].fit(split.family, split.train, subject.seed)
