"""Attention in a policy: does a network that reads what lies ahead play new mazes better?"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from rlgen.agents import cloning
from rlgen.agents.labelled import LabelledStates, labelled
from rlgen.errors import ProtocolError, nearest
from rlgen.evaluation import planner
from rlgen.levels import lookup
from rlgen.levels.capabilities import GraphView
from rlgen.levels.family import Family, Levels
from rlgen.levels.split import draw_split
from rlgen.networks import network_named
from rlgen.networks.message_passing import MessagePassing
from rlgen.policies import network_policy
from rlgen.policies.spec import PolicySpec, observed
from rlgen.util.seeding import library_seed, stream
from rlgen_protocols.graphs.clones import score
from rlgen_protocols.graphs.mazes import view_of
from rlgen_protocols.knyazev2019.attention import TINY, auc
from rlgen_protocols.knyazev2019.modes import SUPERVISED, UNSUPERVISED
from rlgen_protocols.knyazev2019.paths import ahead

NAME = "knyazev2019"
#: No attention; or attention that reads a weighted mean of all cells, which is trained by what it
#: is good for, or towards the planner's remaining path too.
NONE = "none"
KINDS = (NONE, UNSUPERVISED, SUPERVISED)
#: States a step, and states of which attention is judged.
BATCH, JUDGED = 64, 500


@dataclass(frozen=True)
class Pool:
    """States of some levels.

    Attributes:
        states: With the planner's labels.
        paths: float32 ``(N, H, W)``; 1 over the number of cells on the planner's remaining path.
    """

    states: LabelledStates
    paths: NDArray[np.float32]

    @classmethod
    def of(cls, family: Family, levels: Levels, view: GraphView) -> "Pool":
        """Those of all states of the levels."""
        states = labelled(family, levels)
        pictures = states.observe(np.arange(states.tabular.n_states))
        actions = planner.plan(states.tabular).action
        path = ahead(states.tabular, actions, pictures, view).astype(np.float32)
        return cls(states, path / path.sum(axis=(1, 2), keepdims=True))


def run(
    *,
    seed: int,
    family: str,
    attention: str,
    levels: int,
    tests: int,
    larger_size: int,
    rounds: int,
    width: int,
    steps: int,
    weight: float,
) -> dict[str, Any]:
    """Clone the planner into a graph network on some levels and play them, others, and larger ones.

    Args:
        seed: Of the levels, weights and batches.
        family: Name of a maze family that shows the whole maze.
        attention: One of ``KINDS``.
        levels: Number of training levels.
        tests: Number of held-out levels, and of larger ones.
        larger_size: Cells a side of larger mazes.
        rounds: Of messages.
        width: Features of a cell.
        steps: Of Adam.
        weight: Of the divergence from the planner's path in the loss.

    Returns:
        What ``EXPERIMENTS`` says.

    Raises:
        ProtocolError: For an unknown kind of attention, or mazes that are not larger.
        LevelError: If the mazes show no graph.
    """
    if attention not in KINDS:
        near = nearest(attention, KINDS)
        raise ProtocolError(f"attention = {attention!r}: unknown attention {attention!r}{near}")
    mazes = lookup.family(family)
    if larger_size <= mazes.options["size"]:
        size = mazes.options["size"]
        raise ProtocolError(f"larger_size = {larger_size}: must be above the family's size, {size}")
    split = draw_split(mazes, levels, 0, tests, pool_seed=seed)
    grown = mazes.configure({**mazes.options, "size": larger_size})
    bigger = draw_split(grown, 1, 0, tests, pool_seed=seed)
    train, test = (Pool.of(mazes, pool, view_of(mazes)) for pool in (split.train, split.test))
    readout = "agent" if attention == NONE else "attention"
    name = f"message-passing[width={width},rounds={rounds},readout={readout}]"
    member = network_named(name).for_family(mazes)
    space, n_actions = mazes.observation_space, mazes.n_actions
    with cloning.reproducible(library_seed(seed, NAME, "policies")):
        body, head = cloning.untrained(member, space, n_actions)
        net = nn.Sequential(body, head)
        rate = cloning.learning_rate(member, body)
        _fit(net, train, seed, steps, rate, weight * (attention == SUPERVISED))
        looked = observed(member, space)
        spec = PolicySpec(member, space.shape, n_actions, "softmax", **looked)
        policy = network_policy.trained(spec, body, head)
        scores = {
            "train": score(policy, mazes, split.train),
            "test": score(policy, mazes, split.test),
            "larger": score(policy, bigger.family, bigger.test),
        }
        rng = stream(seed, NAME, "judged")
        qualities = {
            f"auc_{pool}": _quality(net, own, rng) if attention != NONE else float("nan")
            for pool, own in (("train", train), ("test", test))
        }
    return scores | {"gap": scores["train"] - scores["test"]} | qualities


def _attending(net: nn.Module) -> MessagePassing:
    """The layers of a network that have attention."""
    (layers,) = (module for module in net.modules() if isinstance(module, MessagePassing))
    return layers


def _fit(net: nn.Sequential, pool: Pool, seed: int, steps: int, rate: float, weight: float) -> None:
    rng = stream(seed, NAME, "policies", "batches")
    optimiser = torch.optim.Adam(net.parameters(), rate)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: cloning.rate_share(step / steps)
    )
    for _ in range(steps):
        numbers = pool.states.draw(rng, BATCH)
        inputs = torch.from_numpy(pool.states.observe(numbers)).float()
        goals = torch.from_numpy(pool.states.goals[numbers])
        loss = nn.functional.cross_entropy(net(inputs), goals)
        if weight:
            truth = torch.from_numpy(pool.paths[numbers])
            weights = _attending(net).attended(inputs)
            each = torch.xlogy(truth, truth) - truth * (weights + TINY).log()
            loss = loss + weight * each.sum(dim=(1, 2)).mean()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()


def _quality(net: nn.Sequential, pool: Pool, rng: np.random.Generator) -> float:
    """Mean over states of the AUC of attention for the planner's remaining path."""
    numbers = rng.integers(pool.states.tabular.n_states, size=JUDGED)
    pictures = pool.states.observe(numbers)
    with torch.no_grad():
        weights = _attending(net).attended(torch.from_numpy(pictures).float()).numpy()
    # Walls have no attention, and no path leads over them; they are left out.
    free = weights > 0
    values = [
        auc(own[cells], path[cells])
        for own, path, cells in zip(weights, pool.paths[numbers], free, strict=True)
    ]
    return float(np.nanmean(values))
