"""Policies trained on observations that stable-baselines3's VecNormalize normalised."""

import pickle
from pathlib import Path
from typing import Any, cast

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecNormalize

from rlgen.errors import PolicyError
from rlgen.levels.spaces import Packed
from rlgen.policies.base import Policy
from rlgen.policies.observing import ObservingPolicy
from rlgen.policies.sb3.observations import ModelSpace


def wrapped(policy: Policy, statistics: VecNormalize, space: spaces.Box) -> Policy:
    """A policy that receives observations as VecNormalize normalises them.

    Args:
        policy: The policy, trained on normalised observations.
        statistics: Of its training, from ``read``; they are not updated.
        space: Space of the observations before normalisation.
    """
    return ObservingPolicy(policy, _Normaliser(statistics, space))


class _Normaliser:
    """Normalises observations with frozen statistics."""

    def __init__(self, statistics: VecNormalize, space: spaces.Box) -> None:
        self._statistics, self._space = statistics, space

    def __call__(self, observations: NDArray[Any]) -> NDArray[np.float32]:
        raw = np.asarray(observations, np.float32)
        if not self._statistics.norm_obs:
            return raw
        if isinstance(self._space, Packed):
            entries: Any = self._statistics.normalize_obs(self._space.unpack(raw))
            return self._space.pack(entries)
        rms = cast(Any, self._statistics.obs_rms)
        # In the shape that the statistics have.
        reshaped = raw.reshape(len(raw), *rms.mean.shape)
        normalised = np.asarray(self._statistics.normalize_obs(reshaped), np.float32)
        return normalised.reshape(raw.shape)


def read(path: Path, space: spaces.Box) -> VecNormalize:
    """Unpickle the statistics that ``VecNormalize.save`` wrote; only for trusted files.

    Args:
        path: The file.
        space: Space of the observations to normalise, as networks receive them: matrices have one
            channel there, and bytes are divided.

    Raises:
        PolicyError: If the file holds something else, or statistics of other observations.
    """
    try:
        statistics = pickle.loads(path.read_bytes())
    except Exception as error:
        # What a pickle raises is up to who made it.
        raise PolicyError(
            f"{path}: cannot be unpickled: {' '.join(str(error).split())[:200]}"
        ) from None
    if not isinstance(statistics, VecNormalize):
        raise PolicyError(f"{path}: holds a {type(statistics).__name__}, not a VecNormalize")
    if not statistics.norm_obs:
        return statistics
    rms, own = cast(Any, statistics.obs_rms), cast(Any, statistics.observation_space)
    if not isinstance(rms, dict):
        _check(rms, own, "observations", space, path)
        return statistics
    entries = space.entries() if isinstance(space, Packed) else {}
    for key, one in rms.items():
        if key not in entries:
            raise PolicyError(f"{path}: holds statistics of the entry {key}, which is not here")
        _check(one, own[key], f"observations, {key},", entries[key], path)
    return statistics


def _check(rms: Any, own: "spaces.Space[Any]", name: str, space: spaces.Box, path: Path) -> None:
    """Refuse statistics of other observations than those of a space."""
    mean = getattr(rms, "mean", None)
    alike = () if mean is None else (mean.shape, (1, *mean.shape))
    if not isinstance(mean, np.ndarray) or isinstance(space, Packed) or space.shape not in alike:
        raise PolicyError(
            f"{path}: holds statistics of other {name} than these, of shape {space.shape}"
        )
    if mean.ndim > 2:
        raise PolicyError(f"{path}: statistics of pictures cannot be applied")
    typical, top = mean.reshape(space.shape), ModelSpace.of(own).top
    if (
        (typical < space.low).any()
        or (typical > space.high).any()
        or top not in (0, space.high.max())
    ):
        raise PolicyError(
            f"{path}: its {name} were not scaled as these are (bytes are divided by the option "
            "scale)"
        )
