"""Noise in what the policy sees: the contract of every perturbation that adds some."""

import numpy as np
import pytest
import walk  # noqa: F401  # registers
from helpers import TINY

from rlgen import api
from rlgen.errors import ProtocolError, RlgenError
from rlgen.evaluation import can_be_exact, evaluate, rollout
from rlgen.evaluation.noise import Noise, scale
from rlgen.levels import lookup
from rlgen.levels.split import chosen_split, draw_split
from rlgen.perturbations import PERTURBATIONS
from rlgen.perturbations.condition import Condition
from rlgen.policies.functions import FunctionPolicy
from rlgen.util.seeding import stream

NOISES = [name for name in PERTURBATIONS if PERTURBATIONS[name].noise(1)]
CARTPOLE = lookup.family("CartPole-v1").configure({"time_limit": 200})
WALK = lookup.family("rlgen-test/Walk-v0")
PICTURES = WALK.configure({"space": "picture"})


def balance(observations):
    """Pushes to where the pole falls: it needs to see the pole."""
    right = observations[:, 2] + observations[:, 3] > 0
    return np.eye(2)[right.astype(int)]


POLICY = FunctionPolicy(balance, 2)


def played(*texts, seed=0):
    conditions = [Condition.parse(text) for text in texts]
    told = evaluate(
        POLICY, CARTPOLE, CARTPOLE.generate(range(20)), conditions, seed=seed, episodes=2
    )
    return [told[condition.name] for condition in conditions]


@pytest.mark.parametrize("name", NOISES)
def test_at_strength_zero_nothing_changes(name):
    plain, neutral = played("plain", f"{name}:{PERTURBATIONS[name].strength.identity:g}")
    assert np.array_equal(plain.ret_mean, neutral.ret_mean)


@pytest.mark.parametrize("name", NOISES)
def test_more_noise_costs_more_and_the_same_seed_gives_the_same(name):
    weak, strong, again = played(f"{name}:0.1", f"{name}:10", f"{name}:10")
    assert weak.ret_mean.mean() > strong.ret_mean.mean() + 20
    assert np.array_equal(strong.ret_mean, again.ret_mean)
    (other,) = played(f"{name}:10", seed=1)
    assert not np.array_equal(strong.ret_mean, other.ret_mean)


def test_the_unit_of_vectors_is_their_spread_in_random_play():
    unit = scale(CARTPOLE, tuple(range(16)))
    again = lookup.family("CartPole-v1").configure({"time_limit": 200})
    assert again is not CARTPOLE, "or it would not be measured anew"
    assert np.array_equal(unit, scale(again, tuple(range(16))))
    env = CARTPOLE.vector_env(CARTPOLE.generate(range(100)), 50)
    env.reset(seed=3)
    rng = stream(0, "play")
    seen = np.concatenate([env.step(rng.integers(2, size=50))[0] for _ in range(200)])
    assert unit == pytest.approx(seen.std(axis=0), rel=0.25)
    given = np.zeros((20_000, 4), np.float32)
    drawn = Noise(CARTPOLE, CARTPOLE.generate(range(16)), 0.5)(given, rng)
    assert drawn.dtype == np.float32
    assert drawn.std(axis=0) == pytest.approx(0.5 * unit, rel=0.05)
    assert drawn.mean(axis=0) == pytest.approx(0, abs=0.02)


def test_all_pools_of_a_study_have_the_same_unit():
    named = chosen_split(CARTPOLE, {"train": range(20), "test": range(100, 110)}, 3)
    assert named.family.scale_source == (CARTPOLE, tuple(range(16)))
    drawn = draw_split(CARTPOLE, 4, 0, 5)
    assert drawn.family.scale_source == (CARTPOLE, tuple(drawn.test.ids))
    played, other = (CARTPOLE.generate(ids) for ids in (range(3), range(500, 530)))
    zeros = np.zeros((9, 4), np.float32)
    for split in (named, drawn):
        one, two = (
            Noise(split.family, pool, 1.0)(zeros, stream(0, "x")) for pool in (played, other)
        )
        assert np.array_equal(one, two)
    one, two = (Noise(CARTPOLE, pool, 1.0)(zeros, stream(0, "x")) for pool in (played, other))
    assert not np.array_equal(one, two), "without a study the levels that are played decide"


def test_pictures_stay_within_their_range():
    seen, _ = PICTURES.vector_env(PICTURES.generate([1, 2]), 2).reset()
    before = seen.copy()
    noisy = Noise(PICTURES, PICTURES.generate([1]), 0.3)(seen, stream(0, "play"))
    assert (scale(PICTURES, (0,)) == 1).all()
    assert (noisy.min(), noisy.max()) == (0, 1)
    assert np.array_equal(seen, before), "the world's own array is left alone"
    assert np.abs(noisy - seen).std() == pytest.approx(0.15, abs=0.1)


# Walks have five levels in all.
@pytest.mark.filterwarnings("ignore:.*show and pay the same under the same actions")
@pytest.mark.parametrize("name", NOISES)
@pytest.mark.parametrize("family", ["maze-basic", "FrozenLake-v1", "rlgen-test/Walk-v0"])
def test_symbols_and_tabular_levels_refuse_it_before_anything_is_computed(name, family, tmp_path):
    condition = Condition.parse(name)
    member = lookup.family(family)
    assert f"{name} needs continuous observations" in condition.why_not(member)
    assert not can_be_exact(POLICY, member, condition)
    with pytest.raises(ProtocolError, match="no noise can be added"):
        rollout.evaluate(POLICY, member, member.generate([0]), [condition], episodes=1)
    study = TINY | {"family": family, "family_options": {}, "conditions": ["plain", name]}
    with pytest.raises(RlgenError, match=f"{name} needs continuous observations"):
        api.evaluate(study, tmp_path / "store")
    assert not (tmp_path / "store").exists()


def test_the_entry_that_is_shown_decides():
    assert WALK.configure({"entry": "picture"}).continuous
    assert not WALK.configure({"entry": "side"}).continuous
    assert PICTURES.continuous
    assert CARTPOLE.continuous


def test_noise_is_named_before_channels():
    told = Condition.parse("epsilon+observation_noise+greedy")
    assert told.name == "greedy+observation_noise:0.1+epsilon:0.05"
