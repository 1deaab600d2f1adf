"""Levels played on the learner's device are the same game; here the device is the CPU."""

import numpy as np
import pytest
import torch
from learning import train, training_env

from rlgen import draw_split
from rlgen.agents import AGENTS, learner
from rlgen.agents.envs.device_env import DeviceEnv
from rlgen.agents.envs.vec_env import VecEnvAdapter
from rlgen.errors import LevelError, ProtocolError
from rlgen.evaluation import exact
from rlgen.perturbations.condition import Condition
from rlgen.perturbations.vector import PerturbedVectorEnv
from rlgen.util.seeding import stream
from rlgen_envs import FAMILIES

SMALL = FAMILIES["maze-basic"].configure({"size": 6})


def device_env(family, levels, n, condition="plain", device="cpu", **told):
    channel = Condition.parse(condition).channel(5, family.noop)
    return DeviceEnv(family, levels, n, channel=channel, device=device, **told)


@pytest.mark.slow
@pytest.mark.parametrize("condition", ["plain", "delay:2", "sticky_proposed:1", "noop_starts:0"])
@pytest.mark.parametrize("family", ["maze-basic", "maze-blocks", "maze-tunnel"])
def test_the_same_game_as_the_batch_on_the_cpu(family, condition):
    """One level, and conditions without chance: step by step the same."""
    member = FAMILIES[family]
    level = member.generate([11], 0.5)
    here = member.vector_env(level, 30)
    channel = Condition.parse(condition).channel(5, member.noop)
    usual = VecEnvAdapter(PerturbedVectorEnv(here, channel, 0) if condition != "plain" else here)
    there = device_env(member, level, 30, condition)
    assert np.array_equal(usual.reset(), there.reset())
    rng, ends = stream(0, "actions"), 0
    for _ in range(450):
        actions = torch.from_numpy(rng.integers(5, size=30))
        one, other = usual.advance(actions), there.advance(actions)
        assert torch.equal(one.observations, other.observations)
        assert torch.allclose(one.rewards, other.rewards, atol=1e-6)
        assert torch.equal(one.ended, other.ended)
        ends += int(one.ended.sum())
    assert ends > 40


@pytest.mark.slow
def test_levels_and_start_states_are_drawn_uniformly():
    levels = SMALL.generate(range(3))
    env = device_env(SMALL, levels, 30_000, random_spawn=True, seed=1)
    seen = env.reset()
    tabular = SMALL.tabular(levels)
    wanted = tabular.observe(tabular.spawns).reshape(len(tabular.spawns), -1)
    expected = np.concatenate([np.full(n, 1 / 3 / n) for n in np.diff(tabular.spawn_offsets)])
    kinds, counts = np.unique(seen.flatten(1).numpy(), axis=0, return_counts=True)
    place = {row.tobytes(): i for i, row in enumerate(wanted)}
    found = np.zeros(len(wanted))
    found[[place[row.tobytes()] for row in kinds]] = counts / 30_000
    error = np.sqrt(expected * (1 - expected) / 30_000)
    assert (np.abs(found - expected) < 5 * error).all()


def test_chance_in_the_channel_happens_as_often_as_it_should():
    level = SMALL.generate([0])
    env = device_env(SMALL, level, 40_000, "epsilon:0.5", seed=2)
    env.reset()
    stay = torch.full((40_000,), SMALL.noop)
    before = env._state.clone()
    env.advance(stay)
    moved = float((env._state != before).float().mean())
    tabular = SMALL.tabular(level)
    moves = (tabular.next_state[tabular.start[0]] != tabular.start[0]).mean()
    assert moved == pytest.approx(0.5 * moves, abs=5 * np.sqrt(0.25 / 40_000))


def test_a_seed_decides_everything():
    levels = SMALL.generate(range(20))

    def play(seed):
        env = device_env(SMALL, levels, 50, "sticky_executed:0.3", seed=seed)
        seen, rng = [env.reset()], stream(0, "actions")
        for _ in range(100):
            seen.append(env.advance(torch.from_numpy(rng.integers(5, size=50))).observations)
        return torch.stack(seen)

    assert torch.equal(play(4), play(4))
    assert not torch.equal(play(4), play(5))


def test_rewards_are_clipped():
    env = device_env(SMALL, SMALL.generate(range(5)), 200, reward_clip=0.05)
    env.reset()
    rng = stream(0, "actions")
    rewards = [env.advance(torch.from_numpy(rng.integers(5, size=200))).rewards for _ in range(20)]
    assert 0.04 < float(torch.stack(rewards).abs().max()) <= 0.05 + 1e-7


def test_what_it_cannot_do_is_refused():
    env = device_env(SMALL, SMALL.generate([0]), 2)
    with pytest.raises(ProtocolError, match="advance"):
        env.step(np.zeros(2, np.int64))

    class Opaque(type(SMALL)):
        tabular = None

    with pytest.raises(LevelError, match=r"devices need levels whose states .* opaque has none"):
        device_env(Opaque("opaque", SMALL.settings), SMALL.generate([0]), 2)


def test_who_learns_from_rollouts_plays_on_the_device_and_others_do_not(monkeypatch):
    levels = SMALL.generate(range(4))
    settings = AGENTS["ppo"].settings
    asked = []
    monkeypatch.setattr("rlgen.training.prepared.DeviceEnv", lambda *_, **told: asked.append(told))
    training_env(SMALL, levels, settings, "random_spawn", 0, device="cuda")
    assert asked[0]["device"] == "cuda"
    assert asked[0]["random_spawn"]
    here = training_env(SMALL, levels, settings, "random_spawn", 0)
    assert isinstance(here, VecEnvAdapter)
    assert learner.batched(AGENTS["ppo"])
    assert not learner.batched(AGENTS["dqn"])


SPLIT = draw_split(SMALL, 5, 0, 20)
BUDGET = {"agent": "ppo", "network": "conv-a", "steps": 24_576, "curve_points": 1}


def curve_ends(device, seeds, monkeypatch=None):
    """Exact return on the training levels after a small budget, for each seed."""
    if monkeypatch is not None:  # the device's code path, on the CPU
        monkeypatch.setattr(
            "rlgen.training.prepared.training_env",
            lambda *told, device="cpu": device_env(
                SMALL, SPLIT.train, told[2]["n_envs"], seed=told[4]
            ),
        )
    ends = []
    for seed in seeds:
        policy = train(SPLIT, seed=seed, device=device, **BUDGET).policy
        outcome = exact.evaluate(policy, SMALL, SPLIT.train, [Condition.parse("plain")])["plain"]
        ends.append(outcome.ret_mean.mean())
    return np.array(ends)


def alike(one, other):
    error = np.sqrt(one.var(ddof=1) / len(one) + other.var(ddof=1) / len(other))
    return abs(one.mean() - other.mean()) < 4 * error


@pytest.mark.slow
def test_learning_on_tables_is_learning_in_the_environment(monkeypatch):
    usual = curve_ends("cpu", range(6))
    tables = curve_ends("cpu", range(10, 16), monkeypatch)
    assert usual.mean() > 0.3, "something was learnt"
    assert alike(usual, tables)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_both_devices_learn_alike():
    assert alike(curve_ends("cpu", range(6)), curve_ends("cuda", range(6)))
