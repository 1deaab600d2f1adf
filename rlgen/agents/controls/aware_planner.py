"""The planner that knows of sticky actions: what can be attained under them (method 3.5)."""

from typing import Any

import numpy as np

from rlgen.agents.controls.base import Control, all_observations, batches
from rlgen.agents.controls.lookup import KnownOnly, keys
from rlgen.errors import ProtocolError
from rlgen.evaluation import aware
from rlgen.levels.family import Family, Levels
from rlgen.perturbations.condition import Condition
from rlgen.policies.base import Observations, Policy, Probabilities


class AwarePlannerPolicy(Policy):
    """Plans for a perturbation whose memory it can keep itself: what it proposed before.

    Like the planner it is told beforehand which levels it will be asked about: ``learn``.

    Args:
        family: A family whose levels are tabular.
        condition: What it plans for.

    Raises:
        ProtocolError: If the perturbation's memory depends on its noise: the action that was
            executed is not seen, so no policy could know it.
    """

    memoryless = False
    stochastic = False

    def __init__(self, family: Family, condition: Condition) -> None:
        self._family, self._n_actions = family, family.n_actions
        self._channel = condition.channel(self._n_actions, family.noop)
        memories, noises = self._channel.n_memories, len(self._channel.noise)
        memory, proposed, noise = np.indices((memories, self._n_actions, noises))
        self._following = self._channel.apply(memory, proposed, noise)[1]
        if (self._following != self._following[..., :1]).any() or self._channel.start.max() < 1:
            raise ProtocolError(f"no policy can know the memory of {condition.name}")
        # One column a memory: the number of the action to propose.
        self._actions = KnownOnly(memories)

    def learn(self, levels: Levels) -> None:
        """Plan these levels too.

        Raises:
            LevelError: If there are no levels, or their states cannot be listed.
        """
        for tabular in batches(self._family, levels):
            actions = aware.optimal_actions(tabular, self._channel)
            self._actions.store(keys(all_observations(tabular)), actions.astype(np.float64))

    def start(self, n: int) -> Any:
        """What the channel remembers at the start."""
        return np.full(n, int(self._channel.start.argmax()))

    def act(self, observations: Observations, memory: Any) -> tuple[Probabilities, Any]:
        """See ``Policy.act``."""
        rows = self._actions.probabilities(observations)
        action = rows[np.arange(len(rows)), memory].astype(np.int64)
        return np.eye(self._n_actions)[action], self._following[memory, action, 0]


class AwarePlanner(Control):
    """The planner for one condition.

    For random starts no other planner is needed: the plain one plans from every state.

    Args:
        condition: As in a protocol.
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
