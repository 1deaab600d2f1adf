"""Recurrent policies in mazes of which they see three by three cells, cloned from the planner.

The planner sees the whole maze; the network sees the cells around the agent and its last action. So
it must remember where it has been. Training sequences are the planner's, with some random actions,
on few or many levels; what counts are the exact returns of the greedy policy on these levels and on
others. One episode of a greedy policy on a deterministic level is its exact return.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F  # noqa: N812  # as everywhere in torch

from rlgen.agents.cloning import reproducible
from rlgen.agents.labelled import LabelledStates, labelled
from rlgen.errors import ProtocolError
from rlgen.evaluation import reference, rollout
from rlgen.levels import lookup
from rlgen.levels.capabilities import as_tabular
from rlgen.levels.family import Family, Levels
from rlgen.levels.split import draw_split
from rlgen.perturbations.condition import Condition
from rlgen.policies.base import Policy, Probabilities
from rlgen.util.seeding import library_seed, stream
from rlgen_protocols.mackay2018 import recurrent
from rlgen_protocols.mackay2018.accounting import account
from rlgen_protocols.mackay2018.cells import State
from rlgen_protocols.mackay2018.training import Loss, fit

#: Share of the actions of training sequences that are random.
RANDOM_ACTIONS = 0.15
TEST_SEQUENCES = 256
GREEDY, PLAIN = Condition.parse("greedy"), Condition.parse("plain")


@dataclass(frozen=True)
class Walks:
    """Sequences of the planner's, which some random actions lead astray.

    Attributes:
        observations: float32 ``(T, B, entries)``.
        goals: float32 ``(T, B, A)``; the uniform distribution on the optimal actions.
        masks: Bool ``(T, B)``; False after the end of an episode.
    """

    observations: torch.Tensor
    goals: torch.Tensor
    masks: torch.Tensor


def walk(states: LabelledStates, length: int, n: int, rng: np.random.Generator) -> Walks:
    """Draw sequences, half from a level's own start and half from random start cells.

    Args:
        states: Of the levels.
        length: Steps, ``T``.
        n: Sequences, ``B``.
        rng: Draws levels, starts and random actions.
    """
    table = states.tabular
    levels = rng.integers(table.n_levels, size=n)
    spawns = np.diff(table.spawn_offsets)[levels]
    chosen = table.spawn_offsets[levels] + (rng.random(n) * spawns).astype(np.int64)
    now = np.where(rng.random(n) < 0.5, table.start[levels], table.spawns[chosen]).astype(np.int64)
    planned = states.optimal.argmax(axis=1)
    visited = np.empty((length, n), np.int64)
    masks = np.empty((length, n), np.bool_)
    alive = np.ones(n, np.bool_)
    for t in range(length):
        visited[t], masks[t] = now, alive
        astray = rng.random(n) < RANDOM_ACTIONS
        actions = np.where(astray, rng.integers(table.n_actions, size=n), planned[now])
        after = table.next_state[now, actions].astype(np.int64)
        alive = alive & (after < table.n_states)
        now = np.where(alive, after, now)
    observations = states.observe(visited.ravel()).reshape(length, n, -1).astype(np.float32)
    return Walks(
        torch.from_numpy(observations),
        torch.from_numpy(states.goals[visited]),
        torch.from_numpy(masks),
    )


class GreedyPolicy(Policy):
    """A trained network that acts, with the state that it has of each episode.

    Args:
        network: From flattened observations to logits.
    """

    def __init__(self, network: recurrent.Recurrent) -> None:
        self.network = network

    def start(self, n: int) -> State:
        """See ``Policy.start``."""
        return self.network.start(n)

    def distribution(self, observations: NDArray[Any], state: State) -> tuple[Probabilities, State]:
        """See ``Categorical.distribution``."""
        inputs = torch.from_numpy(observations.reshape(1, len(observations), -1)).float()
        with torch.no_grad():
            units, state, _ = self.network.run(inputs, state)
            logits = self.network.head(units[0]).double()
        return torch.softmax(logits, dim=1).numpy(), state


def score(policy: Policy, family: Family, levels: Levels) -> float:
    """Mean exact return of the greedy policy; 1 is the planner's and 0 that of random actions."""
    returns = rollout.evaluate(policy, family, levels, [GREEDY], episodes=1)[GREEDY.name].ret_mean
    best, random = reference.returns(family, levels, [PLAIN])[PLAIN.name]
    return float(((returns - random) / (best - random)).mean())


def run(
    *,
    seed: int,
    family: str,
    model: str,
    n: int,
    tests: int,
    length: int,
    units: int,
    steps: int,
    batch: int,
    rate: float,
) -> dict[str, Any]:
    """Clone one network on ``n`` levels and play it on them and on others.

    Args:
        seed: Of the training levels, weights and sequences.
        family: A maze with a view.
        model: As of ``recurrent.build``.
        n: Number of training levels.
        tests: Number of held-out levels.
        length: Steps of training sequences.
        units: Of the network.
        steps: Of Adam.
        batch: Sequences a step.
        rate: Learning rate.

    Returns:
        ``train`` and ``test``, normalised exact returns of the greedy policy, and their difference
        ``gap``; ``accuracy_train``, ``accuracy_test``: share of steps of such sequences in which
        the most probable action is optimal; ``dead``: share of held-out steps that light an input
        that no training sequence lights; what ``account`` returns of held-out sequences; ``curve``,
        loss and bits over training.

    Raises:
        ProtocolError: If the family shows the whole maze, so that nothing need be remembered.
    """
    mazes = lookup.family(family)
    as_tabular(mazes, "planned sequences")
    if not mazes.options.get("view"):
        raise ProtocolError(f"family = {family!r}: must have a view, for example [view=3]")
    split = draw_split(mazes, n, 0, tests, pool_seed=seed)
    states, held_out = labelled(mazes, split.train), labelled(mazes, split.test)
    rng = stream(seed, "recurrent cloning", model)
    entries, actions = int(np.prod(mazes.observation_space.shape)), mazes.n_actions
    with reproducible(library_seed(seed, "recurrent cloning", model)):
        network = recurrent.build(model, entries, units, actions)

        def draw(step: int) -> tuple[torch.Tensor, Loss]:
            del step  # one generator draws them all
            walks = walk(states, length, batch, rng)
            masks, goals = walks.masks, walks.goals[walks.masks]
            return walks.observations, lambda outputs: F.cross_entropy(outputs[masks], goals)

        curve = fit(network, steps, rate, draw)
        drawn = stream(seed, "recurrent cloning", "accounts")
        train, test = (walk(of, length, TEST_SEQUENCES, drawn) for of in (states, held_out))
        policy = GreedyPolicy(network)
        scores = {
            "train": score(policy, mazes, split.train),
            "test": score(policy, mazes, split.test),
        }
        lit = train.observations[train.masks].amax(dim=0) > 0
        dead = (test.observations[test.masks][:, ~lit] > 0).any(dim=1).float().mean()
        return {
            **scores,
            "gap": scores["train"] - scores["test"],
            "accuracy_train": accuracy(network, train),
            "accuracy_test": accuracy(network, test),
            "dead": float(dead),
            **account(network, test.observations, test.masks),
            "curve": curve,
        }


def accuracy(network: recurrent.Recurrent, walks: Walks) -> float:
    """Share of steps in which the network's most probable action is optimal."""
    with torch.no_grad():
        chosen = network(walks.observations).argmax(dim=2, keepdim=True)
    return float((walks.goals.gather(2, chosen)[..., 0] > 0)[walks.masks].float().mean())
