"""The base classes of regularisers of the learner."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rlgen.levels.family import Family
from rlgen.perturbations.base import Strength

if TYPE_CHECKING:
    import torch


class View(ABC):
    """A change of the observations that a learner receives from ``N`` environments.

    The learner acts on the changed observations and learns from the same, so that its actions are
    those of its policy: to change them in the update alone would make PPO's ratio one between two
    policies (Raileanu et al. 2021, https://arxiv.org/abs/2006.12862).
    """

    def begin(self, which: "torch.Tensor") -> None:
        """Start new episodes in these environments, int64 ``(K,)``; at first in all."""
        del which

    @abstractmethod
    def show(self, observations: "torch.Tensor", which: "torch.Tensor") -> "torch.Tensor":
        """The changed observations.

        Args:
            observations: ``(B, *shape)``; not written to.
            which: The environment of each, int64 ``(B,)``.

        Returns:
            A tensor of the same shape and dtype.
        """


class Regulariser:
    """One kind of regularisation of the learner.

    It has no effect on the trained policy except through its weights. A member overrides
    ``settings`` or ``view``, and ``why_not``.

    Attributes:
        strength: The meaning of the number after the colon.
    """

    strength: Strength

    def why_not(self, strength: float, agent: str, network: str, family: Family) -> str | None:
        """The reason why the agent cannot learn with it, or None.

        Args:
            strength: The number after the colon.
            agent: Name in ``AGENTS``.
            network: Name in ``NETWORKS``.
            family: Family of the training levels.
        """
        del strength, agent, network, family
        return None

    def settings(self, strength: float, settings: Mapping[str, Any]) -> dict[str, Any]:
        """The run's hyper-parameters with those that it changes or adds (``learner.make``).

        Args:
            strength: The number after the colon.
            settings: The run's hyper-parameters, already drawn.
        """
        del strength
        return dict(settings)

    def view(
        self, strength: float, family: Family, num_envs: int, seed: int, device: str
    ) -> View | None:
        """The view through which the learner observes, or None.

        Args:
            strength: The number after the colon.
            family: Family of the training levels.
            num_envs: Number of environments.
            seed: Seed of all random draws.
            device: Torch's name of the device of observations.
        """
        del strength, family, num_envs, seed, device
        return None
