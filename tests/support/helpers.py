"""What several test files import."""

from pathlib import Path
from typing import Any

import numpy as np

from rlgen.evaluation import planner
from rlgen.levels.family import Family, Levels
from rlgen.perturbations import PERTURBATIONS
from rlgen.policies.base import Policy
from rlgen.policies.functions import FunctionPolicy
from rlgen.util import sums

#: A study that a worker computes in about a second a cell.
TINY: dict[str, Any] = {
    "name": "tiny",
    "family": "maze-basic",
    "family_options": {"size": 5},
    "n_train_levels": [3, 6],
    "n_validation_levels": 4,
    "n_test_levels": 8,
    "agent": "ppo",
    "agent_options": {"n_envs": 16, "batch_size": 256},
    "network": "mlp-512-128",
    "seeds": [0, 1],
    "steps": 1500,
    "conditions": ["plain", "greedy", "random_spawn"],
    "curve_points": 2,
    "curve_levels": 4,
}


def unsealed(store: Path) -> Path:
    """A store as older versions wrote it, without sums, whose files tests may change."""
    for path in store.rglob(sums.NAME):
        path.unlink()
    return store


def uniform(family: Family) -> FunctionPolicy:
    """The random agent."""
    n = int(family.action_space.n)
    return FunctionPolicy(lambda observations: np.full((len(observations), n), 1 / n), n)


class TablePolicy(Policy):
    """The planner as a policy on observations, for rollouts."""

    def __init__(self, family: Family, levels: Levels) -> None:
        tabular = family.tabular(levels)
        assert tabular is not None
        states = np.arange(tabular.n_states, dtype=np.int32)
        plan = planner.plan(tabular).probabilities(tabular.n_actions)
        seen = tabular.observe(states)
        self._table = {o.tobytes(): p for o, p in zip(seen, plan, strict=True)}

    def distribution(self, observations: Any, state: Any) -> tuple[Any, Any]:
        return np.stack([self._table[o.tobytes()] for o in observations]), state


#: Perturbations that tabular levels take: all but noise in what is seen.
TABULAR = [name for name in PERTURBATIONS if not PERTURBATIONS[name].noise(1)]
