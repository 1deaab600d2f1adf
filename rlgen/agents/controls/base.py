"""The base class of controls."""

from abc import ABC, abstractmethod
from collections.abc import Iterator

import numpy as np

from rlgen.errors import LevelError
from rlgen.evaluation import exact
from rlgen.levels.capabilities import as_tabular
from rlgen.levels.family import Family, Levels
from rlgen.levels.tabular import TabularLevels
from rlgen.policies.base import Observations, Policy


class Control(ABC):
    """An agent constructed, rather than trained, to overfit in a known way."""

    @abstractmethod
    def fit(self, family: Family, levels: Levels, seed: int) -> Policy:
        """Make the policy that this agent learns from training levels.

        Args:
            family: A family whose levels are tabular.
            levels: The training levels, at least one.
            seed: The same seed gives the same policy.

        Raises:
            LevelError: If there are no levels, or their states cannot be listed.
        """


def batches(family: Family, levels: Levels) -> Iterator[TabularLevels]:
    """The levels as tabular batches of moderate size.

    Raises:
        LevelError: If there are no levels, or their states cannot be listed.
    """
    if not len(levels):
        raise LevelError("a control needs at least one level")
    yield from exact.chunks(as_tabular(family, "controls"), levels)


def all_observations(tabular: TabularLevels) -> Observations:
    """The observation in each state, ``(N, *observation shape)``."""
    return tabular.observe(np.arange(tabular.n_states, dtype=np.int32))
