"""Agents, training, the test worker, checkpoints."""

import json
from functools import cache

import numpy as np
import pytest
import torch
from learning import QUICK, SMALL, installed, prepare, quick, weights
from safetensors.torch import load_file, save_file
from stable_baselines3.common.callbacks import BaseCallback

from rlgen import draw_split
from rlgen.agents import AGENTS, learner
from rlgen.agents.presets.preset import LogUniform, drawn
from rlgen.errors import DamagedStoreError, ProtocolError, StoreError
from rlgen.networks import NETWORKS
from rlgen.policies import checkpoint


@cache
def usual(agent):
    """A run of the agent with seed 0, which several tests only look at."""
    return quick(agent)


@pytest.mark.slow
@pytest.mark.parametrize("agent", [n for n, p in AGENTS.items() if "discrete" in p.actions])
def test_every_agent_learns_something_and_the_same_twice(agent):
    installed(agent)
    one, again, other = usual(agent), quick(agent), quick(agent, seed=1)
    assert torch.equal(weights(one.policy), weights(again.policy))
    assert one.curve == again.curve
    assert one.settings == again.settings
    assert not torch.equal(weights(one.policy), weights(other.policy))
    assert one.steps >= 1200
    before = quick(agent, steps=1).curve[0]
    assert before["step"] == 0
    assert one.policy.stochastic == AGENTS[agent].stochastic
    probabilities, _ = one.policy.distribution(
        np.zeros((3, 7, 5, 5), np.uint8), one.policy.start(3)
    )
    assert probabilities.sum(axis=1) == pytest.approx(1, abs=1e-12)


@pytest.mark.slow
def test_narrow_arithmetic_trains_and_evaluation_does_not_use_it():
    plain, narrow = (
        quick("ppo", agent_options={**QUICK["ppo"], "precision": precision})
        for precision in ("float32", "bfloat16")
    )
    assert not torch.equal(weights(plain.policy), weights(narrow.policy))
    assert weights(narrow.policy).dtype == torch.float32
    before = [
        quick("ppo", steps=1, agent_options={"precision": p}) for p in ("float32", "bfloat16")
    ]
    assert before[0].curve[0] == before[1].curve[0], "the same first weights, evaluated alike"
    seen = np.arange(3 * 7 * 25, dtype=np.uint8).reshape(3, 7, 5, 5) % 2
    trunk = narrow.policy.parts["trunk"]
    assert trunk.precision == torch.bfloat16
    told = narrow.policy.distribution(seen, None)[0]
    assert trunk.precision == torch.bfloat16, "training goes on as before"
    trunk.precision = torch.float32
    assert np.array_equal(told, narrow.policy.distribution(seen, None)[0])
    exact = trunk(torch.from_numpy(seen).float())
    trunk.precision = torch.bfloat16
    rounded = trunk(torch.from_numpy(seen).float())
    assert rounded.dtype == torch.float32
    assert not torch.equal(exact, rounded)
    assert torch.allclose(exact, rounded, rtol=0.05, atol=0.02)


def test_precision_is_one_of_three_words():
    with pytest.raises(ProtocolError, match="must be one of auto, float32, bfloat16"):
        quick("ppo", agent_options={"precision": "float16"})


@pytest.mark.parametrize("name", ["conv-a", "mlp-512-128", "conv-b"])
def test_only_wide_networks_and_able_processors_narrow_their_arithmetic(name, monkeypatch):
    network = NETWORKS[name]
    for able in ({}, {"avx512_bf16": False}, {"avx512_bf16": True}, {"amx_bf16": True}):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda able=able: able)
        narrow = name != "conv-a" and any(able.values())
        expected = torch.bfloat16 if narrow else torch.float32
        assert learner.resolve_precision("auto", network, "cpu") == expected
        assert learner.resolve_precision("auto", network, "cuda") == torch.float32


@pytest.mark.slow
@pytest.mark.parametrize("agent", ["ppo", "dqn"])
def test_the_test_worker_never_teaches(agent):
    """However often and on whatever held-out levels it looks, the same weights come out."""
    seldom = quick(agent, curve_points=1, curve_levels=1)
    often = quick(agent, curve_points=7, curve_levels=5)
    elsewhere = quick(agent, split=draw_split(SMALL, 4, 0, 3))
    assert len(often.curve) > len(seldom.curve)
    assert torch.equal(weights(seldom.policy), weights(often.policy))
    assert torch.equal(weights(seldom.policy), weights(elsewhere.policy))


