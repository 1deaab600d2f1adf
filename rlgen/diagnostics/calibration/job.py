"""What a worker does in a calibration: make agents of one pool, and put them to the checks."""

from collections.abc import Mapping, Sequence
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
from rlgen.levels import lookup
from rlgen.levels.family import Family
from rlgen.levels.split import Split, draw_split
from rlgen.policies.base import Policy
from rlgen.study.process import one_core
from rlgen.util import files


def run(
    *,
    report: Any,
    family: str,
    options: Mapping[str, Any],
    checks: Sequence[str],
    subjects: Sequence[Mapping[str, Any]],
    into: str,
    cache: str,
) -> None:
    """Make and read the subjects, which share a pool; write one JSON file.

    Args:
        report: Not used.
        family: Name.
        options: Of the family.
        checks: Names.
        subjects: Fields of ``Subject``.
        into: The file.
        cache: See ``reference.returns``.
    """
    del report
    one_core()
    members = [Subject(**told) for told in subjects]
    levels_of = lookup.family(family).configure(options)
    files.write_json(Path(into), readings(levels_of, members, checks, Path(cache)))


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
    told = []
    for subject in subjects:
        policy = _policy(subject, split)
        if planned := isinstance(policy, PlannerPolicy):
            for levels in (*bench.every_levels, learnt, truth):
                policy.learn(levels)
        read = bench.read(policy, knows_state=planned)
        returns, _ = score(policy, family, own, subject.seed)
        _, train_score = score(policy, family, learnt, subject.seed)
        _, test_score = score(policy, family, truth, subject.seed, cache)
        told.append(
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
    return told


def _policy(subject: Subject, split: Split) -> Policy:
    if subject.kind == "network":
        return clone(split.family, split.train, subject.name, subject.seed).policy
    return CONTROLS[subject.name].fit(split.family, split.train, subject.seed)
