"""The batch as a stable-baselines3 ``VecEnv``, and perturbed."""

import numpy as np
import pytest
from stable_baselines3 import PPO
from stable_baselines3.common.evaluation import evaluate_policy

from rlgen.agents.envs.vec_env import VecEnvAdapter
from rlgen.errors import ProtocolError
from rlgen.perturbations.condition import Condition
from rlgen.perturbations.vector import PerturbedVectorEnv
from rlgen.util.seeding import stream
from rlgen_envs import FAMILIES

FAMILY = FAMILIES["maze-basic"].configure({"size": 5})
LEVELS = FAMILY.generate(range(10), 0.5)


def adapter(n=20, clip=0.0):
    return VecEnvAdapter(FAMILY.vector_env(LEVELS, n), clip)


def test_same_step_reset_with_the_terminal_observation():
    env, twin = adapter(), FAMILY.vector_env(LEVELS, 20)
    env.seed(5)
    assert np.array_equal(env.reset(), twin.reset(seed=5)[0])
    rng, returns, ended = stream(0, "actions"), np.zeros(20), 0
    for _ in range(600):
        actions = rng.integers(5, size=20)
        observations, rewards, dones, infos = env.step(actions)
        same, exact_rewards, terminated, _, told = twin.step(actions)
        assert np.array_equal(observations, same)
        assert rewards.dtype == np.float32
        assert rewards == pytest.approx(exact_rewards, abs=1e-6)
        assert np.array_equal(dones, terminated)
        returns += exact_rewards
        for i, info in enumerate(infos):
            if not dones[i]:
                assert info == {}
                continue
            ended += 1
            assert np.array_equal(info["terminal_observation"], told["final_obs"][i])
            assert info["TimeLimit.truncated"] is False
            assert info["timeout"] == told["final_info"]["timeout"][i]
            assert info["level"] == told["final_info"]["level"][i]
            assert info["episode"]["r"] == pytest.approx(returns[i])
            assert 1 <= info["episode"]["l"] <= 200
            returns[i] = 0
    assert ended > 50


def test_rewards_are_clipped_for_learning_only():
    env = adapter(50, clip=0.05)
    env.seed(0)
    env.reset()
    rng, whole = stream(0, "actions"), []
    for _ in range(300):
        _, rewards, _, infos = env.step(rng.integers(5, size=50))
        assert np.abs(rewards).max() <= 0.05 + 1e-7
        whole += [info["episode"]["r"] for info in infos if info]
    assert max(whole) > 0.5
    assert min(whole) < -0.5


def test_plain_stable_baselines3_trains_on_it():
    model = PPO("MlpPolicy", adapter(8), n_steps=32, batch_size=64, seed=0)
    model.learn(512)
    mean, _ = evaluate_policy(model, adapter(8), n_eval_episodes=16)
    assert -9 <= mean <= 2.1


def test_what_a_batch_cannot_do_is_said():
    env = adapter(3)
    assert env.get_attr("num_envs") == [3, 3, 3]
    env.set_attr("remark", 1)
    assert env.get_attr("remark", [0]) == [1]
    with pytest.raises(ProtocolError, match="no single members"):
        env.env_method("render")
    assert list(env.get_images()) == [None] * 3
    env.close()


def test_next_step_reset_is_refused():
    import gymnasium as gym

    foreign = gym.make_vec("CartPole-v1", num_envs=2, vectorization_mode="sync")
    with pytest.raises(ProtocolError, match="same-step"):
        VecEnvAdapter(foreign)
    channel = Condition.parse("epsilon").channel(2, None)
    with pytest.raises(ProtocolError, match="same-step"):
        PerturbedVectorEnv(foreign, channel, 0)
    foreign.close()


def test_a_delayed_batch_plays_the_action_before():
    channel = Condition.parse("delay:1").channel(5, 4)
    env = PerturbedVectorEnv(FAMILY.vector_env(LEVELS, 30), channel, seed=0)
    twin = FAMILY.vector_env(LEVELS, 30)
    assert np.array_equal(env.reset(seed=1)[0], twin.reset(seed=1)[0])
    rng, before = stream(2, "actions"), np.full(30, 4)
    for _ in range(400):
        actions = rng.integers(5, size=30)
        given = actions.copy()
        observations, rewards, terminated, _, info = env.step(actions)
        assert np.array_equal(actions, given), "the caller's actions were written to"
        same, same_rewards, same_ended, _, _ = twin.step(before)
        assert np.array_equal(observations, same)
        assert np.array_equal(rewards, same_rewards)
        assert np.array_equal(terminated, same_ended)
        assert np.array_equal(info["proposed"], actions)
        assert np.array_equal(info["executed"], before)
        if terminated.any():
            assert np.array_equal(info["final_info"]["proposed"], actions)
            assert np.array_equal(info["final_info"]["executed"], before)
        # a new episode begins with nothing in the queue
        before = np.where(terminated, 4, actions)


def test_sticky_noise_has_the_stated_frequency_and_seed():
    def executed(seed):
        channel = Condition.parse("sticky_proposed:0.25").channel(5, 4)
        env = PerturbedVectorEnv(FAMILY.vector_env(LEVELS, 100), channel, seed=seed)
        env.reset(seed=0)
        rng, played, differs = stream(3, "actions"), [], []
        previous = np.full(100, 4)
        for _ in range(300):
            actions = rng.integers(5, size=100)
            _, _, terminated, _, info = env.step(actions)
            could_differ = actions != previous
            differs.append((info["executed"] != actions)[could_differ])
            stuck = info["executed"] != actions
            assert np.array_equal(info["executed"][stuck], previous[stuck])
            played.append(info["executed"])
            previous = np.where(terminated, 4, actions)
        return np.array(played), np.concatenate(differs)

    played, differs = executed(0)
    share = differs.mean()
    assert abs(share - 0.25) < 4 * np.sqrt(0.25 * 0.75 / len(differs))
    assert np.array_equal(played, executed(0)[0])
    assert not np.array_equal(played, executed(1)[0])
