"""Probe: how much of its agreement with the planner a policy keeps on larger levels."""

from collections.abc import Mapping

import numpy as np

from rlgen.agents.controls.lookup import Table, keys
from rlgen.agents.labelled import LabelledStates, labelled
from rlgen.levels.drawing import draw_pool
from rlgen.levels.family import Family
from rlgen.policies.base import Observations, Probabilities
from rlgen.policies.functions import FunctionPolicy
from rlgen.probes import cases
from rlgen.probes.base import Identity, Measured
from rlgen.probes.subject import Subject

#: Cells a side by which levels are larger. Sizes that differ by 4 keep the lattice of tunnels where
#: it was on a canvas of fixed size.
LARGER = 4
#: Levels of either size.
LEVELS = 20
NAN = float("nan")
#: What is subtracted from agreements: that of random actions where one of five is optimal.
CHANCE = 0.2


def retention(subject: Subject, *, seed: int) -> Mapping[str, Measured]:
    """The agreement on new levels that are larger over that on new levels of its own size."""
    del seed
    family = subject.family.configure(dict(subject.family.options))
    used = {print_ for _, pool in subject.split.pools() for print_ in pool.fingerprints()}
    own = agreement(subject, fresh(family, used))
    numbers = {"own": Measured(own)}
    far, reason = enlarged_agreement(subject, family)
    if reason:
        return numbers | {name: Measured.none(reason) for name in ("larger", "retention")}
    kept = Measured.none("on levels of its own size it agrees no more than random actions do")
    if own > CHANCE:
        kept = Measured((far - CHANCE) / (own - CHANCE))
    return numbers | {"larger": Measured(far), "retention": kept}


def enlarged_agreement(subject: Subject, family: Family) -> tuple[float, str]:
    """The agreement on new levels that are larger, or nan and the reason why there is none.

    Args:
        subject: Whose policy is asked.
        family: Of the levels of its own size.
    """
    larger = enlarged(family)
    if larger is None:
        return NAN, f"the levels of {family.name} have no size"
    spec = getattr(subject.policy, "spec", None)
    if unfit := spec and spec.fits(larger.observation_space.shape):
        return NAN, f"its network {unfit}"
    try:
        return agreement(subject, fresh(larger, set())), ""
    except (RuntimeError, ValueError):
        # What foreign networks and functions raise for another shape is theirs.
        shape = " x ".join(map(str, family.observation_space.shape or ()))
        return NAN, f"it takes observations of {shape} alone"


def enlarged(family: Family) -> Family | None:
    """The family with levels that are ``LARGER`` cells larger; None if it has no sizes."""
    size = family.options.get("size")
    if not isinstance(size, int):
        return None
    return family.configure({**family.options, "size": size + LARGER})


def fresh(family: Family, used: set[str]) -> LabelledStates:
    """States of new levels of a family, the same whatever the policy, with the planner's labels.

    Args:
        family: A family whose levels are tabular.
        used: Fingerprints of levels that are left out.
    """
    return labelled(family, draw_pool(family, "validation", LEVELS, set(used)))


def agreement(subject: Subject, states: LabelledStates) -> float:
    """Share of the planner's visits at which the policy's most probable action is optimal."""
    observations = states.observe(np.arange(states.tabular.n_states))
    chosen = subject.probabilities(observations).argmax(axis=1)
    right = states.optimal[np.arange(len(chosen)), chosen]
    return float(states.visits[right].sum() / states.visits.sum())


def identity() -> Identity:
    """A policy that is the planner, on levels of either size."""
    split = cases.split()
    used = {print_ for _, pool in split.pools() for print_ in pool.fingerprints()}
    larger = enlarged(split.family)
    assert larger is not None, "the family of calibrations has sizes"
    table = Table(split.family.n_actions)
    for states in (fresh(split.family, used), fresh(larger, set())):
        observations = states.observe(np.arange(states.tabular.n_states))
        table.store(keys(observations), states.goals.astype(np.float64))

    def act(observations: Observations) -> Probabilities:
        return table.planned(np.asarray(observations))

    subject = Subject(FunctionPolicy(act, split.family.n_actions), split, "the planner's labels")
    return Identity(subject, {"own": 1.0, "larger": 1.0, "retention": 1.0}, 1e-12)
