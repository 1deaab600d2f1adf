"""Zips of models that were trained on normalised observations."""

import pickle

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces
from stable_baselines3 import PPO
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.vec_env import VecNormalize

from rlgen import api
from rlgen.errors import PolicyError, RlgenError
from rlgen.levels import lookup
from rlgen.policies import loading, sources
from rlgen.util.seeding import stream

pytestmark = pytest.mark.usefixtures("undrawn")

CARTPOLE = "CartPole-v1"


@pytest.fixture
def trained(tmp_path):
    """A model, its zip and its statistics, as people save them."""
    env = VecNormalize(make_vec_env(CARTPOLE, 2, seed=0), clip_obs=2.0)
    model = PPO("MlpPolicy", env, n_steps=64, batch_size=64, n_epochs=1, seed=0, device="cpu")
    model.learn(256)
    path, statistics = tmp_path / "model.zip", tmp_path / "model_vecnormalize_256_steps.pkl"
    model.save(path)
    env.save(str(statistics))
    return model, env, path, statistics


@pytest.mark.parametrize("trust_the_zip", [False, True])
def test_it_plays_as_it_was_trained(trained, trust_the_zip):
    model, env, path, statistics = trained
    seen = stream(0, "observations").normal(0, 0.5, (50, 4)).astype(np.float32)
    before = pickle.dumps(env.obs_rms)
    policy = loading.load(
        f"{path}+{statistics}",
        lookup.family(CARTPOLE),
        trusted=[str(statistics), *[str(path)] * trust_the_zip],
    )
    shown = env.normalize_obs(seen)
    assert (np.abs(shown) == 2).any(), "some are clipped"
    tensor = model.policy.obs_to_tensor(shown.astype(np.float32))[0]
    expected = model.policy.get_distribution(tensor).distribution.probs.detach().numpy()
    assert np.allclose(policy.distribution(seen, None)[0], expected, atol=1e-5)
    raw = loading.load(f"{path}+none", lookup.family(CARTPOLE)).distribution(seen, None)[0]
    assert np.abs(raw - expected).max() > 1e-3
    assert pickle.dumps(env.obs_rms) == before


def test_hostile_statistics_do_not_run(trained, tmp_path):
    _, _, path, _ = trained
    family = lookup.family(CARTPOLE)

    class Hostile:
        def __reduce__(self):
            return (open, (str(tmp_path / "it-ran"), "w"))

    hostile = tmp_path / "hostile.pkl"
    hostile.write_bytes(pickle.dumps(Hostile()))
    for trusted in ([], [str(path), str(hostile)]):
        with pytest.raises(PolicyError, match=r"holds _?io\.open, not a VecNormalize"):
            loading.load(f"{path}+{hostile}", family, trusted=trusted)
    assert not (tmp_path / "it-ran").exists()


def test_what_is_no_statistics_of_these_observations(trained, tmp_path):
    _, _, path, statistics = trained
    other = tmp_path / "other.pkl"
    for content_, told in [
        (b"nothing", "a damaged pickle"),
        (pickle.dumps([1]), "holds list"),
    ]:
        other.write_bytes(content_)
        with pytest.raises(PolicyError, match=told):
            loading.load(f"{path}+{other}", lookup.family(CARTPOLE), trusted=[str(other)])
    VecNormalize(make_vec_env("Acrobot-v1", 1)).save(str(other))
    with pytest.raises(PolicyError, match="statistics of other observations"):
        loading.load(f"{path}+{other}", lookup.family(CARTPOLE), trusted=[str(other)])
    with pytest.raises(PolicyError, match="only a stable-baselines3 zip has statistics"):
        loading.load(f"module:name+{statistics}", lookup.family(CARTPOLE))


class Table(gym.Env):
    """Observations of two axes, as numbers or as bytes."""

    metadata = {"render_modes": ["rgb_array"]}  # noqa: RUF012

    def __init__(self, dtype="float32", render_mode=None):
        self.render_mode = render_mode
        high = 255 if dtype == "uint8" else np.inf
        self.observation_space = spaces.Box(0, high, (3, 4), np.dtype(dtype).type)
        self.action_space = spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.t = 0
        return self._seen(), {}

    def _seen(self):
        return self.np_random.uniform(0, 200, (3, 4)).astype(self.observation_space.dtype)

    def step(self, action):
        self.t += 1
        return self._seen(), float(action), self.t > 9, False, {}


gym.register("rlgen-test/Table-v0", Table)


@pytest.mark.parametrize("dtype", ["float32", "uint8"])
def test_tables_of_numbers(tmp_path, dtype):
    env = VecNormalize(make_vec_env("rlgen-test/Table-v0", 2, env_kwargs={"dtype": dtype}))
    model = PPO("MlpPolicy", env, n_steps=8, batch_size=8, n_epochs=1, seed=0, device="cpu")
    model.learn(64)
    path, statistics = tmp_path / "model.zip", tmp_path / "statistics.pkl"
    model.save(path)
    env.save(str(statistics))
    family = lookup.family("rlgen-test/Table-v0").configure({"dtype": dtype})
    source, trusted = f"{path}+{statistics}", [str(statistics)]
    if dtype == "uint8":
        with pytest.raises(PolicyError, match="not scaled as these are"):
            loading.load(source, family, trusted=trusted)
        return
    seen = stream(0, "observations").uniform(0, 200, (9, 3, 4)).astype(np.float32)
    tensor = model.policy.obs_to_tensor(env.normalize_obs(seen).astype(np.float32))[0]
    expected = model.policy.get_distribution(tensor).distribution.probs.detach().numpy()
    given = loading.load(source, family, trusted=trusted).distribution(seen[:, None], None)[0]
    assert np.allclose(given, expected, atol=1e-5)


@pytest.mark.slow
def test_a_study_of_it(trained, tmp_path):
    _, _, path, statistics = trained
    study = {
        "name": "normalised",
        "family": CARTPOLE,
        "family_options": {"time_limit": 30, "worst": 0.0, "best": 30.0},
        "train_levels": "0:3",
        "test_levels": "100:103",
        "policy": [f"{path}+{statistics}"],
        "episodes": 2,
    }
    with pytest.raises(RlgenError, match="is no policy of this study"):
        api.evaluate(study, tmp_path / "store", jobs=1, trust=[str(path), "else.pkl"])
    without = study | {"policy": [f"{path}+none"]}
    with pytest.raises(RlgenError, match="trust = 'none': is no policy of this study"):
        api.evaluate(without, tmp_path / "store", jobs=1, trust=["none"])
    assert len(api.evaluate(study, tmp_path / "store", jobs=1).computed) == 1
    found = api.evaluate(study | {"policy": [str(path)]}, tmp_path / "store", jobs=1)
    assert not found.computed, "the statistics are found, and it is the same cell"
    assert found.already
    assert sources.policy_hash(f"{path}+{statistics}") != sources.policy_hash(str(path))
    assert sources.policy_hash(f"{path}+none") == sources.policy_hash(str(path))
    with pytest.raises(RlgenError, match=r"there is no file .*absent\.pkl"):
        api.evaluate(study | {"policy": [f"{path}+absent.pkl"]}, tmp_path / "store", jobs=1)
