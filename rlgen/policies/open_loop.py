"""Policies that follow a script of actions."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rlgen.policies.base import Observations, Policy, Probabilities
from rlgen.util.seeding import stream


class OpenLoopPolicy(Policy):
    """A script of actions, chosen by the first observation of an episode.

    All later observations are ignored. This is the ideal of the Brute (Machado et al. 2018), a
    control (method 3.5): it plays a deterministic level perfectly and has learnt nothing. A first
    observation without a script gets the script of a random level, always the same for the same
    observation and seed.

    Args:
        observations: First observations with a script, ``(n, *observation shape)``, n >= 1.
        scripts: Action indices by time, one script for each.
        n_actions: Number of actions.
        after: Action when the script has ended; None draws uniformly from all.
        seed: Of the choice for unknown first observations.

    Attributes:
        longest: Steps of the longest script.
    """

    def __init__(
        self,
        observations: Observations,
        scripts: Sequence[Sequence[int]],
        n_actions: int,
        *,
        after: int | None,
        seed: int,
    ) -> None:
        self.stochastic = after is None
        self._seed = seed
        self._script_of: dict[bytes, int] = {}
        for i, observation in enumerate(np.ascontiguousarray(observations)):
            self._script_of.setdefault(observation.tobytes(), i)
        # Row 0 of ``_choices`` is what happens after the end, row 1 + a is action a.
        self._choices = np.vstack([np.zeros(n_actions), np.eye(n_actions)])
        self._choices[0] = 1 / n_actions if after is None else self._choices[1 + after]
        self.longest = max(len(script) for script in scripts)
        # One more column, for every time after the longest script's end.
        self._rows = np.zeros((len(scripts), self.longest + 1), np.int64)
        for row, script in zip(self._rows, scripts, strict=True):
            row[: len(script)] = np.asarray(script, dtype=np.int64) + 1

    def choose(self, observations: Observations) -> NDArray[np.int64]:
        """The script of each first observation, ``(B,)``."""
        # A dictionary of bytes: sorting whole observations takes a hundred times as long.
        chosen: dict[bytes, int] = {}
        keys = [observation.tobytes() for observation in np.ascontiguousarray(observations)]
        for key in keys:
            if key not in chosen:
                chosen[key] = self._script(key)
        return np.array([chosen[key] for key in keys], dtype=np.int64)

    def _script(self, observation: bytes) -> int:
        script = self._script_of.get(observation)
        if script is not None:
            return script
        rng = stream(self._seed, "unknown level", observation.hex())
        return int(rng.integers(len(self._rows)))

    def at(self, script: NDArray[np.int64], time: NDArray[np.int64] | int) -> Probabilities:
        """Probabilities at a time (steps since the episode began), ``(B, A)``."""
        column = np.minimum(time, self.longest)
        probabilities: Probabilities = self._choices[self._rows[script, column]]
        return probabilities

    def start(self, n: int) -> Any:
        """Script, not yet chosen, and time of each episode."""
        return np.full(n, -1), np.zeros(n, np.int64)

    def distribution(self, observations: Observations, state: Any) -> tuple[Probabilities, Any]:
        """See ``Categorical.distribution``."""
        script, time = state
        fresh = np.flatnonzero(script < 0)
        if len(fresh):
            script = script.copy()
            script[fresh] = self.choose(observations[fresh])
        return self.at(script, time), (script, time + 1)
