"""Trunks of dense residual blocks with momentum, which compute in floats or in integers."""

from math import log2, prod

import gymnasium as gym
import torch

from rlgen.errors import ProtocolError
from rlgen.networks.residual import Residual
from rlgen_protocols.sander2021 import recurrence, reversible


class MomentumTrunk(Residual):
    """The blocks of ``residual`` with a velocity.

    Args:
        n_inputs: Entries of an observation.
        width: Features of the trunk.
        hidden: Hidden units of each block.
        depth: Number of blocks.
        gamma: Momentum; computed with is the nearest multiple of 2^-16.
        scale: Factor of all branches.
        exact: Whether states are integers in training, so that no activations of blocks are kept
            for the backward pass. In evaluation they are floats: the same network up to rounding.
    """

    def __init__(
        self,
        n_inputs: int,
        *,
        width: int,
        hidden: int,
        depth: int,
        gamma: float,
        scale: float = 1.0,
        exact: bool = False,
    ) -> None:
        super().__init__(n_inputs, width=width, hidden=hidden, depth=depth)
        self.gamma, self.scale, self.exact = reversible.rounded(gamma), scale, exact

    def forward(self, observations: torch.Tensor) -> torch.Tensor:
        """From ``(B, *shape)`` to ``(B, width)``."""
        start, blocks = self.embed(observations), list(self.blocks)
        if self.exact and self.training:
            return reversible.forward(start, blocks, self.gamma, self.scale)
        return recurrence.forward(start, blocks, self.gamma, self.scale)

    @property
    def bits_forgotten(self) -> float:
        """Bits a unit that the trunk forgets; infinite without momentum."""
        return len(self.blocks) * log2(1 / self.gamma) if self.gamma else float("inf")


def momentum(
    space: gym.spaces.Box,
    *,
    width: int,
    hidden: int,
    depth: int,
    gamma: float,
    full_branch: bool,
    exact: bool,
) -> MomentumTrunk:
    """Make a momentum trunk for an observation space of any shape.

    Args:
        space: Of observations.
        width: See ``MomentumTrunk``.
        hidden: Likewise.
        depth: Likewise.
        gamma: Likewise.
        full_branch: Whether branches are scaled up so that they weigh as much as without momentum.
        exact: See ``MomentumTrunk``.

    Raises:
        ProtocolError: For integers without momentum, which forget all of the velocity.
    """
    if exact and not reversible.numerator(gamma):
        raise ProtocolError(f"momentum option exact = true: not with gamma = {gamma:g}")
    scale = 1 / recurrence.mean_weight(reversible.rounded(gamma), depth) if full_branch else 1.0
    return MomentumTrunk(
        prod(space.shape),
        width=width,
        hidden=hidden,
        depth=depth,
        gamma=gamma,
        scale=scale,
        exact=exact,
    )


def matched(
    space: gym.spaces.Box, *, width: int, hidden: int, depth: int, like: float
) -> MomentumTrunk:
    """Make a residual trunk whose branches weigh as much as those of a momentum trunk.

    Args:
        space: Of observations, of any shape.
        width: See ``MomentumTrunk``.
        hidden: Likewise.
        depth: Likewise.
        like: Momentum of that trunk.
    """
    scale = recurrence.mean_weight(reversible.rounded(like), depth)
    return MomentumTrunk(
        prod(space.shape), width=width, hidden=hidden, depth=depth, gamma=0.0, scale=scale
    )
