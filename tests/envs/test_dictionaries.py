"""Observations that are dictionaries, and other agents' pictures, bytes and tables."""

import json
import os
from importlib.util import find_spec
from pathlib import Path

import gymnasium as gym
import mixed
import numpy as np
import pytest
import torch
from learning import prepare
from stable_baselines3 import A2C, DQN, PPO, SAC
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.vec_env import VecNormalize
from torch import nn

import rlgen
from rlgen import api
from rlgen.errors import PolicyError, ProtocolError, RlgenError
from rlgen.levels import lookup
from rlgen.levels.spaces import Packed, Part
from rlgen.networks import NETWORKS
from rlgen.networks.stack import layers
from rlgen.policies import checkpoint, loading
from rlgen.policies.base import Categorical
from rlgen.policies.sb3 import models
from rlgen.training.regularisers.regularisation import Regularisation

MIXED = "rlgen-test/Mixed-v0"
#: All that stable-baselines3 takes.
ALL = "image,table,bytes,side,pair,flags,amounts"
ON = {"n_steps": 8, "batch_size": 8}
SMALL = {PPO: ON, A2C: {}, DQN: {"learning_starts": 1, "buffer_size": 10}}


def family(**options):
    return lookup.family(MIXED).configure(options)


def seen(shown, n=20):
    """First observations as the family shows them, and as its environment does."""
    env, own = shown.env(shown.generate(range(n))), gym.make(MIXED, **mixed_options(shown))
    ours = np.stack([env.reset(options={"level": i})[0] for i in range(n)])
    raw = [own.reset(seed=i)[0] for i in range(n)]
    if isinstance(raw[0], dict):
        return ours, {key: np.stack([np.asarray(o[key]) for o in raw]) for key in raw[0]}
    return ours, np.stack(raw)


def mixed_options(shown):
    return {key: shown.options[key] for key in ("keys", "only", "actions") if key in shown.options}


def test_each_entry_stands_where_it_is_said_to():
    shown = family(keys=",".join(mixed.PARTS))
    space = shown.observation_space
    assert isinstance(space, Packed)
    assert [part.name for part in space.parts if part.name not in mixed.PARTS] == [
        "inner.a", "inner.b"
    ]  # fmt: skip
    assert "words" not in {part.name for part in space.parts}
    env = shown.env(shown.generate([3]))
    ours, _ = env.reset(options={"level": 3})
    raw, _ = gym.make(MIXED, keys=",".join(mixed.PARTS)).reset(seed=3)
    assert space.contains(ours)
    told = space.unpack(ours[None])
    assert np.array_equal(space.pack(told), ours[None])
    assert np.allclose(told["image"][0] * 255, raw["image"].transpose(2, 0, 1))
    assert np.array_equal(told["table"][0], raw["table"].transpose(2, 0, 1))
    assert np.allclose(told["bytes"][0] * 255, raw["bytes"])
    assert told["side"][0].tolist() == np.eye(4)[raw["side"]].tolist()
    assert told["late"][0].tolist() == np.eye(4)[raw["late"] - 1].tolist()
    assert np.allclose(told["amounts"][0], raw["amounts"])
    assert told["inner.a"][0].argmax() == raw["inner"]["a"]
    assert np.allclose(told["inner.b"][0] * 255, raw["inner"]["b"])
    boxes = space.entries()
    assert boxes["bytes"].high.max() == 1
    assert boxes["amounts"].high.max() == np.inf
    assert boxes["image"].shape == (3, 36, 40)


# Networks.


def test_pictures_go_through_convolutions_and_all_else_beside_them():
    parts = (Part("image", 2, (3, 9, 8)), Part("amounts", 0, (2,)))
    network = NETWORKS["conv-a"]
    alone, both = layers(network, (3, 9, 8)), layers(network, (218,), parts)
    both[0].convs[0].load_state_dict(nn.Sequential(*alone).state_dict())
    x = torch.randn(5, 218)
    expected = torch.cat([alone(x[:, 2:].reshape(5, 3, 9, 8)), x[:, :2]], dim=1)
    assert torch.allclose(both(x), expected, atol=1e-6)
    assert expected.shape[1] == network.n_features((218,), parts)
    with pytest.raises(ProtocolError, match=r"need a picture .* in amounts \(2,\); use an mlp"):
        network.n_features((2,), parts[1:])
    with pytest.raises(ProtocolError, match="does not fit observations of 9 x 8"):
        NETWORKS["nature"].n_features((218,), parts)
    assert NETWORKS["mlp-64-64"].n_features((218,), parts) == 64


