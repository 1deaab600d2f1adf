"""What the learners step: a batch of environments, with tensors in and out."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnv
from stable_baselines3.common.vec_env.base_vec_env import VecEnvIndices

from rlgen.errors import ProtocolError


@dataclass(frozen=True)
class Step:
    """What a step of ``N`` environments led to.

    Attributes:
        observations: ``(N, ...)``; where an episode ended, the next one's first.
        rewards: float32 ``(N,)``, as the learner is to see them.
        ended: bool ``(N,)``; whether an episode ended.
        cut: Which environments' episodes were cut although they would have gone on, int64
            ``(K,)``, and the last observations of those; or None where there are none.
    """

    observations: torch.Tensor
    rewards: torch.Tensor
    ended: torch.Tensor
    cut: tuple[torch.Tensor, torch.Tensor] | None = None


class BatchEnv(VecEnv):
    """Environments that are no objects of their own; same-step reset.

    ``advance`` is how they are stepped. They are a ``VecEnv`` because stable-baselines3 asks for
    one.
    """

    render_mode = None

    @abstractmethod
    def advance(self, actions: torch.Tensor) -> Step:
        """One step of every environment; actions are int64 ``(N,)`` or ``(N, *action shape)``."""

    def get_attr(self, attr_name: str, indices: VecEnvIndices = None) -> list[Any]:
        """An attribute of the batch, once for each index."""
        return [getattr(self, attr_name) for _ in self._get_indices(indices)]

    def set_attr(self, attr_name: str, value: Any, indices: VecEnvIndices = None) -> None:
        """Set an attribute of the whole batch."""
        del indices
        setattr(self, attr_name, value)

    def env_method(
        self, method_name: str, *args: Any, indices: VecEnvIndices = None, **kwargs: Any
    ) -> list[Any]:
        """Not available: the environments of a batch are no objects of their own."""
        del args, kwargs, indices
        raise ProtocolError(f"{method_name}: a natively batched environment has no single members")

    def env_is_wrapped(self, wrapper_class: type, indices: VecEnvIndices = None) -> list[bool]:
        """Episodes are recorded as by ``Monitor``, which stable-baselines3 asks about."""
        name = wrapper_class.__name__
        return [name == "Monitor" for _ in self._get_indices(indices)]

    def get_images(self) -> Sequence[NDArray[np.uint8] | None]:
        """No pictures."""
        return [None] * self.num_envs
