"""How a kernel turns towards labels: alignments relative to the same labels, permuted."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from torch import nn

from rlgen_protocols.ortizjimenez2021 import kernel
from rlgen_protocols.ortizjimenez2021.tasks import Sample

#: Permutations of the labels, and random sign vectors, behind a normaliser.
PERMUTATIONS, SIGNS = 24, 8


@dataclass(frozen=True)
class Ruler:
    """What alignments on a sample are measured with, the same for all networks.

    Attributes:
        sample: ``m`` states with their labels.
        directions: First the labels, centred, then permutations of them among the states, and
            further permutations for the control, ``(1 + 2 K, m, A)``.
        signs: Random sign vectors, ``(SIGNS, m, A)``.
    """

    sample: Sample
    directions: torch.Tensor
    signs: torch.Tensor

    @classmethod
    def of(cls, sample: Sample, rng: np.random.Generator) -> Self:
        """Draw permutations and signs for a sample."""
        centred = sample.directions - sample.directions.mean(dim=0, keepdim=True)
        orders = [rng.permutation(len(centred)) for _ in range(2 * PERMUTATIONS)]
        permuted = torch.stack([centred, *(centred[order] for order in orders)])
        signs = torch.from_numpy(rng.choice([-1.0, 1.0], (SIGNS, *centred.shape)))
        return cls(sample, permuted, signs)

    def aligned(self, net: nn.Module) -> float:
        """How much more the kernel agrees with the labels than with permutations of them.

        Labels are less their means over actions and over states. A constant direction holds most
        of the trace, and the kernel may favour actions that are often optimal; neither says
        anything of what is optimal where, and both are the same for permuted labels. 1 is chance.

        Args:
            net: Of any precision; a copy in float64 is measured.
        """
        values = self._alignments(net, self.directions[: 1 + PERMUTATIONS])
        return float(values[0] / values[1:].mean())

    def aligned_by_chance(self, net: nn.Module) -> float:
        """The same of labels that are permuted among the states: 1 up to chance."""
        values = self._alignments(net, self.directions[1:])
        return float(values[PERMUTATIONS:].mean() / values[:PERMUTATIONS].mean())

    def over_mean_eigenvalue(self, net: nn.Module, *, permuted: bool = False) -> float:
        """Alignment of the labels, not centred over states, over the kernel's mean eigenvalue.

        Args:
            net: As in ``aligned``.
            permuted: Of the labels permuted among the states instead.
        """
        constant = self.sample.directions.mean(dim=0, keepdim=True)
        own = self.directions[1 : 1 + PERMUTATIONS] if permuted else self.directions[:1]
        precise = kernel.precise(net)
        weights, inputs = kernel.weights_of(precise), self.sample.inputs
        mean = kernel.mean_eigenvalue(precise, weights, inputs, self.signs)
        return float(kernel.alignments(precise, weights, inputs, own + constant).mean() / mean)

    def _alignments(self, net: nn.Module, directions: torch.Tensor) -> torch.Tensor:
        precise = kernel.precise(net)
        return kernel.alignments(
            precise, kernel.weights_of(precise), self.sample.inputs, directions
        )
