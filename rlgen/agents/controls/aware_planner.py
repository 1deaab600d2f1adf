"""The planner for sticky actions, which attains the optimum under them (method 3.5)."""

from typing import Any

import numpy as np

from rlgen.agents.controls.base import Control, all_observations, batches
from rlgen.agents.controls.lookup import Table, keys
from rlgen.errors import ProtocolError
from rlgen.evaluation import aware
from rlgen.levels.family import Family, Levels
from rlgen.perturbations.condition import Condition
from rlgen.policies.base import Observations, Policy, Probabilities


class AwarePlannerPolicy(Policy):
    """Plans for a perturbation whose memory depends on the proposed actions alone.

    Like the planner, it must plan levels before it plays them: ``learn``.

    Args:
        family: A family whose levels are tabular.
        condition: The perturbation that it plans for.

    Raises:
        ProtocolError: If the perturbation's memory depends on its noise: executed actions are not
            observed, so no policy could know it.
    """

    stochastic = False

    def __init__(self, family: Family, condition: Condition) -> None:
        self._family, self._n_actions = family, family.n_actions
        self._channel = condition.channel(self._n_actions, family.noop)
        memories, noises = self._channel.n_memories, len(self._channel.noise)
        memory, proposed, noise = np.indices((memories, self._n_actions, noises))
        self._following = self._channel.apply(memory, proposed, noise)[1]
        if (self._following != self._following[..., :1]).any() or self._channel.start.max() < 1:
            raise ProtocolError(f"no policy can know the memory of {condition.name}")
        # One column per memory: the index of the action to propose.
        self._actions = Table(memories)

    def learn(self, levels: Levels) -> None:
        """Plan further levels.

        Raises:
            LevelError: If there are no levels, or their states cannot be listed.
        """
        for tabular in batches(self._family, levels):
            actions = aware.optimal_actions(tabular, self._channel)
            self._actions.store(keys(all_observations(tabular)), actions.astype(np.float64))

    def start(self, n: int) -> Any:
        """The channel's memory at the start, int64 ``(n,)``."""
        return np.full(n, int(self._channel.start.argmax()))

    def distribution(self, observations: Observations, state: Any) -> tuple[Probabilities, Any]:
        """See ``Categorical.distribution``."""
        rows = self._actions.planned(observations)
        action = rows[np.arange(len(rows)), state].astype(np.int64)
        return np.eye(self._n_actions)[action], self._following[state, action, 0]


class AwarePlanner(Control):
    """The planner for one condition.

    Random starts need no planner of their own: the plain one plans from every state.

    Args:
        condition: The condition, as in a protocol.
    """

    def __init__(self, condition: str) -> None:
        self.condition = condition

    def fit(self, family: Family, levels: Levels, seed: int) -> AwarePlannerPolicy:
        """See ``Control.fit``; for further levels call the policy's ``learn``."""
        del seed
        policy = AwarePlannerPolicy(family, Condition.parse(self.condition))
        policy.learn(levels)
        return policy


STICKY = AwarePlanner("sticky_proposed:0.25")
