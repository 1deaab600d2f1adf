"""Policies made elsewhere whose actions are vectors of numbers."""

import base64
import json
import pickle
import zipfile

import numpy as np
import pytest
import reach
import stable_baselines3 as sb3
import torch
from gymnasium import spaces
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.vec_env import VecNormalize
from torch import nn

import rlgen
from rlgen.errors import PolicyError, RlgenError
from rlgen.levels import lookup
from rlgen.policies import loading
from rlgen.policies.fitting import check
from rlgen.util.seeding import stream

REACH = "rlgen-test/Reach-v0"
MLP, OTHER = {}, {"net_arch": [16, 8], "activation_fn": nn.ELU}
ON = {"n_steps": 8, "batch_size": 8}
OFF = {"buffer_size": 10}
GSDE = {"use_sde": True}
#: Algorithm, policy, settings, settings of the policy, options of the environment.
MODELS = {
    "ppo": ("PPO", "MlpPolicy", ON, MLP, {}),
    "ppo-other": ("PPO", "MlpPolicy", ON, OTHER, {"actions": "table"}),
    "ppo-cnn": ("PPO", "CnnPolicy", ON, MLP, {"seen": "picture"}),
    "ppo-gsde": ("PPO", "MlpPolicy", ON | GSDE, {"log_std_init": -1.0}, {}),
    "ppo-gsde-squashed": ("PPO", "MlpPolicy", ON | GSDE, {"squash_output": True}, {}),
    "a2c": ("A2C", "MlpPolicy", {}, MLP, {}),
    "trpo": ("TRPO", "MlpPolicy", ON, MLP, {}),
    "sac": ("SAC", "MlpPolicy", OFF, MLP, {"actions": "table"}),
    "sac-other": ("SAC", "MlpPolicy", OFF, OTHER, {}),
    "sac-cnn": ("SAC", "CnnPolicy", OFF, {"net_arch": [8]}, {"seen": "picture"}),
    "sac-gsde": ("SAC", "MlpPolicy", OFF | GSDE, MLP, {}),
    "tqc": ("TQC", "MlpPolicy", OFF, {"net_arch": [16]}, {}),
    "crossq": ("CrossQ", "MlpPolicy", OFF, {"net_arch": [16, 8]}, {}),
    "crossq-plain": ("CrossQ", "MlpPolicy", OFF, {"net_arch": []}, {"actions": "table"}),
    "crossq-gsde": ("CrossQ", "MlpPolicy", OFF | GSDE, MLP, {}),
    "td3": ("TD3", "MlpPolicy", OFF, OTHER, {}),
    "ddpg": ("DDPG", "MlpPolicy", OFF, {"net_arch": [16]}, {"actions": "table"}),
    "ars": ("ARS", "MlpPolicy", {}, MLP, {}),
    "ars-linear": ("ARS", "LinearPolicy", {}, MLP, {}),
}


def made(name):
    """A model, its family, and observations as the family shows them."""
    algorithm, policy, settings, kwargs, options = MODELS[name]
    contrib = algorithm in ("TRPO", "TQC", "CrossQ", "ARS")
    package = pytest.importorskip("sb3_contrib") if contrib else sb3
    env = make_vec_env(REACH, 1, seed=0, env_kwargs=options)
    model = getattr(package, algorithm)(
        policy, env, policy_kwargs=dict(kwargs), seed=0, device="cpu", **settings
    )
    if algorithm == "ARS":
        weights = stream(0, "weights").normal(size=model.n_params)
        model.policy.load_from_vector(torch.from_numpy(weights).float())
    for module in model.policy.modules():
        if hasattr(module, "ra_mean"):  # as after some training
            module.ra_mean += 0.3
            module.ra_var *= 2
    family = lookup.family(REACH).configure(options)
    shape = family.observation_space.shape
    return model, family, stream(0, "seen").random((20, *shape), np.float32)


