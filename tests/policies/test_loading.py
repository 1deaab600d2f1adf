"""Policies from files that rlgen did not write, and what such a file may not do."""

import base64
import io
import json
import pickle
import zipfile

import gymnasium as gym
import numpy as np
import pictures as registers_pictures  # noqa: F401
import pytest
import torch
from stable_baselines3 import A2C, DQN, PPO, SAC
from torch import nn

from rlgen import api
from rlgen.errors import PolicyError, RlgenError
from rlgen.levels import lookup
from rlgen.policies import loading
from rlgen.policies.fitting import check
from rlgen.util.seeding import stream

CARTPOLE = "CartPole-v1"
SMALL = {
    PPO: {"n_steps": 8, "batch_size": 8},
    A2C: {},
    DQN: {"learning_starts": 1, "buffer_size": 10},
}


def seen(env_id, n=20):
    """Observations as our families show them, and as stable-baselines3's policies expect them."""
    family = lookup.family(env_id)
    env = family.env(family.generate(range(n)))
    ours = np.stack([env.reset(options={"level": i})[0] for i in range(n)])
    raw = np.stack([gym.make(env_id).reset(seed=i)[0] for i in range(n)])
    return ours, raw


@pytest.fixture
def cartpole():
    return lookup.family(CARTPOLE)


@pytest.mark.slow
@pytest.mark.parametrize("algorithm", [PPO, A2C, DQN])
@pytest.mark.parametrize(
    ("policy", "env_id", "kwargs"),
    [
        ("MlpPolicy", CARTPOLE, {}),
        ("MlpPolicy", CARTPOLE, {"net_arch": [16, 8], "activation_fn": nn.ELU}),
        ("CnnPolicy", "rlgen-test/Pictures-v0", {}),
    ],
)
def test_a_zip_plays_as_stable_baselines3_does(tmp_path, algorithm, policy, env_id, kwargs):
    model = algorithm(
        policy, env_id, policy_kwargs=kwargs, seed=0, device="cpu", **SMALL[algorithm]
    )
    model.learn(16)
    path = tmp_path / "model.zip"
    model.save(path)
    family = lookup.family(env_id)
    ours, raw = seen(env_id)
    told, _ = model.policy.obs_to_tensor(raw)
    with torch.no_grad():
        if algorithm is DQN:
            chosen = model.policy.q_net(told).argmax(1)
            expected = nn.functional.one_hot(chosen, int(family.action_space.n)).double()
        else:
            expected = model.policy.get_distribution(told).distribution.probs.double()
    for trust in (False, True):
        loaded = loading.load(str(path), family, trusted=[str(path)] * trust)
        assert loaded.stochastic == (algorithm is not DQN)
        assert np.allclose(loaded.distribution(ours, None)[0], expected.numpy(), atol=1e-5), trust


