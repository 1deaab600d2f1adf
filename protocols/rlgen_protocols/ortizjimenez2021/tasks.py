"""Labelled states as tensors, and scores of modules on levels."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from rlgen.agents.labelled import LabelledStates
from rlgen.analysis.stats.scores import normalised_score
from rlgen.evaluation import evaluate, reference
from rlgen.levels.family import Family, Levels
from rlgen.perturbations.condition import Condition
from rlgen.policies import network_policy

PLAIN = Condition.parse("plain")


@dataclass(frozen=True)
class Sample:
    """Some states with their labels.

    Attributes:
        inputs: Observations, float64 ``(m, *shape)``.
        goals: The uniform distribution on the planner's optimal actions, float64 ``(m, A)``.
    """

    inputs: torch.Tensor
    goals: torch.Tensor

    @property
    def directions(self) -> torch.Tensor:
        """The labels less their mean over actions, ``(m, A)``."""
        return self.goals - self.goals.mean(dim=1, keepdim=True)

    @property
    def entropy(self) -> float:
        """Mean entropy of the labels, nats: the least cross-entropy to them."""
        return float(torch.special.entr(self.goals).sum(dim=1).mean())

    def loss(self, net: nn.Module) -> float:
        """Mean cross-entropy of a float32 module to the labels, nats."""
        with torch.no_grad():
            scores = net(self.inputs.float())
        return float(nn.functional.cross_entropy(scores.double(), self.goals))

    def accuracy(self, net: nn.Module) -> float:
        """Share of states in which the most probable action is optimal."""
        with torch.no_grad():
            chosen = net(self.inputs.float()).argmax(dim=1)
        return float((self.goals.gather(1, chosen[:, None]) > 0).double().mean())


def sample(states: LabelledStates, size: int, rng: np.random.Generator) -> Sample:
    """Draw ``size`` of the states uniformly, without replacement; all if there are fewer."""
    n = states.tabular.n_states
    numbers = rng.permutation(n)[: min(size, n)]
    return Sample(
        torch.from_numpy(states.observe(numbers)).double(),
        torch.from_numpy(states.goals[numbers]).double(),
    )


def score(net: nn.Module, family: Family, levels: Levels) -> float:
    """Mean normalised exact return of the softmax policy of a float32 module, levels equal."""
    policy = network_policy.of_module(net, softmax=True)
    returns = evaluate(policy, family, levels, [PLAIN])["plain"].ret_mean
    best, random = reference.returns(family, levels, [PLAIN])["plain"]
    return float(normalised_score(returns, best, random).mean())
