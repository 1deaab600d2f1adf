"""Scores, ceilings and excess: worked examples and the definition, checked by drawing flips."""

import numpy as np
import pytest

from rlgen.analysis.stats import scores
from rlgen.errors import RlgenError
from rlgen.util.seeding import stream

NAN = float("nan")
BASE, KEY = (1.0, 1.0, -1.0, -1.0), 0.1


def test_scores_as_worked(worked_examples):
    told = worked_examples["gap"]
    expect = told["expect"]
    train = scores.normalised_score(told["J_train"], told["oracle"], told["rand_train"])
    test = scores.normalised_score(told["J_test"], told["oracle"], told["rand_test"])
    assert train == pytest.approx(expect["S_train"])
    assert test == pytest.approx(expect["S_test"])


def test_scores_are_level_by_level():
    returns = np.array([[0.0, 1.0], [2.0, 3.0]])
    oracle, random = np.array([2.0, 3.0]), np.array([0.0, 1.0])
    expect = [[0, 0], [1, 1]]
    assert scores.normalised_score(returns, oracle, random) == pytest.approx(np.array(expect))
    unknown = scores.normalised_score([1.0, NAN, 1.0], [0.3, 2.0, NAN], [0.3, 0.0, 0.0])
    assert np.isnan(unknown).all()


def test_ceiling_as_worked(worked_examples):
    for told in worked_examples["type_policy_ceiling"]:
        found = scores.ceiling(BASE, told["p"], KEY)
        good, _, bad, _ = found.values
        assert found.discarded == pytest.approx(told["p_discard"], abs=1e-12)
        assert (good, bad) == pytest.approx((told["E_good"], told["E_bad"]))
        assert found.train == pytest.approx(told["C_train"])
        assert found.test == pytest.approx(told["C_test"])


def drawn_rewards(p, n):
    """Rewards by the letter of method 1.4, drawn and thrown away until some object is positive."""
    signs = np.sign(BASE) * np.where(stream(0, "flips").random((3 * n, 4)) < p, -1, 1)
    signs = signs[(signs > 0).any(axis=1)][:n]
    assert len(signs) == n
    return signs * 2 / (signs > 0).sum(axis=1, keepdims=True)


@pytest.mark.parametrize("p", [0.0, 0.2, 0.5])
def test_the_ceiling_is_what_drawn_flips_pay(p):
    """Method 6: within 4 standard errors on 20,000 flipped levels."""
    rewards = drawn_rewards(p, 20_000)
    told = scores.ceiling(BASE, p, KEY)
    assert np.where(rewards > 0, rewards, 0).sum(axis=1) == pytest.approx(2.0)
    error = rewards.std(axis=0) / np.sqrt(len(rewards))
    assert (np.abs(rewards.mean(axis=0) - told.values) <= 4 * error).all()
    paid = KEY + rewards[:, np.array(told.values) > 0].sum(axis=1)
    assert abs(paid.mean() - told.train) <= 4 * paid.std() / np.sqrt(len(paid)) + 1e-9


def test_the_machinery_and_the_mazes_flip_alike():
    from rlgen_envs.maze import rewards, rules

    flipped = np.array(np.meshgrid(*[[False, True]] * 4)).reshape(4, -1).T
    flipped = np.c_[flipped, np.zeros(len(flipped), bool)]
    paid, valid = rewards.values(flipped)
    chance = np.where(flipped[:, :4], 0.3, 0.7).prod(axis=1) * valid
    expect = (chance[:, None] * paid[:, :4]).sum(axis=0) / chance.sum()
    told = scores.ceiling(rules.BASE_VALUES, 0.3, rules.KEY_VALUE)
    assert told.values == pytest.approx(expect)
    assert told.discarded == pytest.approx(1 - chance.sum())


@pytest.mark.parametrize("p", [-0.1, 1.1, NAN])
def test_probabilities_are_probabilities(p):
    with pytest.raises(RlgenError, match="must be from 0 to 1"):
        scores.ceiling(BASE, p, KEY)


def test_something_must_be_positive():
    with pytest.raises(RlgenError, match="no object is ever positive"):
        scores.ceiling((-1.0, -1.0), 0.0, KEY)


def test_excess_as_worked(worked_examples):
    told = worked_examples["memorisation_excess"]
    expect = told["expect"]
    given = told["train_return"], told["type_policy_ceiling"], told["oracle"]
    found = scores.memorisation_excess(*given)
    assert found.excess == pytest.approx(expect["excess"])
    assert found.fraction == pytest.approx(expect["fraction"])
    own = scores.ceiling(BASE, told["p"], KEY).train
    assert own == pytest.approx(told["type_policy_ceiling"], abs=1e-4)


def test_no_excess_and_why():
    found = scores.memorisation_excess(1.3, scores.ceiling(BASE, 0.0, KEY).train, 2.1)
    assert found.excess == pytest.approx(-0.8)
    assert np.isnan(found.fraction)
    assert found.reason == "nothing to memorise: the ceiling is the best return"
    found = scores.memorisation_excess(NAN, 0.3, 2.1)
    assert np.isnan([found.excess, found.fraction]).all()
    assert found.reason == "a return is not a number"
