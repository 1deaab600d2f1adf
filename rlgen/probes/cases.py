"""Subjects whose answers are known, for the identity cases of probes."""

import numpy as np

from rlgen.agents.controls.lookup import Table, keys
from rlgen.levels import lookup
from rlgen.levels.split import Split, draw_split
from rlgen.policies.base import Observations, Probabilities
from rlgen.policies.functions import FunctionPolicy, uniform_policy
from rlgen.probes.states import listed
from rlgen.probes.subject import Subject
from rlgen.protocol import shipped
from rlgen.util.bracketed import parse_options

#: Training levels that together light every input.
MANY = 400


def split(n_train: int = 3, n_test: int = 3) -> Split:
    """Small levels that can be listed: those of a calibration."""
    defaults = shipped.defaults()
    family = lookup.family(defaults.calibrated)
    return draw_split(
        family.configure(parse_options(defaults.calibrated_options)), n_train, 0, n_test
    )


def uniform(levels: Split) -> Subject:
    """The random agent."""
    return Subject(uniform_policy(levels.family), levels, "the uniform policy")


def labelled(levels: Split) -> Subject:
    """The policy that draws among the planner's optimal actions, on all levels of a split."""
    table = Table(levels.family.n_actions)
    for _, pool in levels.pools():
        if len(pool):
            own = listed(levels.family, pool, None)
            assert own.labels is not None, "listed states have labels"
            table.store(keys(own.observations), own.labels)

    def act(observations: Observations) -> Probabilities:
        return table.planned(np.asarray(observations, np.float32))

    return Subject(FunctionPolicy(act, levels.family.n_actions), levels, "the planner's labels")