def theirs(model, observations):
    """As stable-baselines3 takes them."""
    bytes_ = model.observation_space.dtype == np.uint8
    return np.rint(observations * 255).astype(np.uint8) if bytes_ else observations


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_a_zip_plays_as_stable_baselines3_does(name, tmp_path):
    model, family, seen = made(name)
    path = str(tmp_path / "model.zip")
    model.save(path)
    seen = np.rint(seen * 255) / np.float32(255)
    expected, _ = model.predict(theirs(model, seen), deterministic=True)
    assert np.ptp(expected, axis=0).max() > 1e-3, "they differ, or nothing is tested"
    draws = name.split("-")[0] in ("ppo", "a2c", "trpo", "sac", "tqc", "crossq")
    many = np.repeat(seen[:1], 3000, axis=0)
    if "gsde" in name:
        model.policy.reset_noise(len(many))  # else all have the same
    drawn, _ = model.predict(theirs(model, many), deterministic=False)
    for trusted in ((), (path,)):
        policy = loading.load(path, family, trusted=trusted)
        assert policy.stochastic == draws
        greedy, _ = policy.act(seen, policy.start(len(seen)), None)
        assert greedy.dtype == np.float32
        assert np.allclose(greedy, expected, atol=1e-5), trusted
        ours, _ = policy.act(many, None, stream(0, "draws"))
        again, _ = policy.act(many, None, stream(0, "draws"))
        assert np.array_equal(ours, again)
        quantiles = [np.quantile(x, [0.1, 0.3, 0.5, 0.7, 0.9], axis=0) for x in (ours, drawn)]
        spread = np.maximum(drawn.std(axis=0), 1e-5)
        assert (np.abs(quantiles[0] - quantiles[1]) < 0.15 * spread).all(), trusted


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "model.zip"
    made("sac-other")[0].save(path)
    return path


def changed(path, **data):
    """The zip with other settings."""
    other = path.with_name("changed.zip")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(other, "w") as new:
        for name in old.namelist():
            told = old.read(name)
            if name == "data":
                told = json.dumps(json.loads(told) | data)
            new.writestr(name, told)
    return other


def test_a_hostile_zip_does_not_run(tmp_path, model):
    class Bomb:
        def __reduce__(self):
            return (open, (str(tmp_path / "it-ran"), "w"))

    data = json.loads(zipfile.ZipFile(model).read("data"))
    bomb = base64.b64encode(pickle.dumps(Bomb())).decode()
    for value in data.values():
        if isinstance(value, dict) and ":serialized:" in value:
            value[":serialized:"] = bomb
    with pytest.raises(PolicyError, match="its policy_class holds"):
        loading.load(str(changed(model, **data)), lookup.family(REACH))
    assert not (tmp_path / "it-ran").exists()


def test_what_does_not_fit_is_one_line(tmp_path, model):
    reaching, cartpole = lookup.family(REACH), lookup.family("CartPole-v1")
    discrete, crossq = tmp_path / "discrete.zip", tmp_path / "crossq.zip"
    sb3.PPO("MlpPolicy", "CartPole-v1", device="cpu", **ON).save(discrete)
    contrib = pytest.importorskip("sb3_contrib")
    other = contrib.CrossQ("MlpPolicy", REACH, device="cpu", **OFF)
    other.actor.latent_pi[1] = nn.LayerNorm(256)
    other.save(crossq)
    more, added = made("sac-other")[0], tmp_path / "added.zip"
    more.policy.extra = nn.Linear(2, 2)
    more.save(added)
    box = pickle.dumps(spaces.Box(np.float32(reach.LOW), np.float32([1, 1])))
    other = changed(model, action_space={":serialized:": base64.b64encode(box).decode()})
    for source, family, told in [
        (discrete, reaching, r"its actions are Discrete\(2\), and here they are Box"),
        (crossq, reaching, r"its weights are not those of CrossQPolicy.*latent_pi\.1"),
        (added, reaching, r"its weights are not those of SACPolicy.*extra\.weight"),
        (other, reaching, r"other bounds than here: high is 1, 1, here 1, 3"),
        (
            model,
            lookup.family("Pendulum-v1"),
            r"its actions are Box.*\(2,\).*, and here they are Box.*\(1,\)",
        ),
        (model, cartpole, r"its actions are Box.*, and here they are discrete"),
        (model, reaching.configure({"seen": "picture"}), "observations of shape"),
    ]:
        with pytest.raises(PolicyError, match=told) as error:
            loading.load(str(source), family)
        assert "\n" not in str(error.value)
    with pytest.raises(RlgenError, match="its actions are"):
        loading.load(str(model), lookup.family("Pendulum-v1"), trusted=[str(model)])
    with pytest.raises(PolicyError, match="its action_space holds dict"):
        loading.load(str(changed(model, action_space={})), reaching)