class Bomb:
    """Writes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


@pytest.fixture
def model(tmp_path):
    model = PPO("MlpPolicy", CARTPOLE, n_steps=8, batch_size=8, device="cpu")
    path = tmp_path / "model.zip"
    model.save(path)
    return path


def rewritten(path, **parts):
    """The zip with other members."""
    with zipfile.ZipFile(path) as archive:
        content_ = {name: archive.read(name) for name in archive.namelist()}
    hostile = path.with_name("hostile.zip")
    with zipfile.ZipFile(hostile, "w") as archive:
        for name, told in (content_ | parts).items():
            archive.writestr(name, told)
    return hostile


def test_a_hostile_zip_does_not_run(tmp_path, model, cartpole):
    marker = tmp_path / "it-ran"
    bomb = base64.b64encode(pickle.dumps(Bomb(marker))).decode()
    data = json.loads(zipfile.ZipFile(model).read("data"))
    for key in ("policy_class", "policy_kwargs", "observation_space", "action_space"):
        hostile = data | {key: {":type:": "x", ":serialized:": bomb}}
        with pytest.raises(PolicyError, match=rf"its {key} holds (io|_io)\.open, .*--trust"):
            loading.load(str(rewritten(model, data=json.dumps(hostile))), cartpole)
    data["lr_schedule"] = {":type:": "x", ":serialized:": bomb}
    loaded = loading.load(str(rewritten(model, data=json.dumps(data))), cartpole)
    assert loaded.distribution(seen(CARTPOLE)[0], None)[0].shape == (20, 2), (
        "what is safe still plays"
    )
    buffer = io.BytesIO()
    torch.save({"action_net.weight": Bomb(marker)}, buffer)
    for name in ("policy.pth", "pytorch_variables.pth"):
        path = rewritten(model, **{name: buffer.getvalue(), "data": json.dumps(data)})
        if name == "policy.pth":
            with pytest.raises(PolicyError, match="weights cannot be read") as error:
                loading.load(str(path), cartpole)
            assert "\n" not in str(error.value)
        else:
            loading.load(str(path), cartpole)
    assert not marker.exists()
    pickle.loads(base64.b64decode(bomb)).close()
    assert marker.exists(), "the bomb is real"


def test_what_only_a_pickle_says_names_the_way_to_trust_it(tmp_path, cartpole):
    class Strange(nn.Module):
        def forward(self, x):
            return x * 2

    path = tmp_path / "strange.zip"
    PPO(
        "MlpPolicy",
        CARTPOLE,
        n_steps=8,
        batch_size=8,
        device="cpu",
        policy_kwargs={"activation_fn": Strange},
    ).save(path)
    with pytest.raises(PolicyError, match=rf"activation_fn = \S+\.Strange, .*--trust {path}"):
        loading.load(str(path), cartpole)


def test_wrong_files_are_one_line(tmp_path, model, cartpole):
    corrupt = tmp_path / "corrupt.zip"
    corrupt.write_bytes(model.read_bytes()[:2000])
    text = tmp_path / "notes.txt"
    text.write_text("no policy")
    pictures, continuous = tmp_path / "pictures.zip", tmp_path / "continuous.zip"
    PPO("CnnPolicy", "rlgen-test/Pictures-v0", n_steps=8, batch_size=8, device="cpu").save(pictures)
    PPO("MlpPolicy", "Pendulum-v1", n_steps=8, batch_size=8, device="cpu").save(continuous)
    sac = tmp_path / "sac.zip"
    SAC("MlpPolicy", "Pendulum-v1", device="cpu", buffer_size=10).save(sac)
    for source, told in [
        (corrupt, "neither a run's folder"),
        (text, "neither a run's folder"),
        (rewritten(model, data="{"), "cannot be read"),
        (tmp_path / "missing.zip", "no such file"),
        ("no_such_module:act", "no_such_module"),
        ("json:no_such", "no_such"),
        (pictures, r"observations of shape \(3, 36, 36\), and here they have \(4,\)"),
        (continuous, r"its actions are Box.* discrete"),
        (sac, r"its actions are Box.* discrete"),
        (tmp_path, "agent.json: cannot be read"),
    ]:
        with pytest.raises((PolicyError, Exception), match=told) as error:
            loading.load(str(source), cartpole)
        assert "\n" not in str(error.value)
        assert type(error.value).__module__.startswith("rlgen"), error.value


def test_the_wrong_number_of_actions_is_refused(model):
    family = lookup.family("Acrobot-v1")
    with pytest.raises(PolicyError, match="observations of shape"):
        loading.load(str(model), family)


def program(path):
    """A network as a file that torch runs."""
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2))
    example = (torch.zeros(2, 4),)
    if path.suffix == ".pt2":
        batch = {0: torch.export.Dim("batch", min=1)}
        torch.export.save(torch.export.export(module, example, dynamic_shapes=(batch,)), path)
    else:
        torch.jit.trace(module, example).save(path)
    return module


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")  # people have such files
@pytest.mark.parametrize("name", ["policy.pt", "policy.pt2"])
def test_programs_run_when_they_are_trusted(tmp_path, cartpole, name):
    path = tmp_path / name
    module = program(path)
    with pytest.raises(PolicyError, match=rf"--trust {path}"):
        loading.load(str(path), cartpole)
    loaded = loading.load(str(path), cartpole, trusted=[str(path)])
    ours, _ = seen(CARTPOLE)
    with torch.no_grad():
        expected = module(torch.from_numpy(ours)).double().softmax(1).numpy()
    assert np.allclose(loaded.distribution(ours, None)[0], expected, atol=1e-6)


def test_a_function_by_its_name(cartpole, monkeypatch, tmp_path):
    (tmp_path / "my_policy_module.py").write_text(
        "import numpy as np\n"
        "def act(seen):\n    return np.tile([0.25, 0.75], (len(seen), 1))\n"
        "def wrong(seen):\n    return np.ones((len(seen), 3)) / 3\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    loaded = loading.load("my_policy_module:act", cartpole)
    rng = stream(0, "observations")
    assert (loaded.distribution(rng.random((5, 4)), None)[0][:, 1] == 0.75).all()
    policy = loading.load("my_policy_module:wrong", cartpole)
    with pytest.raises(Exception, match=r"shape \(2, 3\)"):
        check(policy, cartpole, cartpole.generate([0]), "wrong")


@pytest.fixture
def asked(model):
    return {
        "name": "elsewhere",
        "family": CARTPOLE,
        "family_options": {"time_limit": 50, "worst": 0.0, "best": 50.0},
        "train_levels": "0:4",
        "test_levels": "100:106",
        "agent": "my-ppo",
        "policy": [str(model)],
        "conditions": ["plain", "greedy"],
        "episodes": 2,
    }


@pytest.mark.slow
def test_a_policy_made_elsewhere_gets_the_same_report(tmp_path, asked, model):
    second = tmp_path / "second.zip"
    PPO("MlpPolicy", CARTPOLE, n_steps=8, batch_size=8, device="cpu", seed=7).save(second)
    asked["policy"] = [str(model), str(second)]
    store = tmp_path / "store"
    result = api.evaluate(asked, store, jobs=1)
    assert not result.failed
    (cell,) = result.summary["cells"]
    assert (cell["agent"], cell["n_train_levels"], cell["runs"]) == ("my-ppo", 4, 2)
    assert cell["gap"]["low"] is not None
    rows = api.load(store)
    assert set(rows["checkpoint"]) == {0}
    assert "my-ppo" in result.report.read_text()
    run = next((store / "runs").iterdir())
    assert not list(run.glob("*.safetensors")), "what others made is not copied"
    assert len(json.loads((run / "agent.json").read_text())["made_elsewhere"]["sha256"]) == 64
    more = api.evaluate(asked | {"conditions": ["plain", "greedy", "frame_skip:2"]}, store, jobs=1)
    assert len(more.computed) == 2
    assert set(api.load(store)["condition"]) == {"plain", "greedy", "frame_skip:2"}


@pytest.mark.slow
def test_policies_are_refused_before_anything_is_computed(tmp_path, asked):
    script = tmp_path / "policy.pt2"
    program(script)
    for keys, told in [
        ({"policy": ["missing.zip"]}, "policy = 'missing.zip': there is no such file"),
        ({"policy": [str(script)]}, "--trust"),
        ({"family": "Acrobot-v1", "family_options": {}}, "observations of shape"),
        ({"seeds": [4]}, "numbered from 0"),
        ({"agent": ["a", "b"]}, "does not say of which agent it is, of a, b"),
    ]:
        with pytest.raises(RlgenError, match=told):
            api.evaluate(asked | keys, tmp_path / "store", jobs=1)
        assert not (tmp_path / "store").exists()
    with pytest.raises(RlgenError, match="trust = 'other'"):
        api.evaluate(asked, tmp_path / "store", jobs=1, trust=["other"])
    trusted = asked | {"policy": [str(script)]}
    result = api.evaluate(trusted, tmp_path / "store", jobs=1, trust=[str(script)])
    assert not result.failed


@pytest.mark.slow
def test_a_run_of_ours_is_a_policy(tmp_path, asked, cartpole, undrawn):
    study = {key: value for key, value in asked.items() if key not in ("policy", "agent")}
    study |= {"network": "mlp-64-64", "seeds": [0], "steps": 200, "curve_points": 1}
    study |= {"agent_options": {"n_envs": 4, "batch_size": 32}}
    trained = api.evaluate(study, tmp_path / "trained", jobs=1)
    (run,) = (trained.store / "runs").iterdir()
    told = api.evaluate(asked | {"policy": [str(run)]}, tmp_path / "again", jobs=1)
    assert not told.failed
    one, other = (
        loading.load(str(run), cartpole).distribution(seen(CARTPOLE)[0], None)[0] for _ in range(2)
    )
    assert np.array_equal(one, other)
