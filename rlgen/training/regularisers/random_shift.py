"""Random translation of pictures."""

import torch

from rlgen.levels.family import Family
from rlgen.perturbations.base import Strength
from rlgen.training.regularisers.base import Regulariser, View


class RandomShift(Regulariser):
    """Pads each observation by K pixels on all sides and crops it to its size at random.

    The pad repeats the edge, and all channels of an observation move together, by -K to K pixels
    down and to the right: the shift of DrQ (Yarats et al. 2021, https://arxiv.org/abs/2004.13649).
    The shift is drawn for each observation, and the learner acts on it and learns from it, as
    RAD's agents on Procgen do (Laskin et al. 2020, https://arxiv.org/abs/2004.14990). In mazes the
    edge is wall: with K = 1 only walls are ever out of sight.
    """

    strength = Strength("largest shift, pixels,", 1, 0, 64, integer=True)

    def why_not(self, strength: float, agent: str, network: str, family: Family) -> str | None:
        """It needs pictures larger than the shift."""
        del agent, network
        shape = family.observation_space.shape
        if len(shape) != 3:
            needs = "random_shift needs observations of shape (C, H, W)"
            return f"{needs}, and those of {family.name} are {shape}"
        if strength >= min(shape[1:]):
            return f"a shift of {strength:g} moves {shape[1]} x {shape[2]} cells out of sight"
        return None

    def view(
        self, strength: float, family: Family, num_envs: int, seed: int, device: str
    ) -> View | None:
        """The random translation of each picture."""
        del family, num_envs
        return _Shifts(int(strength), torch.Generator(device).manual_seed(seed))


class _Shifts(View):
    def __init__(self, most: int, generator: torch.Generator) -> None:
        self._most, self._generator = most, generator

    def show(self, observations: torch.Tensor, which: torch.Tensor) -> torch.Tensor:
        """Each observation, shifted."""
        del which
        count, channels, *sides = observations.shape
        device, most = observations.device, self._most
        moved = torch.randint(
            -most, most + 1, (2, count, 1), generator=self._generator, device=device
        )
        # The source of each row and column; beyond the picture it is the edge.
        rows, columns = (
            (torch.arange(side, device=device) - by).clamp(0, side - 1)
            for side, by in zip(sides, moved, strict=True)
        )
        each = torch.arange(count, device=device)[:, None, None, None]
        channel = torch.arange(channels, device=device)[:, None, None]
        return observations[each, channel, rows[:, None, :, None], columns[:, None, None, :]]


MEMBER = RandomShift()