def test_statistics_of_training_are_applied(tmp_path):
    env = VecNormalize(make_vec_env(REACH, 2, seed=0), clip_obs=2.0)
    model = sb3.PPO("MlpPolicy", env, seed=0, device="cpu", n_epochs=1, **ON)
    model.learn(64)
    path, statistics = tmp_path / "model.zip", tmp_path / "vecnormalize.pkl"
    model.save(path)
    env.save(str(statistics))
    seen = stream(0, "seen").normal(0, 3, (50, 4)).astype(np.float32)
    expected, _ = model.predict(env.normalize_obs(seen).astype(np.float32), deterministic=True)
    for trusted in ([statistics], [statistics, path]):
        policy = loading.load(
            f"{path}+{statistics}", lookup.family(REACH), trusted=[str(file) for file in trusted]
        )
        assert policy.stochastic
        assert np.allclose(policy.act(seen, None, None)[0], expected, atol=1e-5)


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_programs_and_functions_give_actions(tmp_path, monkeypatch):
    family = lookup.family(REACH)
    torch.manual_seed(0)
    network, path = nn.Sequential(nn.Linear(4, 2), nn.Tanh()), tmp_path / "policy.pt"
    torch.jit.trace(network, (torch.zeros(2, 4),)).save(path)
    (tmp_path / "my_actions.py").write_text(
        "import numpy as np\n"
        "from rlgen.policies.functions import FunctionPolicy\n"
        "def act(seen):\n    return np.tanh(seen[:, 2:] - seen[:, :2])\n"
        "def wrong(seen):\n    return np.zeros((len(seen), 3))\n"
        "PROBABILITIES = FunctionPolicy(act, 2)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    seen = stream(0, "seen").random((5, 4), np.float32)
    with torch.no_grad():
        expected = network(torch.from_numpy(seen)).numpy()
    with pytest.raises(PolicyError, match="is a program"):
        loading.load(str(path), family)
    policy = loading.load(str(path), family, trusted=[str(path)])
    assert np.allclose(policy.act(seen, None, None)[0], expected)
    policy = loading.load("my_actions:act", family)
    assert np.allclose(policy.act(seen, None, None)[0], np.tanh(seen[:, 2:] - seen[:, :2]))
    with pytest.raises(RlgenError, match=r"actions must have shape \(2, 2\)"):
        check(loading.load("my_actions:wrong", family), family, family.generate([0]), "wrong")
    policy = loading.load("my_actions:PROBABILITIES", family)
    with pytest.raises(PolicyError, match=r"its actions are discrete; those of .* are continuous"):
        check(policy, family, family.generate([0]), "my_actions:PROBABILITIES")


def test_a_greedy_policy_on_a_level_that_does_the_same_twice(tmp_path):
    path = tmp_path / "model.zip"
    sb3.TD3("MlpPolicy", REACH, device="cpu", seed=0, **OFF).save(path)
    family = lookup.family(REACH)
    policy = loading.load(str(path), family)
    rows = rlgen.evaluate_policy(
        policy, family, [0, 1], ["plain", "sticky_executed:0.5", "epsilon:0.5"], episodes=5
    )
    known = rows.groupby("condition")["ret_var"].max()
    assert known["plain"] < 1e-9, "nothing but rounding, which depends on how many play at once"
    assert known["sticky_executed:0.5"] > 1e-6
    assert known["epsilon:0.5"] > 1e-6


def test_the_reach_environment_can_be_solved():
    """By going straight to where it says."""
    family = lookup.family(REACH)
    table = rlgen.evaluate_policy(
        lambda seen: (seen[:, 2:] - seen[:, :2]) / 0.3, family, range(5), episodes=1
    )
    assert (table["p_solved"] == 1).all()
    assert reach.Reach().action_space.dtype == np.float64
