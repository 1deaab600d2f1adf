"""The base class of batches of environments that learners step, with tensors."""

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
    """The result of a step of ``N`` environments.

    Attributes:
        observations: ``(N, ...)``; where an episode ended, the first of the next.
        rewards: float32 ``(N,)``, as the learner receives them.
        ended: bool ``(N,)``; whether an episode ended.
        cut: The environments whose episodes were truncated, int64 ``(K,)``, and the last
            observations of these; None if there are none.
    """

    observations: torch.Tensor
    rewards: torch.Tensor
    ended: torch.Tensor
    cut: tuple[torch.Tensor, torch.Tensor] | None = None


class BatchEnv(VecEnv):
    """A batch of environments without single members, with same-step reset.

    Learners step it with ``advance``. It is a ``VecEnv`` because stable-baselines3 requires one.

    Attributes:
        masked: Whether it says which actions are valid, see ``Family.masked``.
    """

    render_mode = None
    masked: bool = False

    @abstractmethod
    def advance(self, actions: torch.Tensor) -> Step:
        """Step every environment; actions are int64 ``(N,)`` or float32 ``(N, *action shape)``."""

    def action_masks(self) -> NDArray[np.bool_]:
        """Which actions are valid now, bool ``(N, A)``, where ``masked``."""
        raise ProtocolError("these environments do not say which actions are valid")

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
        """``action_masks`` of each; others are not available: a batch has no single members."""
        if method_name == "action_masks" and self.masked:
            valid = self.action_masks()
            return [valid[i] for i in self._get_indices(indices)]
        del args, kwargs, indices
        raise ProtocolError(f"{method_name}: a natively batched environment has no single members")

    def env_is_wrapped(self, wrapper_class: type, indices: VecEnvIndices = None) -> list[bool]:
        """True for ``Monitor``: episodes are recorded as it does."""
        name = wrapper_class.__name__
        return [name == "Monitor" for _ in self._get_indices(indices)]

    def get_images(self) -> Sequence[NDArray[np.uint8] | None]:
        """None for each environment: there are no pictures."""
        return [None] * self.num_envs