@pytest.mark.slow
@pytest.mark.parametrize(
    ("agent", "network", "actions"),
    [
        ("ppo", "conv-a", "discrete"),
        ("dqn", "conv-a-dense", "discrete"),
        ("sac", "nature", "vectors"),
    ],
)
def test_agents_learn_and_are_kept(agent, network, actions, tmp_path):
    shown = family(actions=actions)
    learning = prepare(
        shown, shown.generate(range(5)), agent=agent, network=network, seed=0,
        agent_options={"n_envs": 16},
    )  # fmt: skip
    ours, _ = seen(shown)
    if agent == "ppo":
        before = [weights.clone() for weights in learning.model.policy.parameters()]
        learning.model.learn(512)
        for old, new in zip(before, learning.model.policy.parameters(), strict=True):
            assert (old != new).any(), "all of it learns"
    checkpoint.save(learning.policy, tmp_path, {})
    assert json.loads((tmp_path / "agent.json").read_text())["format"] == 4
    told = played(learning.policy, ours)
    assert np.array_equal(told, played(checkpoint.load(tmp_path), ours))
    for part in shown.observation_space.parts if agent != "dqn" else ():  # it is greedy
        changed = ours.copy()
        changed[:, part.rows] = 1 - changed[:, part.rows]
        assert np.abs(played(learning.policy, changed) - told).max() > 1e-6, part.name


def played(policy, ours):
    """Probabilities, or greedy actions."""
    if not isinstance(policy, Categorical):
        return policy.act(ours, None, None)[0]
    return policy.distribution(ours, None)[0]


def test_dropout_needs_dense_layers_there():
    shown, dropout = family(), Regularisation.parse("dropout:0.1")
    assert "dense layers for dictionaries" in dropout.why_not("ppo", "conv-a", shown)
    assert dropout.why_not("ppo", "conv-a-dense", shown) is None
    assert dropout.why_not("ppo", "conv-a", family(keys="small", only=True)) is None


@pytest.mark.slow
def test_a_study_of_dictionaries(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(mixed.__file__).parent), prepend=os.pathsep)
    study = {
        "name": "mixed", "family": f"mixed:{MIXED}", "family_options": {"keys": "small,side,words"},
        "train_levels": "0:4", "test_levels": "100:103", "network": "conv-a", "agent": "ppo",
        "agent_options": {"n_envs": 4, "n_steps": 8, "batch_size": 32}, "steps": 64, "episodes": 2,
        "curve_points": 1, "curve_levels": 2, "seeds": "0:2", "regulariser": ["none", "l2"],
        "conditions": ["plain", "greedy", "sticky_executed:0.25"],
    }  # fmt: skip
    result = api.evaluate(study, tmp_path / "store", jobs=1)
    assert len(result.summary["cells"]) == 2, result.summary["failed"]
    (run, *_) = sorted((tmp_path / "store" / "runs").iterdir())
    policy = loading.load(str(run), family(keys="small,side"))
    assert policy.spec.parts


# Policies made elsewhere.

SINGLE = ("image", "table", "bytes", "side", "pair", "flags", "small", "plane")


@pytest.mark.slow
@pytest.mark.parametrize("algorithm", [PPO, A2C, DQN])
@pytest.mark.parametrize(
    "options",
    [{"keys": ALL}, {"keys": "side,image", "scale": 10.0}, {"keys": "table,flags"}]
    + [{"keys": key, "only": True} for key in SINGLE]
    + [{"keys": key, "only": True, "scale": 10.0} for key in ("small", "bytes")],
    ids=lambda told: "-".join(map(str, told.values())),
)
def test_a_zip_sees_what_it_saw_in_training(algorithm, options, tmp_path):
    shown = family(**options)
    given = {key: value for key, value in options.items() if key != "scale"}
    kind = "Mlp" if options.get("only") else "MultiInput"
    if options["keys"] == "image" and kind == "Mlp":
        kind = "Cnn"
    env = make_vec_env(MIXED, 1, seed=0, env_kwargs=given)
    model = algorithm(f"{kind}Policy", env, seed=0, device="cpu", **SMALL[algorithm])
    for weights in model.policy.parameters():
        nn.init.kaiming_normal_(weights) if weights.dim() > 1 else nn.init.zeros_(weights)
    path = str(tmp_path / "model.zip")
    model.save(path)
    ours, raw = seen(shown)
    told, _ = model.policy.obs_to_tensor(raw)
    with torch.no_grad():
        if algorithm is DQN:
            expected = nn.functional.one_hot(model.q_net(told).argmax(1), 4).double().numpy()
        else:
            expected = model.policy.get_distribution(told).distribution.probs.double().numpy()
    if algorithm is not DQN:  # whose greedy actions may be alike
        assert np.ptp(expected, axis=0).max() > 1e-5, "they differ, or nothing is tested"
    policies = [loading.load(path, shown, trusted=trust) for trust in ((), (path,))]
    for policy in (*policies, models.policy(model, shown)):
        assert np.allclose(policy.distribution(ours, None)[0], expected, atol=1e-5)


def test_a_zip_with_vectors_for_actions(tmp_path):
    shown = family(keys=ALL, actions="vectors")
    env = make_vec_env(MIXED, 1, seed=0, env_kwargs={"keys": ALL, "actions": "vectors"})
    model = SAC("MultiInputPolicy", env, seed=0, device="cpu", buffer_size=10)
    path = str(tmp_path / "model.zip")
    model.save(path)
    ours, raw = seen(shown)
    expected, _ = model.predict(raw, deterministic=True)
    for trust in ((), (path,)):
        policy = loading.load(path, shown, trusted=trust)
        assert np.allclose(policy.act(ours, None, None)[0], expected, atol=1e-5)


