"""Behaviour cloning of the planner (method 4.0): networks that overfit, or not, in seconds.

The network learns the planner's actions in all states of its training levels. On few levels it
memorises them, on many it learns to play; with flipped rewards the labels are the counterpart of
random labels in reinforcement learning (Zhang et al. 2018, section 3.3).
"""

from collections.abc import Iterator
from contextlib import contextmanager

import gymnasium as gym
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from rlgen.agents.labelled import labelled
from rlgen.levels.family import Family, Levels
from rlgen.networks import Network, network_named
from rlgen.networks.trunk import Trunk
from rlgen.policies import network_policy
from rlgen.policies.network_policy import NetworkPolicy
from rlgen.policies.spec import PolicySpec, observed
from rlgen.util.seeding import library_seed, stream

BATCH = 256
#: The peak learning rate, times the square root of the widest layer's channels or units; of
#: networks that have no learning rate of their own.
LEARNING_RATE = 0.07
#: Share of the steps in which the learning rate rises from 0; after that it falls to 0.
WARM_UP = 0.1


def clone(
    family: Family,
    levels: Levels,
    network: str,
    seed: int,
    *,
    steps: int = 3000,
    device: str = "cpu",
) -> NetworkPolicy:
    """Train a network to act like the planner.

    The loss is the cross-entropy to the uniform distribution on the optimal actions (best return,
    then fewest steps), minimised by Adam. Half of the states of a minibatch are drawn uniformly
    from all states of the levels, half as the planner visits them from random start cells: returns
    depend on these few, and with uniform draws alone the same return takes several times as many
    steps. On a CPU one thread is used, and two calls give the same bits.

    Args:
        family: A family whose levels are tabular.
        levels: Training levels, with their flips, at least one.
        network: Name in ``NETWORKS``.
        seed: Seed of weights and minibatches.
        steps: Number of gradient steps, each on ``BATCH`` states.
        device: "cpu" or "cuda".

    Returns:
        A policy that samples from the softmax of the network.

    Raises:
        LevelError: If there are no levels, or their states cannot be listed.
        UnknownNameError: If there is no such network.
        ProtocolError: If the network does not fit the observations.
    """
    member, space = network_named(network).for_family(family), family.observation_space
    states = labelled(family, levels)
    n_actions = states.tabular.n_actions
    rng = stream(seed, "cloning", network)

    def sample(numbers: NDArray[np.int64]) -> tuple[torch.Tensor, torch.Tensor]:
        observations = torch.from_numpy(states.observe(numbers))
        return observations.to(device), torch.from_numpy(states.goals[numbers]).to(device)

    with reproducible(library_seed(seed, "cloning", network)):
        body, head = untrained(member, space, n_actions)
        net = nn.Sequential(body, head).to(device)
        optimiser = torch.optim.Adam(net.parameters(), learning_rate(member, body))
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimiser, lambda step: rate_share(step / steps)
        )
        for _ in range(steps):
            inputs, goal = sample(states.draw(rng, BATCH))
            optimiser.zero_grad(set_to_none=True)
            loss = nn.functional.cross_entropy(net(inputs), goal)
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
    look = observed(member, space)
    spec = PolicySpec(member, space.shape, n_actions, "softmax", **look)
    return network_policy.trained(spec, body, head)


def untrained(member: Network, space: gym.spaces.Box, n_actions: int) -> tuple[Trunk, nn.Module]:
    """A trunk and its head with initial weights from torch's global generator.

    Args:
        member: The network, for the family.
        space: Of the family's observations.
        n_actions: Scores of the head.

    Raises:
        ProtocolError: If the network does not fit the observations.
    """
    body, width = member.build(space)
    return body, body.head(width, n_actions)


def learning_rate(member: Network, body: nn.Module) -> float:
    """The peak learning rate of a clone: the network's own, else by the width of its trunk."""
    widest = max((len(p) for p in body.parameters() if p.dim()), default=1)
    return member.learning_rate or LEARNING_RATE / widest**0.5


def rate_share(progress: float) -> float:
    """The learning rate as a share of its peak, after this share of the steps."""
    return min(progress / WARM_UP, (1 - progress) / (1 - WARM_UP))


@contextmanager
def reproducible(seed: int) -> Iterator[None]:
    """Use one thread and seed torch's global generator within this context."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            yield
    finally:
        torch.set_num_threads(threads)
