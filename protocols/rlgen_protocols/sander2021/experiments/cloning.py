"""Policies cloned from the planner to one training loss, so that their gaps can be compared."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from rlgen.agents import cloning
from rlgen.agents.labelled import LabelledStates, labelled
from rlgen.analysis.stats.scores import normalised_score
from rlgen.evaluation import exact, reference
from rlgen.levels import lookup
from rlgen.levels.family import Family, Levels
from rlgen.levels.split import draw_split
from rlgen.networks import network_named
from rlgen.perturbations.condition import Condition
from rlgen.policies import network_policy
from rlgen.util.seeding import library_seed, stream

PLAIN = Condition.parse("plain")


def clone(
    *,
    seed: int,
    family: str,
    network: str,
    n_train_levels: int,
    n_test_levels: int,
    flip_p: float,
    learning_rate: float,
    excess: float,
    early_steps: int,
    most_steps: int,
    check_every: int,
) -> dict[str, Any]:
    """Train a network until its excess loss on all training states is small, and score it.

    The excess is the cross-entropy to the planner's actions minus the entropy of these, in nats.
    Networks of one seed learn from the same levels and minibatches.
    """
    world = lookup.family(family)
    split = draw_split(world, n_train_levels, 0, n_test_levels, pool_seed=seed, flip_p=flip_p)
    pools = split.train, split.test
    states, held_out = (labelled(world, levels) for levels in pools)
    rng = stream(seed, "minibatches")
    with cloning.reproducible(library_seed(seed, "weights")):
        member, space = network_named(network), world.observation_space
        body, head = cloning.untrained(member, space, states.tabular.n_actions)
        net = nn.Sequential(body, head)
        optimiser = torch.optim.Adam(net.parameters(), learning_rate, fused=True)
        whole, step, left = _whole(states), 0, float("inf")
        early: list[float] = []
        while step < most_steps and left > excess:
            numbers = torch.from_numpy(states.draw(rng, cloning.BATCH))
            inputs, goals = whole[0][numbers], whole[1][numbers]
            optimiser.zero_grad(set_to_none=True)
            nn.functional.cross_entropy(net(inputs), goals).backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            step += 1
            if step == early_steps:
                early = [_score(body, head, world, levels) for levels in pools]
            if step % check_every == 0 or step == most_steps:
                left = _loss(net, *whole)[0]
        final = [_score(body, head, world, levels) for levels in pools]
        train_loss, train_accuracy = _loss(net, *whole)
        test_loss, test_accuracy = _loss(net, *_whole(held_out))
    return {
        "train": final[0],
        "test": final[1],
        "gap": final[0] - final[1],
        "early_train": early[0] if early else final[0],
        "early_test": early[1] if early else final[1],
        "steps": step,
        "matched": train_loss <= excess,
        "train_excess": train_loss,
        "test_excess": test_loss,
        "train_accuracy": train_accuracy,
        "test_accuracy": test_accuracy,
        "lights_dead_inputs": dead_share(states, held_out),
    }


def _whole(states: LabelledStates) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Observations, labels and weights of all states, as minibatches draw them."""
    numbers = np.arange(states.tabular.n_states)
    weights = 0.5 / len(numbers) + 0.5 * states.visits / states.visits.sum()
    arrays = states.observe(numbers), states.goals, weights
    observations, goals, weight = (torch.from_numpy(array) for array in arrays)
    return observations, goals, weight


@torch.no_grad()
def _loss(
    net: nn.Module, observations: torch.Tensor, goals: torch.Tensor, weights: torch.Tensor
) -> tuple[float, float]:
    """Mean excess loss in nats, and share of states whose most probable action is optimal."""
    parts = torch.split(observations, 4096)
    logs = torch.cat([net(part) for part in parts]).double().log_softmax(dim=1)
    excess = (torch.xlogy(goals, goals) - goals * logs).sum(dim=1)
    right = goals.gather(1, logs.argmax(dim=1, keepdim=True))[:, 0] > 0
    return float(weights @ excess), float(weights @ right.double())


def _score(body: nn.Module, head: nn.Module, family: Family, levels: Levels) -> float:
    """Mean normalised return of the policy, computed exactly: 0 is random, 1 the planner."""
    policy = network_policy.of_layers(body, head, softmax=True)
    outcome = exact.evaluate(policy, family, levels, [PLAIN])[PLAIN.name]
    oracle, random = reference.returns(family, levels, [PLAIN])[PLAIN.name]
    return float(normalised_score(outcome.ret_mean, oracle, random).mean())


def dead_share(states: LabelledStates, others: LabelledStates) -> float:
    """Share of other states with an input that is 0 in all of the first ones."""

    def inputs(of: LabelledStates) -> NDArray[np.bool_]:
        observations = of.observe(np.arange(of.tabular.n_states))
        return np.asarray(observations.reshape(len(observations), -1) != 0)

    dead = ~inputs(states).any(axis=0)
    return float(inputs(others)[:, dead].any(axis=1).mean())
