"""Noise in the picture of a level."""

import torch

from rlgen.levels.family import Family
from rlgen.perturbations.base import Strength
from rlgen.training.regularisers.base import Regulariser, View


class LevelNoise(Regulariser):
    """A level looks a little different in each episode, so that its exact picture tells nothing.

    At each reset each number of the part of an observation that shows the level
    (``Family.layout``: a maze's walls) is chosen with probability Q, independently. Throughout the
    episode, what stands at a chosen place is shown at the other end of the observation space if it
    is at one end (a wall as free, a free cell as wall), and as it is if it lies between. The world
    does not change: what looks like a wall may be walked through.

    The literature has no fixed definition. This is domain randomization (Tobin et al. 2017,
    https://arxiv.org/abs/1703.06907) of the observation alone, drawn once an episode; Kirk et al.
    2023 (https://arxiv.org/abs/2111.09794) count it among the ways to make training and test more
    alike. The selective noise injection of Igl et al. 2019 is another thing: noise
    within the network, left out in acting.
    """

    strength = Strength("probability that a cell is shown flipped", 0.05, 0, 1)

    def why_not(self, strength: float, agent: str, network: str, family: Family) -> str | None:
        """There must be two ends at which numbers can be expected to stand."""
        del strength, agent, network
        space = family.observation_space
        if family.continuous and len(space.shape) != 3:
            return f"level_noise needs pictures or symbols, and {family.name} shows amounts"
        if not space.is_bounded():
            return f"level_noise needs numbers with two ends, and those of {family.name} have none"
        return None

    def view(
        self, strength: float, family: Family, num_envs: int, seed: int, device: str
    ) -> View | None:
        """The patterns."""
        space, part = family.observation_space, family.layout
        low, high = (torch.from_numpy(end[part]).to(device) for end in (space.low, space.high))
        chosen = torch.zeros((num_envs, *low.shape), dtype=torch.bool, device=device)
        generator = torch.Generator(device).manual_seed(seed)
        return _Patterns(strength, part, low, high, chosen, generator)


class _Patterns(View):
    """Args: as ``LevelNoise.view`` makes them; ``chosen`` is bool ``(N, *shape of the part)``."""

    def __init__(
        self,
        probability: float,
        part: slice,
        low: torch.Tensor,
        high: torch.Tensor,
        chosen: torch.Tensor,
        generator: torch.Generator,
    ) -> None:
        self._probability, self._part = probability, part
        self._low, self._high = low, high
        self._chosen, self._generator = chosen, generator

    def begin(self, which: torch.Tensor) -> None:
        """Draw their patterns."""
        shape = (len(which), *self._low.shape)
        drawn = torch.rand(shape, generator=self._generator, device=self._low.device)
        self._chosen[which] = drawn < self._probability

    def show(self, observations: torch.Tensor, which: torch.Tensor) -> torch.Tensor:
        """Each with its environment's pattern."""
        there, chosen = observations[:, self._part], self._chosen[which]
        at_low, at_high = there == self._low, there == self._high
        shown = torch.where(chosen & at_low, self._high, there)
        seen = observations.clone()
        seen[:, self._part] = torch.where(chosen & at_high, self._low, shown)
        return seen


MEMBER = LevelNoise()
