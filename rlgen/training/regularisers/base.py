"""What a regulariser of a learner is."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rlgen.levels.family import Family
from rlgen.perturbations.base import Strength

if TYPE_CHECKING:
    import torch


class View(ABC):
    """What ``N`` environments show a learner instead of what there is to see.

    The learner acts on what it is shown and learns from the same, so that what it did was its
    policy's choice: to show it in the update alone would make PPO's ratio one between two
    policies (Raileanu et al. 2021, https://arxiv.org/abs/2006.12862).
    """

    def begin(self, which: "torch.Tensor") -> None:
        """New episodes begin in these environments, int64 ``(K,)``; the first time in all."""
        del which

    @abstractmethod
    def show(self, observations: "torch.Tensor", which: "torch.Tensor") -> "torch.Tensor":
        """What is shown.

        Args:
            observations: ``(B, *shape)``; not written to.
            which: Of which environments, int64 ``(B,)``.

        Returns:
            The same shape and dtype.
        """


class Regulariser:
    """Something in how an agent learns, of one kind, that may keep it from overfitting.

    Nothing of it is left in the trained policy but its weights. A member overrides ``settings`` or
    ``view``, and ``why_not``.

    Attributes:
        strength: What the number after the colon means.
    """

    strength: Strength

    def why_not(self, strength: float, agent: str, network: str, family: Family) -> str | None:
        """Why the agent cannot learn with it, with this network in these levels; else None.

        Args:
            strength: Its number.
            agent: Name in ``AGENTS``.
            network: Name in ``NETWORKS``.
            family: Of the training levels.
        """
        del strength, agent, network, family
        return None

    def settings(self, strength: float, settings: Mapping[str, Any]) -> dict[str, Any]:
        """The run's hyper-parameters, drawn, with what it changes or adds (``learner.make``)."""
        del strength
        return dict(settings)

    def view(
        self, strength: float, family: Family, num_envs: int, seed: int, device: str
    ) -> View | None:
        """What the learner is shown, or None if that is what there is to see.

        Args:
            strength: Its number.
            family: Of the training levels.
            num_envs: How many environments there are.
            seed: Of all that is drawn.
            device: Torch's name of where observations are.
        """
        del strength, family, num_envs, seed, device
        return None