def test_the_curve_holds_all_pools_and_the_final_policy():
    split = draw_split(SMALL, 4, 2, 5)
    told = []
    trained = quick(
        "ppo", split=split, on_checkpoint=lambda step, _, returns: told.append((step, returns))
    )
    steps = sorted({row["step"] for row in trained.curve})
    assert steps[0] == 0
    assert steps[-1] == trained.steps
    for step in steps:
        rows = {row["split"]: row for row in trained.curve if row["step"] == step}
        assert set(rows) == {"train", "validation", "test"}
        assert [rows[pool]["n_levels"] for pool in rows] == [3, 2, 3]
    assert [step for step, _ in told] == steps
    import rlgen

    final = rlgen.evaluate_policy(trained.policy, SMALL, split.test.take([0, 1, 2]))
    last = [r for r in trained.curve if r["step"] == trained.steps and r["split"] == "test"]
    assert last[0]["ret_mean"] == pytest.approx(final["ret_mean"].mean(), abs=1e-12)


@pytest.mark.slow
def test_it_learns_its_levels():
    """Far above chance on the levels it trains on, which is what everything else measures."""
    split = draw_split(SMALL, 3, 0, 20)
    # Of several seeds: which of them stops short differs from processor to processor.
    curves = [
        quick("ppo", split=split, steps=25_000, curve_points=1, seed=seed).curve
        for seed in range(5)
    ]
    first, last = (
        np.median([next(r["ret_mean"] for r in rows if r["split"] == "train") for rows in told])
        for told in (curves, [curve[-2:] for curve in curves])
    )
    assert last > 1.5
    assert last > first + 0.7


@pytest.mark.slow
@pytest.mark.parametrize("regulariser", ["random_spawn", "sticky_proposed", "random_spawn+delay:1"])
def test_training_under_a_perturbation_is_another_training(regulariser):
    plain = usual("ppo")
    one, again = quick("ppo", regulariser=regulariser), quick("ppo", regulariser=regulariser)
    assert torch.equal(weights(one.policy), weights(again.policy))
    assert not torch.equal(weights(plain.policy), weights(one.policy))


def test_drawn_hyper_parameters_are_the_run_s_own():
    settings = AGENTS["a2c-paper"].settings
    rates = [drawn(settings, seed)["learning_rate"] for seed in range(400)]
    assert len(set(rates)) == 400
    assert 1e-5 <= min(rates) < 2e-5
    assert 2.5e-2 < max(rates) <= 5e-2
    # log-uniform: half of the draws below the geometric mean
    assert abs(np.mean(np.array(rates) < np.sqrt(1e-5 * 5e-2)) - 0.5) < 0.1
    assert isinstance(settings["ent_coef"], LogUniform)
    assert quick("a2c-paper", seed=3).settings["learning_rate"] == rates[3]


@pytest.mark.slow
@pytest.mark.parametrize("agent", [name for name, preset in AGENTS.items() if preset.has_entropy])
def test_the_entropy_coefficient_falls_to_nothing(agent):
    installed(agent)
    options = QUICK[agent] | {"ent_coef": 0.5, "anneal_entropy": True}
    split = draw_split(SMALL, 4, 2, 5)
    ready = prepare(
        split.family,
        split.train,
        agent=agent,
        network="mlp-512-128",
        seed=0,
        agent_options=options,
    )
    seen = []

    class Watch(BaseCallback):
        def _on_rollout_end(self):
            seen.append(self.model.ent_coef)

        def _on_step(self):
            return True

    steps = 10 * ready.settings["n_envs"] * ready.settings["n_steps"]
    ready.model.learn(steps, callback=[*ready.callbacks, Watch()])
    np.testing.assert_allclose(seen, 0.5 * (1 - np.arange(10) / 10) ** 2)
    assert ready.model.ent_coef == 0.5


