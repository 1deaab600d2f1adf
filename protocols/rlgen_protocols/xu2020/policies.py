"""Graph networks that act: how many levels they need to agree with the planner, by rounds."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from rlgen.agents.cloning import learning_rate, rate_share, reproducible, untrained
from rlgen.agents.labelled import LabelledStates, labelled
from rlgen.levels import lookup
from rlgen.levels.split import draw_split
from rlgen.networks import network_named
from rlgen.util.seeding import library_seed, stream
from rlgen_protocols.xu2020.training import NAME

#: States at a time when agreement is measured.
ROWS = 512


def run(
    *,
    seed: int,
    family: str,
    network: str,
    n_train_levels: int,
    steps: int,
    batch: int,
    held_out: int,
    states: int,
) -> Mapping[str, Any]:
    """Clone the planner as ``rlgen.agents.cloning`` does, on ``batch`` states a step.

    Returns:
        ``train`` and ``validation``: the share of sampled states in which the most probable action
        is one of the planner's.
    """
    levels = lookup.family(family)
    split = draw_split(levels, n_train_levels, held_out, 1, pool_seed=seed)
    near, far = (labelled(split.family, pool) for pool in (split.train, split.validation))
    batch_rng = stream(seed, NAME, "policies", "batches")
    with reproducible(library_seed(seed, NAME, network)):
        member = network_named(network).for_family(split.family)
        body, head = untrained(member, split.family.observation_space, near.tabular.n_actions)
        net = nn.Sequential(body, head)
        optimiser = torch.optim.Adam(net.parameters(), learning_rate(member, body))
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimiser, lambda step: rate_share(step / steps)
        )
        for _ in range(steps):
            numbers = near.draw(batch_rng, batch)
            inputs = torch.from_numpy(near.observe(numbers)).float()
            optimiser.zero_grad(set_to_none=True)
            goals = torch.from_numpy(near.goals[numbers])
            nn.functional.cross_entropy(net(inputs), goals).backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
        rng = stream(seed, NAME, "policies", "states")
        agreements = [agreement(net, pool, _some(pool, states, rng)) for pool in (near, far)]
    return dict(zip(("train", "validation"), agreements, strict=True))


def _some(pool: LabelledStates, most: int, rng: np.random.Generator) -> NDArray[np.int64]:
    count = pool.tabular.n_states
    return np.sort(rng.choice(count, min(most, count), replace=False))


def agreement(net: nn.Module, pool: LabelledStates, numbers: NDArray[np.int64]) -> float:
    """The share of states in which the action with the highest score is one of the planner's.

    Args:
        net: From observations to scores of actions.
        pool: States with the planner's actions.
        numbers: Of the states.
    """
    hits = 0
    with torch.no_grad():
        for start in range(0, len(numbers), ROWS):
            own = numbers[start : start + ROWS]
            scores = net(torch.from_numpy(pool.observe(own)).float())
            hits += int(pool.optimal[own, scores.argmax(dim=1).numpy()].sum())
    return hits / len(numbers)
