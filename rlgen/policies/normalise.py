"""Policies that were trained on observations normalised by stable-baselines3's VecNormalize."""

import pickle
from pathlib import Path
from typing import Any, cast

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecNormalize

from rlgen.errors import PolicyError
from rlgen.levels.spaces import Packed
from rlgen.policies.base import Actions, AnyPolicy, ContinuousPolicy, MemorylessPolicy, Policy
from rlgen.policies.sb3.observations import Known


def wrapped(policy: AnyPolicy, statistics: VecNormalize, space: spaces.Box) -> AnyPolicy:
    """The policy, which sees observations as VecNormalize would show them.

    Args:
        policy: What plays.
        statistics: Of the training, as ``read`` gives them; they stay as they are.
        space: Of the observations.
    """
    shown = _Shown(statistics, space)
    if isinstance(policy, ContinuousPolicy):
        return _Continuous(policy, shown)
    if isinstance(policy, MemorylessPolicy):
        return _Memoryless(policy, shown)
    return _WithMemory(policy, shown)


class _Shown:
    """What VecNormalize makes of observations, its statistics frozen."""

    def __init__(self, statistics: VecNormalize, space: spaces.Box) -> None:
        self._statistics, self._space = statistics, space

    def __call__(self, observations: NDArray[Any]) -> NDArray[np.float32]:
        seen = np.asarray(observations, np.float32)
        if not self._statistics.norm_obs:
            return seen
        if isinstance(self._space, Packed):
            entries: Any = self._statistics.normalize_obs(self._space.unpack(seen))
            return self._space.pack(entries)
        rms = cast(Any, self._statistics.obs_rms)
        known = seen.reshape(len(seen), *rms.mean.shape)
        told = np.asarray(self._statistics.normalize_obs(known), np.float32)
        return told.reshape(seen.shape)


class _Memoryless(MemorylessPolicy):
    def __init__(self, policy: MemorylessPolicy, shown: _Shown) -> None:
        self._policy, self._shown = policy, shown
        self.stochastic = policy.stochastic

    def probabilities(self, observations: NDArray[Any]) -> NDArray[np.float64]:
        return self._policy.probabilities(self._shown(observations))


class _WithMemory(Policy):
    memoryless = False

    def __init__(self, policy: Policy, shown: _Shown) -> None:
        self._policy, self._shown = policy, shown
        self.stochastic = policy.stochastic

    def start(self, n: int) -> Any:
        return self._policy.start(n)

    def act(self, observations: NDArray[Any], memory: Any) -> tuple[NDArray[np.float64], Any]:
        return self._policy.act(self._shown(observations), memory)


class _Continuous(ContinuousPolicy):
    def __init__(self, policy: ContinuousPolicy, shown: _Shown) -> None:
        self._policy, self._shown = policy, shown
        self.memoryless, self.stochastic = policy.memoryless, policy.stochastic

    def start(self, n: int) -> Any:
        return self._policy.start(n)

    def act(
        self, observations: NDArray[Any], memory: Any, rng: np.random.Generator | None
    ) -> tuple[Actions, Any]:
        return self._policy.act(self._shown(observations), memory, rng)


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
    rms, own = cast(Any, told.obs_rms), cast(Any, told.observation_space)
    if not isinstance(rms, dict):
        _check(rms, own, "observations", space, path)
        return told
    shown = space.entries() if isinstance(space, Packed) else {}
    for key, one in rms.items():
        if key not in shown:
            raise PolicyError(f"{path}: holds statistics of the entry {key}, which is not here")
        _check(one, own[key], f"observations, {key},", shown[key], path)
    return told


def _check(rms: Any, own: "spaces.Space[Any]", name: str, space: spaces.Box, path: Path) -> None:
    """Refuse statistics of other numbers than those that are shown."""
    known = getattr(rms, "mean", None)
    alike = () if known is None else (known.shape, (1, *known.shape))
    if not isinstance(known, np.ndarray) or isinstance(space, Packed) or space.shape not in alike:
        raise PolicyError(
            f"{path}: holds statistics of other {name} than these, of shape {space.shape}"
        )
    if known.ndim > 2:
        raise PolicyError(f"{path}: statistics of pictures cannot be applied")
    typical, top = known.reshape(space.shape), Known.of(own).top
    if (
        (typical < space.low).any()
        or (typical > space.high).any()
        or top not in (0, space.high.max())
    ):
        raise PolicyError(
            f"{path}: its {name} were not scaled as these are (bytes are divided by the option "
            "scale)"
        )
