"""Level noise: each episode changes the picture of its level a little."""

import torch

from rlgen.levels.family import Family
from rlgen.perturbations.base import Strength
from rlgen.training.regularisers.base import Regulariser, View


class LevelNoise(Regulariser):
    """Flips random cells of the level's picture in each episode.

    A level cannot be recognised by its exact picture then. At each reset, each entry of the part of
    an observation that shows the level (``Family.layout``: a maze's walls) is chosen with
    probability Q, independently. Throughout the episode, a chosen entry at one end of the
    observation space is shown at the other end (a wall as free, a free cell as wall); entries in
    between are unchanged. The environment does not change: an apparent wall may be walked through.

    The literature has no fixed definition. This is domain randomization (Tobin et al. 2017,
    https://arxiv.org/abs/1703.06907) of the observation alone, drawn once an episode; Kirk et al.
    2023 (https://arxiv.org/abs/2111.09794) count it among the ways to make training and test more
    alike. The selective noise injection of Igl et al. 2019 is another thing: noise
    within the network, left out in acting.
    """

    strength = Strength("probability that a cell is shown flipped", 0.05, 0, 1)

    def why_not(self, strength: float, agent: str, network: str, family: Family) -> str | None:
        """It needs observations with two ends at which entries usually lie."""
        del strength, agent, network
        space = family.observation_space
        if family.continuous and len(space.shape) != 3:
            return f"level_noise needs pictures or symbols, and {family.name} shows quantities"
        if not space.is_bounded():
            return f"level_noise needs bounded observations, and those of {family.name} are not"
        return None

    def view(
        self, strength: float, family: Family, num_envs: int, seed: int, device: str
    ) -> View | None:
        """The patterns of flipped cells."""
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
        """Draw new patterns."""
        shape = (len(which), *self._low.shape)
        drawn = torch.rand(shape, generator=self._generator, device=self._low.device)
        self._chosen[which] = drawn < self._probability

    def show(self, observations: torch.Tensor, which: torch.Tensor) -> torch.Tensor:
        """Each observation with its environment's pattern."""
        layout, chosen = observations[:, self._part], self._chosen[which]
        at_low, at_high = layout == self._low, layout == self._high
        raised = torch.where(chosen & at_low, self._high, layout)
        flipped = observations.clone()
        flipped[:, self._part] = torch.where(chosen & at_high, self._low, raised)
        return flipped


MEMBER = LevelNoise()
