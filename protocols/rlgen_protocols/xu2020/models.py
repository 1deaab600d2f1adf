"""The networks that are compared, from sets of objects to classes.

All take float32 ``(n, objects, features)`` and return ``(n, classes)``. Sums over objects are
divided by the square root of their number, without which sums over all pairs diverge at the rates
of small networks; the authors leave them as they are.
"""

import math
import re
from itertools import pairwise

import torch
from torch import Tensor, nn

from rlgen.errors import ProtocolError, nearest
from rlgen_protocols.xu2020.subset_sum import members


def layers(*sizes: int, last: bool = True) -> nn.Sequential:
    """Linear layers with a ReLU after each, the last one's only where ``last``."""
    parts: list[nn.Module] = []
    for before, after in pairwise(sizes):
        parts += [nn.Linear(before, after), nn.ReLU()]
    return nn.Sequential(*(parts if last else parts[:-1]))


class Perceptron(nn.Sequential):
    """An MLP on all objects side by side: it has to learn what order does not matter."""

    def __init__(self, objects: int, features: int, classes: int, width: int) -> None:
        sizes = (objects * features, width, width, width, classes)
        super().__init__(nn.Flatten(), layers(*sizes, last=False))


class DeepSets(nn.Module):
    """MLP2(sum of MLP1(x) over objects x)."""

    def __init__(self, features: int, classes: int, width: int) -> None:
        super().__init__()
        self.each = layers(features, width, width)
        self.readout = layers(width, width, width, classes, last=False)

    def forward(self, x: Tensor) -> Tensor:
        """Scores of classes."""
        scores: Tensor = self.readout(scaled_sum(self.each(x), 1))
        return scores


class PairRound(nn.Module):
    """h_i = AGG_j MLP([h_j; h_i]) over all j, i included."""

    def __init__(self, before: int, width: int, aggregate: str) -> None:
        super().__init__()
        # The first layer of the pair is a sum of two, each computed once an object.
        self.sender = nn.Linear(before, width)
        self.receiver = nn.Linear(before, width, bias=False)
        self.pair = nn.Linear(width, width)
        self.aggregate = aggregate

    def forward(self, h: Tensor) -> Tensor:
        """From ``(n, objects, before)`` to ``(n, objects, width)``."""
        pairs = torch.relu(self.receiver(h)[:, :, None] + self.sender(h)[:, None])
        messages = torch.relu(self.pair(pairs))
        return messages.amax(dim=2) if self.aggregate == "max" else scaled_sum(messages, 2)


class PairNetwork(nn.Module):
    """The authors' GNN: rounds over all pairs, each with weights of its own, then a sum."""

    def __init__(
        self, features: int, classes: int, width: int, rounds: int, aggregate: str
    ) -> None:
        super().__init__()
        sizes = [features] + [width] * (rounds - 1)
        self.rounds = nn.Sequential(*(PairRound(before, width, aggregate) for before in sizes))
        self.readout = layers(width, width, width, classes, last=False)

    def forward(self, x: Tensor) -> Tensor:
        """Scores of classes."""
        scores: Tensor = self.readout(scaled_sum(self.rounds(x), 1))
        return scores


class Exhaustive(nn.Module):
    """MLP2(max over subsets S of MLP1(sum of x in S)).

    The authors run an LSTM along each subset, whose result depends on an order that sets do not
    have; here it is a sum.
    """

    def __init__(self, objects: int, features: int, classes: int, width: int) -> None:
        super().__init__()
        subsets = torch.from_numpy(members(objects)).float()
        self.register_buffer("subsets", subsets)
        self.subset = layers(features, width, width)
        self.readout = layers(width, width, classes, last=False)

    def forward(self, x: Tensor) -> Tensor:
        """Scores of classes."""
        sums = torch.einsum("so,nof->nsf", self.subsets, x)
        scores: Tensor = self.readout(self.subset(sums).amax(dim=1))
        return scores


def scaled_sum(values: Tensor, dim: int) -> Tensor:
    """The sum over an axis, over the square root of its length."""
    length = float(values.shape[dim])
    return values.sum(dim=dim) / math.sqrt(length)


def build(name: str, objects: int, features: int, classes: int, width: int) -> nn.Module:
    """A network by name: ``mlp``, ``deep-sets``, ``exhaustive``, ``gnn-3`` or ``gnn-max-3``."""
    if name == "mlp":
        return Perceptron(objects, features, classes, width)
    if name == "deep-sets":
        return DeepSets(features, classes, width)
    if name == "exhaustive":
        return Exhaustive(objects, features, classes, width)
    return PairNetwork(features, classes, width, *rounds_of(name))


def rounds_of(name: str) -> tuple[int, str]:
    """How many rounds a graph network has, and how it aggregates: "sum" or "max".

    Raises:
        ProtocolError: If no network has this name.
    """
    match = re.fullmatch(r"gnn(-max)?-([1-9][0-9]?)", name)
    if match is None:
        raise ProtocolError(
            f"model = {name!r}: must be mlp, deep-sets, exhaustive, gnn-K or gnn-max-K with K "
            f"rounds{nearest(name, ('mlp', 'deep-sets', 'exhaustive', 'gnn-1', 'gnn-max-1'))}"
        )
    return int(match[2]), "max" if match[1] else "sum"


def he(net: nn.Module) -> None:
    """Draw weights as He et al. 2015 do for ReLU, and set biases to 0.

    Torch draws a third of their variance, so that signals fade over the nine layers of three rounds
    and biases are what is learnt at first. The last layer is 0.

    Args:
        net: Of linear layers.
    """
    linear = [module for module in net.modules() if isinstance(module, nn.Linear)]
    for module in linear:
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    nn.init.zeros_(linear[-1].weight)


def size(net: nn.Module) -> int:
    """Number of weights."""
    return sum(weights.numel() for weights in net.parameters())
