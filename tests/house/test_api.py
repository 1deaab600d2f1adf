"""Calls from Python: what they take, and what they refuse before any compute."""

import numpy as np
import pytest
import torch
from helpers import uniform

import rlgen
from rlgen_envs import FAMILIES

BASIC = FAMILIES["maze-basic"]


def sums_to(total, n=5):
    return lambda observations: np.full((len(observations), n), total / n)


def test_levels_and_conditions_in_every_form():
    told = [
        rlgen.evaluate_policy(sums_to(1), family, levels, conditions)
        for family in ("maze-basic", BASIC)
        for levels in ([7, 8], np.array([7, 8]), range(7, 9), "7:9", BASIC.generate([7, 8]))
        for conditions in ("sticky_proposed", ["sticky_proposed:0.25"])
    ]
    for one in told:
        assert one.equals(told[0])
    assert list(told[0]["level_id"]) == [7, 8]


def test_a_policy_in_every_form():
    from stable_baselines3 import PPO

    from rlgen.agents.envs.vec_env import VecEnvAdapter

    levels = BASIC.generate(range(3))
    told = rlgen.evaluate_policy(uniform(BASIC), BASIC, levels)
    assert told.equals(rlgen.evaluate_policy(sums_to(1), BASIC, levels))
    env = VecEnvAdapter(BASIC.vector_env(levels, 4))
    model = PPO("MlpPolicy", env, n_steps=8, batch_size=16, seed=0)
    assert rlgen.evaluate_policy(model, BASIC, levels)["exact"].all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((sums_to(1), "maze-basik", [1]), "did you mean 'maze-basic'"),
        ((sums_to(1), "maze-basic", []), "no levels"),
        ((sums_to(1), "maze-basic", [-1]), "not negative"),
        ((sums_to(1), "maze-basic", [1], "stiky_proposed"), "did you mean 'sticky_proposed'"),
        ((sums_to(1), "maze-basic", [1], ["plain", "epsilon:2"]), "from 0 to 1, not 2"),
        ((sums_to(1, n=4), "maze-basic", [1]), r"must have shape \(\d+, 5\)"),
        ((sums_to(1.1), "maze-basic", [1]), "sum to one"),
        (("a name", "maze-basic", [1]), "str is no policy"),
        ((sums_to(1), "maze-basic", [1.7]), "levels: 'float' object"),
        ((sums_to(1), "maze-basic", [1, 2, 1]), "levels: a level is named twice"),
        ((sums_to(1), "maze-basic", "0-5"), "levels: must be like 3, 0:20"),
        ((sums_to(1), "maze-basic", 5), "levels: 'int' object is not iterable"),
        ((sums_to(1), "maze-basic", [1], []), "conditions = .*: there are none"),
    ],
)
def test_what_cannot_be_evaluated(arguments, message):
    with pytest.raises(rlgen.RlgenError, match=message):
        rlgen.evaluate_policy(*arguments)


@pytest.mark.parametrize("episodes", [0, -3, 1.5])
def test_so_many_episodes_cannot_be_played(episodes):
    with pytest.raises(rlgen.RlgenError, match=f"episodes = {episodes}: must be "):
        rlgen.evaluate_policy(sums_to(1, n=2), "CartPole-v1", [1], episodes=episodes)


@pytest.mark.parametrize("number", [1.5, "x", None])
def test_seeds_and_intervals_are_whole_numbers(number):
    """Silently rounded, two seeds would be one."""
    pools = {"test": rlgen.LevelEnv("CartPole-v1", [1])}
    for name, call in {
        "seed": lambda: rlgen.evaluate_policy(sums_to(1), "maze-basic", [1], seed=number),
        "pool_seed": lambda: rlgen.draw_split("maze-basic", 3, pool_seed=number),
        "every": lambda: rlgen.LevelCallback(pools, every=number),
    }.items():
        with pytest.raises(rlgen.RlgenError, match=f"{name} = .*: must be a whole number"):
            call()
    if number is not None:
        with pytest.raises(rlgen.RlgenError, match=r"seed = .*: must be a whole number"):
            rlgen.LevelEnv("CartPole-v1", [1], seed=number)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"jobs": 0}, "jobs = 0: must be at least 1"),
        ({"shard": (2, 2)}, r"shard = \(2, 2\)"),
        ({"shard": (-1, 2)}, r"shard = \(-1, 2\)"),
        ({"shard": (0,)}, r"shard = \(0,\)"),
        ({"shard": (0.5, 2)}, "shard = 0.5: must be a whole number"),
        ({"seeds": 5.5}, "seeds = 5.5: must be a whole number"),
        ({"trust": {"m.pt"}}, "trust = 'm.pt': is no policy of this study"),
        ({"trust": "m.pt"}, "trust = 'm.pt': is no policy of this study"),
        ({"track": "tensorbord"}, "did you mean 'tensorboard'"),
        ({"device": "gpu"}, "device = 'gpu'"),
        ({"seeds": [-1]}, "seeds = -1"),
        ({"seeds": []}, "seeds"),
    ],
)
def test_what_cannot_be_run(keys, message, tiny, tmp_path):
    with pytest.raises(rlgen.RlgenError, match=message):
        rlgen.evaluate(tiny, tmp_path / "out", **keys)
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there(tiny, tmp_path):
    with pytest.raises(rlgen.RlgenError, match="torch finds no GPU"):
        rlgen.evaluate(tiny, tmp_path / "out", device="cuda")
    assert not (tmp_path / "out").exists()


def test_a_calibration_is_refused_where_returns_cannot_be_computed(tmp_path):
    with pytest.raises(rlgen.RlgenError, match="CartPole-v1 has none"):
        rlgen.calibrate("CartPole-v1", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_wrong_public_name():
    with pytest.raises(AttributeError, match="no attribute 'evaluat'"):
        rlgen.evaluat  # noqa: B018
    assert set(rlgen.__all__) <= set(dir(rlgen))