@pytest.mark.parametrize(
    ("agent", "options", "message"),
    [
        ("dqn", {"anneal_entropy": True}, "dqn has no option 'anneal_entropy'"),
        ("ppo", {"anneal_entropy": 1}, "anneal_entropy = 1: must be true or false"),
        ("ppo", {"learnig_rate": 1e-3}, "did you mean 'learning_rate'"),
        ("ppo", {"n_envs": 1.5}, "n_envs = 1.5"),
        ("ppo", {"learning_rate": -1.0}, "learning_rate = -1.0"),
        ("ppo", {"learning_rate": "fast"}, "learning_rate = 'fast'"),
        ("ppo", {"anneal": 1}, "anneal = 1: must be true or false"),
        ("ppo", {"gamma": True}, "gamma = True: must be a number"),
        ("a2c", {"batch_size": 5}, "a2c has no option 'batch_size'"),
        ("ppo", {"learning_rate": float("inf")}, "learning_rate = inf"),
        ("ars", {"n_delta": 4}, "n_top = 8: must not be more than n_delta = 4"),
        ("qrdqn", {"n_quantile": 5}, "did you mean 'n_quantiles'"),
        ("recurrent-ppo", {"lstm_size": 5}, "did you mean 'lstm_hidden_size'"),
        ("recurrent-ppo", {"lstm_hidden_size": 0}, "must be from 1"),
        ("recurrent-ppo", {"shared_lstm": True}, "goes with enable_critic_lstm = false only"),
        (
            "maskable-ppo",
            {"batch_size": 5, "n_envs": 2, "n_steps": 3},
            "leaves one of an update's 6 steps",
        ),
        (
            "recurrent-ppo",
            {"batch_size": 15, "n_envs": 1, "n_steps": 31},
            "leaves one of an update's 31 steps",
        ),
    ],
)
def test_wrong_options_are_refused(agent, options, message):
    with pytest.raises(ProtocolError, match=message):
        AGENTS[agent].configured(options, agent)


@pytest.mark.slow
@pytest.mark.parametrize(
    "agent", ["ppo", "dqn", "qrdqn", "trpo", "maskable-ppo", "ars", "recurrent-ppo"]
)
def test_a_checkpoint_is_the_policy(agent, tmp_path):
    installed(agent)
    trained = usual(agent)
    checkpoint.save(trained.policy, tmp_path, {"note": 1})
    assert sorted(p.name for p in tmp_path.iterdir()) == ["agent.json", "policy.safetensors"]
    loaded = checkpoint.load(tmp_path)
    tabular = SMALL.tabular(draw_split(SMALL, 4, 2, 5).test)
    observations = tabular.observe(tabular.start)
    one, other = (p.distribution(observations, p.start(5))[0] for p in (loaded, trained.policy))
    assert np.array_equal(one, other)
    assert loaded.stochastic == trained.policy.stochastic


@pytest.mark.slow
def test_a_checkpoint_says_which_rlgen_can_read_it(tmp_path):
    """One that knows of no LSTM would play without it where its sizes happen to fit."""
    installed("recurrent-ppo")
    told = {}
    for agent in ("ppo", "recurrent-ppo"):
        checkpoint.save(quick(agent, steps=1).policy, tmp_path, {})
        told[agent] = json.loads((tmp_path / "agent.json").read_text())
    assert told["ppo"]["format"] == 1
    assert told["recurrent-ppo"]["format"] == 2
    lstm = {"lstm_hidden_size": 16, "n_lstm_layers": 1}
    assert told["recurrent-ppo"]["policy"] == told["ppo"]["policy"] | lstm


def test_a_damaged_checkpoint_is_named(tmp_path):
    checkpoint.save(quick("ppo", steps=1).policy, tmp_path, {})
    file = tmp_path / "policy.safetensors"
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DamagedStoreError, match="cannot read the checkpoint"):
        checkpoint.load(tmp_path)
    file.unlink()
    with pytest.raises(DamagedStoreError, match="its weights have not been kept"):
        checkpoint.load(tmp_path)
    file.write_bytes(whole)
    tensors = load_file(file)
    tensors.pop("head.bias")
    save_file(tensors, file)
    with pytest.raises(DamagedStoreError, match="cannot read the checkpoint"):
        checkpoint.load(tmp_path)
    card = json.loads((tmp_path / "agent.json").read_text())
    (tmp_path / "agent.json").write_text(json.dumps(card | {"format": 99}))
    with pytest.raises(StoreError, match="format 99"):
        checkpoint.load(tmp_path)
