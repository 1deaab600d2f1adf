"""Networks on the start states of mazes, from what each takes of ``Mazes`` to classes."""

import torch
from torch import Tensor, nn

from rlgen_protocols.xu2020.models import DeepSets, PairNetwork, layers, scaled_sum

#: What a network by this name takes of ``Mazes``; graph networks are named by their rounds.
TAKES = {
    "mlp": ("pictures",),
    "conv": ("pictures",),
    "deep-sets": ("cells",),
    "object-sets": ("things",),
    "object-pairs": ("things",),
    "exhaustive": ("subsets",),
}
GRAPH = ("cells", "neighbours")


class Cells(DeepSets):
    """DeepSets over free cells: rows without a cell are left out."""

    def forward(self, x: Tensor) -> Tensor:
        """From ``(n, N + 1, features)``; cells have a row, which is not 0 inside the border."""
        inside = x[:, :, 7:8] > 0
        scores: Tensor = self.readout(scaled_sum(self.each(x) * inside, 1))
        return scores


class Rounds(nn.Module):
    """``h <- relu(h + W relu(A h + B m + b))``, m the largest of the neighbours' h, K times.

    All rounds have the same weights; then a sum over cells.
    """

    def __init__(self, features: int, classes: int, width: int, rounds: int) -> None:
        super().__init__()
        self.count = rounds
        self.embed = nn.Linear(features, width)
        self.own, self.around = nn.Linear(width, width), nn.Linear(width, width, bias=False)
        self.out = nn.Linear(width, width)
        # At first a round changes nothing: ten with weights that are drawn blow features up.
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)
        self.readout = layers(width, width, width, classes, last=False)

    def forward(self, x: Tensor, neighbours: Tensor) -> Tensor:
        """From cells ``(n, N + 1, features)`` and rows of neighbours ``(n, N + 1, 4)``."""
        n, rows, _ = x.shape
        inside = (x[:, :, 7:8] > 0).flatten(0, 1)
        starts = torch.arange(n)[:, None, None] * rows
        where = (neighbours + starts).flatten()
        h = torch.relu(self.embed(x)).flatten(0, 1) * inside
        for _ in range(self.count):
            # The row of no cell is 0, and features are not negative.
            around = h.index_select(0, where).view(n * rows, 4, -1).amax(dim=1)
            h = torch.relu(h + self.out(torch.relu(self.own(h) + self.around(around)))) * inside
        scores: Tensor = self.readout(scaled_sum(h.view(n, rows, -1), 1))
        return scores


class Subsets(nn.Module):
    """A score of each of the sixteen sets of objects, from its own features alone."""

    def __init__(self, features: int, width: int) -> None:
        super().__init__()
        self.each = layers(features, width, width, 1, last=False)

    def forward(self, x: Tensor) -> Tensor:
        """From ``(n, 16, features)``."""
        scores: Tensor = self.each(x)
        return scores[:, :, 0]


def build(name: str, shapes: dict[str, tuple[int, ...]], classes: int, width: int) -> nn.Module:
    """A network by name.

    Args:
        name: One of ``TAKES``, or ``gnn-K`` with K rounds.
        shapes: Of the arrays of ``Mazes``, without the first axis.
        classes: Scores that it gives.
        width: Of its layers.
    """
    channels, height, breadth = shapes["pictures"]
    features = shapes["cells"][1]
    if name == "mlp":
        size = channels * height * breadth
        return nn.Sequential(nn.Flatten(), layers(size, width, width, width, classes, last=False))
    if name == "conv":
        return nn.Sequential(
            nn.Conv2d(channels, width, 3),
            nn.ReLU(),
            nn.Conv2d(width, width, 3),
            nn.ReLU(),
            nn.Flatten(),
            layers(width * (height - 4) * (breadth - 4), width, classes, last=False),
        )
    if name == "deep-sets":
        return Cells(features, classes, width)
    if name == "object-sets":
        return DeepSets(features, classes, width)
    if name == "object-pairs":
        return PairNetwork(features, classes, width, 1, "sum")
    if name == "exhaustive":
        # Half as wide again: so graph networks have at most three times as many weights.
        return Subsets(shapes["subsets"][1], 3 * width // 2)
    return Rounds(features, classes, width, int(name.removeprefix("gnn-")))