@pytest.mark.skipif(find_spec("sb3_contrib") is None, reason="needs sb3-contrib")
def test_a_zip_with_a_memory(tmp_path):
    from sb3_contrib import RecurrentPPO

    keys = ALL.replace("pair,", "")  # which sb3-contrib cannot take
    shown = family(keys=keys)
    env = make_vec_env(MIXED, 1, seed=0, env_kwargs={"keys": keys})
    model = RecurrentPPO("MultiInputLstmPolicy", env, seed=0, device="cpu", **ON)
    path = str(tmp_path / "model.zip")
    model.save(path)
    ours, _ = seen(shown)
    told = []
    for policy in (loading.load(path, shown), loading.load(path, shown, trusted=[path])):
        memory = policy.start(len(ours))
        for _ in range(3):
            probabilities, memory = policy.distribution(ours, memory)
        told.append(probabilities)
    assert np.allclose(*told, atol=1e-5)
    assert np.ptp(told[0], axis=0).max() > 1e-5


@pytest.mark.parametrize(
    ("trained", "played", "told"),
    [
        ({"keys": "image,side"}, {"keys": "image,flags"}, "of image, side, and here it has flags"),
        ({"keys": "side"}, {"keys": "side", "only": True}, "here are no dictionaries"),
        ({"keys": "bytes", "only": True}, {"keys": "image,bytes"}, "with pictures .image.; name"),
        ({"keys": "small", "only": True}, {"keys": "plane", "only": True}, r"\(3, 7, 7\), and"),
        ({"keys": "bytes", "only": True}, {"keys": "amounts", "only": True}, r"\(6,\), and here"),
    ],
)
def test_other_observations_are_refused(trained, played, told, tmp_path):
    kind = "Mlp" if trained.get("only") else "MultiInput"
    env = make_vec_env(MIXED, 1, env_kwargs=trained)
    model = PPO(f"{kind}Policy", env, device="cpu", **ON)
    path = str(tmp_path / "model.zip")
    model.save(path)
    for trust in ((), (path,)):
        with pytest.raises(RlgenError, match=told) as error:
            loading.load(path, family(**played), trusted=trust)
        assert "\n" not in str(error.value)
    with pytest.raises(ProtocolError, match=told):
        rlgen.evaluate_policy(model, family(**played), [0])


@pytest.mark.slow
def test_statistics_of_entries(tmp_path):
    keys = {"keys": "amounts,bytes,side"}
    made = make_vec_env(MIXED, 2, seed=0, env_kwargs=keys)
    env = VecNormalize(made, norm_obs_keys=["amounts"], clip_obs=1.0)
    model = PPO("MultiInputPolicy", env, seed=0, device="cpu", **ON)
    model.learn(64)
    path, statistics = tmp_path / "model.zip", tmp_path / "statistics.pkl"
    model.save(path)
    env.save(str(statistics))
    source, trusted = f"{path}+{statistics}", [str(statistics)]
    shown = family(**keys)
    ours, raw = seen(shown)
    tensor, _ = model.policy.obs_to_tensor(env.normalize_obs(raw))
    expected = model.policy.get_distribution(tensor).distribution.probs.detach().numpy()
    given = loading.load(source, shown, trusted=trusted).distribution(ours, None)[0]
    assert np.allclose(given, expected, atol=1e-5)
    plain = loading.load(f"{path}+none", shown).distribution(ours, None)[0]
    assert np.abs(plain - expected).max() > 1e-6
    other = PPO("MultiInputPolicy", make_vec_env(MIXED, 1), device="cpu", **ON)
    other.save(tmp_path / "other.zip")
    with pytest.raises(PolicyError, match="statistics of the entry amounts, which is not here"):
        loading.load(f"{tmp_path / 'other.zip'}+{statistics}", family(), trusted=trusted)


def by_side(observations):
    """Plays what the side tells; sees the dictionary."""
    assert observations["image"].shape[1:] == (3, 36, 40)
    return observations["side"]


class BySide(nn.Module):
    """The same as a program."""

    def forward(self, observations: dict[str, torch.Tensor]) -> torch.Tensor:
        return observations["side"] * 50


@pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")
def test_functions_and_programs_are_given_dictionaries(tmp_path):
    path = str(tmp_path / "program.pt")
    torch.jit.script(BySide()).save(path)
    shown = family()
    program = loading.load(path, shown, trusted=[path])
    for policy in (by_side, program, loading.load(f"{__name__}:by_side", shown)):
        table = rlgen.evaluate_policy(policy, shown, [0, 1], episodes=3)
        assert table["ret_mean"].tolist() == [8, 8]
    vectors = family(actions="vectors")
    table = rlgen.evaluate_policy(lambda o: o["side"][:, :2], vectors, [0], episodes=1)
    assert len(table) == 1
