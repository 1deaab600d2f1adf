"""Policies that were trained on observations normalised by stable-baselines3's VecNormalize."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecNormalize

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
        seen = self._statistics.normalize_obs(np.asarray(observations, np.float32))
        return self._policy.probabilities(np.asarray(seen, np.float32))


def read(path: Path, shape: tuple[int, ...]) -> VecNormalize:
    """What ``VecNormalize.save`` wrote. Unpickles: only for files that the user trusts.

    Args:
        path: The file.
        shape: Of the observations to be normalised.

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
    if not isinstance(known, np.ndarray) or known.shape != shape:
        raise PolicyError(
            f"{path}: holds statistics of other observations than these, of shape {shape}"
        )
    if len(shape) == 3:
        # Those of bytes, and ours are shares of 255.
        raise PolicyError(f"{path}: statistics of pictures cannot be applied")
    return told
