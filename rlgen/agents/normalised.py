"""Policies that were trained on observations normalised by stable-baselines3's VecNormalize."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecNormalize

from rlgen.continuous import Actions, ContinuousPolicy
from rlgen.errors import PolicyError
from rlgen.policy import MemorylessPolicy


class Normalised(MemorylessPolicy):
    """A policy that sees observations as VecNormalize would show them, its statistics frozen.

    Args:
        policy: What plays.
        statistics: Of the training.
    """

    def __init__(self, policy: MemorylessPolicy, statistics: VecNormalize) -> None:
        self._policy, self._statistics = policy, statistics
        self.stochastic = policy.stochastic

    def probabilities(self, observations: NDArray[Any]) -> NDArray[np.float64]:
        """See ``MemorylessPolicy.probabilities``."""
        return self._policy.probabilities(shown(self._statistics, observations))


class ContinuousNormalised(ContinuousPolicy):
    """The same of a policy whose actions are vectors of numbers."""

    def __init__(self, policy: ContinuousPolicy, statistics: VecNormalize) -> None:
        self._policy, self._statistics = policy, statistics
        self.memoryless, self.stochastic = policy.memoryless, policy.stochastic

    def start(self, n: int) -> Any:
        """See ``ContinuousPolicy.start``."""
        return self._policy.start(n)

    def act(
        self, observations: NDArray[Any], memory: Any, rng: np.random.Generator | None
    ) -> tuple[Actions, Any]:
        """See ``ContinuousPolicy.act``."""
        return self._policy.act(shown(self._statistics, observations), memory, rng)


def shown(statistics: VecNormalize, observations: NDArray[Any]) -> NDArray[np.float32]:
    """Observations as VecNormalize shows them."""
    seen = np.asarray(observations, np.float32)
    rms: Any = statistics.obs_rms if statistics.norm_obs else None
    if rms is None:
        return seen
    known = seen.reshape(len(seen), *rms.mean.shape)
    told = np.asarray(statistics.normalize_obs(known), np.float32)
    return told.reshape(seen.shape)


def read(path: Path, space: spaces.Box) -> VecNormalize:
    """What ``VecNormalize.save`` wrote. Unpickles: only for files that the user trusts.

    Args:
        path: The file.
        space: Of the observations to be normalised, as networks see them: tables of numbers have
            one channel there, and bytes are divided.

    Raises:
        PolicyError: If it is something else, or of other observations.
    """
    try:
        told = pickle.loads(path.read_bytes())
    except Exception as error:
        # What a pickle raises is up to who made it.
        raise PolicyError(
            f"{path}: cannot be unpickled: {' '.join(str(error).split())[:200]}"
        ) from None
    if not isinstance(told, VecNormalize):
        raise PolicyError(f"{path}: holds a {type(told).__name__}, not a VecNormalize")
    if not told.norm_obs:
        return told
    known = getattr(told.obs_rms, "mean", None)
    if not isinstance(known, np.ndarray) or space.shape not in (known.shape, (1, *known.shape)):
        raise PolicyError(
            f"{path}: holds statistics of other observations than these, of shape {space.shape}"
        )
    if known.ndim > 2:
        raise PolicyError(f"{path}: statistics of pictures cannot be applied")
    typical = known.reshape(space.shape)
    if (typical < space.low).any() or (typical > space.high).any():
        raise PolicyError(
            f"{path}: its means lie outside the observations: those were not scaled as these are"
        )
    return told
