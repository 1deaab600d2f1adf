"""Policies trained on observations that stable-baselines3's VecNormalize normalised."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from torch import nn

from rlgen.errors import PolicyError
from rlgen.levels.spaces import Packed
from rlgen.policies.base import Policy
from rlgen.policies.observing import ObservingPolicy
from rlgen.policies.sb3 import pickles, values
from rlgen.policies.sb3.observations import top_byte

STATISTICS = "stable_baselines3.common.vec_env.vec_normalize.VecNormalize"


@dataclass(frozen=True)
class Moments:
    """Mean and variance of observations, in the shape that they had in training."""

    mean: NDArray[np.float64]
    variance: NDArray[np.float64]


@dataclass(frozen=True)
class Statistics:
    """What a VecNormalize had counted when it was saved.

    Attributes:
        moments: Of the observations, under "", or of entries of a dictionary, by their names; empty
            if observations were not normalised.
        clip: The largest absolute value of a normalised observation.
        epsilon: Added to variances.
    """

    moments: Mapping[str, Moments]
    clip: float
    epsilon: float

    def normalised(self, observations: NDArray[Any], name: str = "") -> NDArray[np.float32]:
        """Observations ``(B, ...)`` as VecNormalize normalises them, in their own shape."""
        raw = np.asarray(observations, np.float32)
        if name not in self.moments:
            return raw
        one = self.moments[name]
        shaped = raw.reshape(len(raw), *one.mean.shape)
        scaled = (shaped - one.mean) / np.sqrt(one.variance + self.epsilon)
        return np.clip(scaled, -self.clip, self.clip).astype(np.float32).reshape(raw.shape)


def wrapped(policy: Policy, statistics: Statistics, space: spaces.Box) -> Policy:
    """A policy that receives observations as VecNormalize normalises them.

    Args:
        policy: The policy, trained on normalised observations.
        statistics: Of its training, from ``read``.
        space: Space of the observations before normalisation.
    """

    def normalise(observations: NDArray[Any]) -> NDArray[np.float32]:
        if not isinstance(space, Packed):
            return statistics.normalised(observations)
        entries = space.unpack(observations).items()
        return space.pack({name: statistics.normalised(part, name) for name, part in entries})

    return ObservingPolicy(policy, normalise, module=lambda: Normalise(statistics, space))


class Normalise(nn.Module):
    """What ``Statistics.normalised`` does, for tensors ``(B, *shape)``; computed in float64."""

    def __init__(self, statistics: Statistics, space: spaces.Box) -> None:
        super().__init__()
        mean, scale = np.zeros(space.shape), np.ones(space.shape)
        bound = np.full(space.shape, np.inf)
        parts = space.parts if isinstance(space, Packed) else ()
        places = {part.name: part.rows for part in parts} or {"": slice(None)}
        for name, one in statistics.moments.items():
            shape = mean[places[name]].shape
            mean[places[name]] = one.mean.reshape(shape)
            deviation = np.sqrt(one.variance.reshape(shape) + statistics.epsilon)
            scale[places[name]], bound[places[name]] = 1 / deviation, statistics.clip
        self._mean, self._scale, self._bound = map(torch.from_numpy, (mean, scale, bound))

    def forward(self, observations: torch.Tensor) -> torch.Tensor:
        """Normalised observations, of the dtype that was given."""
        scaled = (observations.double() - self._mean) * self._scale
        return scaled.clamp(-self._bound, self._bound).to(observations.dtype)


def read(path: Path, space: spaces.Box) -> Statistics:
    """Read the statistics that ``VecNormalize.save`` wrote; nothing in the file is run.

    Args:
        path: The file.
        space: Space of the observations to normalise, as networks receive them: matrices have one
            channel there, and bytes are divided.

    Raises:
        PolicyError: If the file holds something else, or statistics of other observations.
    """
    try:
        if path.stat().st_size > pickles.MOST_BYTES:
            raise PolicyError(f"{path}: too large for statistics of VecNormalize")
        saved = pickles.read(path.read_bytes())
        if not isinstance(saved, pickles.Node) or saved.path != STATISTICS:
            raise PolicyError(
                f"{path}: holds {values.name(saved)}, not a VecNormalize of stable-baselines3"
            )
        return _statistics(saved.state, space, path)
    except (OSError, pickles.PickleError, values.ForeignError) as error:
        raise PolicyError(
            f"{path}: cannot be read as statistics of VecNormalize: {error}"
        ) from None
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise PolicyError(
            f"{path}: is a damaged VecNormalize ({type(error).__name__}: {str(error)[:100]})"
        ) from None


def _statistics(state: Mapping[str, Any], space: spaces.Box, path: Path) -> Statistics:
    clip, epsilon = (float(values.plain(state[key])) for key in ("clip_obs", "epsilon"))
    if not values.plain(state["norm_obs"]):
        return Statistics({}, clip, epsilon)
    counted, own = state["obs_rms"], values.space(state["observation_space"])
    entries = {"": space}
    by_name = {"": counted}
    if isinstance(own, spaces.Dict):
        entries = space.entries() if isinstance(space, Packed) else {}
        by_name = dict(values.pairs(counted))
    moments = {}
    for name, node in by_name.items():
        if name not in entries:
            raise PolicyError(f"{path}: holds statistics of the entry {name}, which is not here")
        one = Moments(values.array(node.state["mean"]), values.array(node.state["var"]))
        top = top_byte(own[name] if isinstance(own, spaces.Dict) else own)
        what = f"observations, {name}," if name else "observations"
        _check(one, top, what, entries[name], path)
        moments[name] = one
    return Statistics(moments, clip, epsilon)


def _check(one: Moments, top: float, what: str, space: spaces.Box, path: Path) -> None:
    """Refuse statistics of other observations than those of a space."""
    mean = one.mean
    alike = (mean.shape, (1, *mean.shape))
    if isinstance(space, Packed) or space.shape not in alike or one.variance.shape != mean.shape:
        raise PolicyError(
            f"{path}: holds statistics of other {what} than these, of shape {space.shape}"
        )
    if mean.ndim > 2:
        raise PolicyError(f"{path}: statistics of pictures cannot be applied")
    if not np.isfinite(mean).all() or not np.isfinite(one.variance).all():
        raise PolicyError(f"{path}: its {what} have means or variances that are not finite")
    typical = mean.reshape(space.shape)
    scaled = top in (0, space.high.max())
    if (typical < space.low).any() or (typical > space.high).any() or not scaled:
        raise PolicyError(
            f"{path}: its {what} were not scaled as these are (bytes are divided by the option "
            "scale)"
        )
