"""Networks cloned from the planner."""

import numpy as np
import pytest
import torch

from rlgen import draw_split
from rlgen.agents.cloning import clone
from rlgen.errors import LevelError, ProtocolError, UnknownNameError
from rlgen.evaluation import evaluate, planner, reference
from rlgen.perturbations.condition import Condition
from rlgen.policies import checkpoint
from rlgen_envs import FAMILIES

SMALL = FAMILIES["maze-basic"].configure({"size": 5})
SPLIT = draw_split(SMALL, 4, 0, 40)
PLAIN = Condition.parse("plain")


def score(policy, levels):
    told = evaluate(policy, SMALL, levels, [PLAIN])["plain"].ret_mean
    best, random = reference.returns(SMALL, levels, [PLAIN])["plain"]
    return float(((told - random) / (best - random)).mean())


def seen(levels):
    tabular = SMALL.tabular(levels)
    return tabular.observe(np.arange(tabular.n_states, dtype=np.int32))


def accuracy(policy, levels):
    """Share of states in which the most probable action is an optimal one."""
    optimal = planner.plan(SMALL.tabular(levels)).optimal
    chosen = policy.distribution(seen(levels), None)[0].argmax(axis=1)
    return optimal[np.arange(len(chosen)), chosen].mean()


@pytest.mark.slow
@pytest.mark.parametrize("network", ["conv-a", "mlp-512-128"])
def test_two_calls_give_the_same_bits(network):
    before = torch.get_rng_state(), torch.get_num_threads()
    one, two = (clone(SMALL, SPLIT.train, network, 3, steps=20) for _ in range(2))
    assert torch.equal(torch.get_rng_state(), before[0])
    assert torch.get_num_threads() == before[1]
    there = seen(SPLIT.test)
    probabilities = one.distribution(there, None)[0]
    assert np.array_equal(probabilities, two.distribution(there, None)[0])
    other = clone(SMALL, SPLIT.train, network, 4, steps=20).distribution(there, None)[0]
    assert not np.array_equal(probabilities, other)


@pytest.mark.slow
@pytest.mark.parametrize("flip_p", [0.0, 0.5])
def test_few_levels_are_memorised(flip_p):
    split = draw_split(SMALL, 4, 0, 40, flip_p=flip_p)
    policy = clone(SMALL, split.train, "mlp-512-128", 0, steps=500)
    assert accuracy(policy, split.train) > 0.98
    assert score(policy, split.train) > 0.95
    assert score(policy, split.test) < 0.6


@pytest.mark.slow
def test_more_steps_come_nearer_to_the_planner():
    few, many = (clone(SMALL, SPLIT.train, "conv-a", 0, steps=n) for n in (200, 600))
    optimal = planner.plan(SMALL.tabular(SPLIT.train)).optimal
    # the least cross-entropy is the entropy of the uniform distributions themselves
    floor = np.log(optimal.sum(axis=1)).mean()
    losses = [
        -(np.where(optimal, np.log(probabilities), 0).sum(axis=1) / optimal.sum(axis=1)).mean()
        for probabilities in (
            policy.distribution(seen(SPLIT.train), None)[0] for policy in (few, many)
        )
    ]
    assert losses[0] > losses[1] > floor > 0.1


def test_a_cloned_network_is_kept_like_a_trained_one(tmp_path):
    policy = clone(SMALL, SPLIT.train, "conv-a", 0, steps=5)
    checkpoint.save(policy, tmp_path, {})
    again = checkpoint.load(tmp_path).distribution(seen(SPLIT.test), None)[0]
    assert np.array_equal(again, policy.distribution(seen(SPLIT.test), None)[0])


def test_mistakes_are_answered():
    with pytest.raises(UnknownNameError, match="conv-a"):
        clone(SMALL, SPLIT.train, "conv-aa", 0)
    with pytest.raises(ProtocolError, match="does not fit"):
        clone(SMALL, SPLIT.train, "big-128-x6", 0)
    with pytest.raises(LevelError, match="at least one level"):
        clone(SMALL, SPLIT.train.take([]), "conv-a", 0)
