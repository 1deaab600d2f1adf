"""Statistics of VecNormalize where people and the field's tools put them."""

import json
import zipfile

import pytest
import stable_baselines3 as sb3
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.vec_env import VecNormalize

from rlgen.errors import PolicyError
from rlgen.policies.sb3.beside import with_statistics

#: The beginning of such a file, and of a replay buffer.
VEC = b"\x80\x04\x95\x8b\x03\x8c.stable_baselines3.common.vec_env.vec_normalize\x8c\x0cVecNormalize"
BUFFER = b"\x80\x04\x95\x8b\x03\x8c stable_baselines3.common.buffers\x8c\x0cReplayBuffer"
ZOO = """!!python/object/apply:collections.OrderedDict
- - - n_timesteps
    - 1000.0
  - - normalize
    - {}
"""


def layout(folder, *names, steps=256, **contents):
    """Make files: zips of so many steps, statistics, or what is given."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".zip":
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr("data", json.dumps({"num_timesteps": steps}))
        elif path.suffix == ".yml":
            path.write_text(contents["config"])
        else:
            path.write_bytes(BUFFER if "buffer" in name else VEC)


@pytest.mark.parametrize(
    ("model", "others", "statistics"),
    [
        # Beside it, under any spelling.
        ("model.zip", ["vecnormalize.pkl"], "vecnormalize.pkl"),
        ("model.zip", ["vec_normalize.pkl"], "vec_normalize.pkl"),
        ("model.zip", ["VecNormalize.pkl"], "VecNormalize.pkl"),
        ("model.zip", ["vec-normalise.pickle"], "vec-normalise.pickle"),
        ("model.zip", ["env_stats.pkl"], "env_stats.pkl"),
        ("best_model.zip", ["vecnormalize.pkl", "final.zip"], "vecnormalize.pkl"),
        # With the zip's name.
        ("model.zip", ["model_vecnormalize.pkl", "vecnormalize.pkl"], "model_vecnormalize.pkl"),
        ("best_model.zip", ["best_model_vecnormalize.pkl"], "best_model_vecnormalize.pkl"),
        ("best_model.zip", ["vecnormalize_best_model.pkl", "vecnormalize.pkl"],
         "vecnormalize_best_model.pkl"),
        ("b.zip", ["a.zip", "a_vecnormalize.pkl", "vecnormalize.pkl"], "vecnormalize.pkl"),
        # With the zip's steps, in its name or in it: CheckpointCallback.
        ("rl_model_512_steps.zip",
         ["rl_model_512_steps.zip", "rl_model_1024_steps.zip",
          "rl_model_vecnormalize_512_steps.pkl", "rl_model_vecnormalize_1024_steps.pkl",
          "rl_model_replay_buffer_512_steps.pkl"],
         "rl_model_vecnormalize_512_steps.pkl"),
        ("final.zip",
         ["rl_model_vecnormalize_256_steps.pkl", "rl_model_vecnormalize_128_steps.pkl"],
         "rl_model_vecnormalize_256_steps.pkl"),
        # rl-baselines3-zoo, and what the Hub has of it.
        ("best_model.zip", ["CartPole-v1.zip", "CartPole-v1/vecnormalize.pkl"],
         "CartPole-v1/vecnormalize.pkl"),
        ("ppo-CartPole-v1.zip", ["vec_normalize.pkl", "replay_buffer.pkl"], "vec_normalize.pkl"),
        # None.
        ("model.zip", [], None),
        ("model.zip", ["replay_buffer.pkl", "other.zip"], None),
        ("model.zip", ["run2/model.zip", "run2/vecnormalize.pkl"], None),
    ],
)  # fmt: skip
def test_statistics_are_found(tmp_path, model, others, statistics):
    layout(tmp_path, "run/" + model, *(f"run/{name}" for name in others))
    path = tmp_path / "run" / model
    expected = f"{path}+{tmp_path / 'run' / statistics}" if statistics else str(path)
    assert with_statistics(str(path)) == expected
    for named in (f"{path}+none", f"{path}+other.pkl"):
        assert with_statistics(named) == named


@pytest.mark.parametrize("name", ["run/model.zip", "latest.zip", "links/latest.zip"])
def test_statistics_of_a_link_are_found_beside_its_file(tmp_path, name):
    own = "run/model_vecnormalize.pkl"
    layout(tmp_path, "run/model.zip", "run/other.zip", "run/other_vecnormalize.pkl", own)
    path = tmp_path / name
    if name != "run/model.zip":
        path.parent.mkdir(exist_ok=True)
        path.symlink_to(tmp_path / "run" / "model.zip")
    assert with_statistics(str(path)) == f"{path}+{tmp_path / own}"
    assert with_statistics(f"{path}+none") == f"{path}+none"


def test_statistics_beside_a_link_are_found(tmp_path):
    """So does the cache of the Hugging Face Hub keep them."""
    layout(tmp_path, "blobs/0f3a.zip", "snapshot/vec_normalize.pkl")
    link = tmp_path / "snapshot/model.zip"
    link.symlink_to(tmp_path / "blobs/0f3a.zip")
    assert with_statistics(str(link)) == f"{link}+{tmp_path / 'snapshot/vec_normalize.pkl'}"


@pytest.mark.parametrize(
    ("model", "others"),
    [
        ("model.zip", ["vecnormalize.pkl", "vec_normalize.pkl"]),
        ("model.zip", ["model_vecnormalize.pkl", "rl_model_vecnormalize_256_steps.pkl"]),
        ("rl_model_512_steps.zip", ["rl_model_vecnormalize_1024_steps.pkl"]),
        ("b.zip", ["a.zip", "a_vecnormalize.pkl"]),
        ("model.zip", ["Ant-v4/vecnormalize.pkl", "CartPole-v1/vecnormalize.pkl"]),
        ("model.zip", ["../vecnormalize.pkl"]),
    ],
)
def test_where_several_could_be_meant_it_asks(tmp_path, model, others):
    layout(tmp_path, "run/" + model, *(f"run/{name}" for name in others))
    path = tmp_path / "run" / model
    with pytest.raises(PolicyError, match=rf"may hold its statistics.*{path}\+none") as error:
        with_statistics(str(path))
    for name in others:
        if name.endswith(".pkl"):
            assert name.removeprefix("../") in str(error.value)


@pytest.mark.parametrize("place", ["run/config.yml", "run/CartPole-v1/config.yml"])
@pytest.mark.parametrize(
    ("value", "normalised"),
    [
        ("true", True),
        ("\"{'norm_obs': True, 'norm_reward': False}\"", True),
        ("\"{'norm_obs': False, 'norm_reward': True}\"", False),
        ("false", False),
    ],
)
def test_a_run_of_the_zoo_says_that_it_was_normalised(tmp_path, place, value, normalised):
    layout(tmp_path, "run/best_model.zip", place, config=ZOO.format(value))
    path = str(tmp_path / "run" / "best_model.zip")
    if not normalised:
        assert with_statistics(path) == path
        return
    with pytest.raises(PolicyError, match=r"config\.yml says, .*\+FILE\.pkl, or .*\+none"):
        with_statistics(path)


def with_settings(path, **data):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("data", json.dumps({"num_timesteps": 256} | data))
    return str(path)


@pytest.mark.parametrize(
    "data", [{"_vec_normalize_env": {":type:": "x"}}, {"_last_original_obs": {":type:": "x"}}]
)
def test_a_zip_that_was_normalised_says_so_itself(tmp_path, data):
    path = with_settings(tmp_path / "model.zip", **data)
    with pytest.raises(PolicyError, match=r"with VecNormalize, as it says itself, .*\+none"):
        with_statistics(path)


@pytest.mark.parametrize("kind", ["ppo", "a2c", "dqn", "trpo", "ars"])
@pytest.mark.parametrize("normalised", [True, False])
def test_what_stable_baselines3_saves_says_whether_it_was_normalised(tmp_path, kind, normalised):
    package = sb3 if hasattr(sb3, kind.upper()) else pytest.importorskip("sb3_contrib")
    env = make_vec_env("CartPole-v1", 1, seed=0)
    env = VecNormalize(env) if normalised else env
    settings = {
        "ppo": {"n_steps": 16, "batch_size": 16, "n_epochs": 1},
        "trpo": {"n_steps": 16, "batch_size": 16},
        "dqn": {"learning_starts": 8, "buffer_size": 20},
        "ars": {"n_delta": 1, "n_eval_episodes": 1},
    }
    model = getattr(package, kind.upper())(
        "MlpPolicy", env, seed=0, device="cpu", **settings.get(kind, {})
    )
    model.learn(16)
    (tmp_path / "run").mkdir()
    path = str(tmp_path / "run" / "model.zip")
    model.save(path)
    layout(tmp_path, "vecnormalize.pkl")  # one folder up: whose are they?
    if kind != "dqn" and not normalised:
        assert with_statistics(path) == path
        return
    with pytest.raises(PolicyError, match="may hold its statistics"):
        with_statistics(path)
    (tmp_path / "vecnormalize.pkl").unlink()
    if kind == "dqn":  # off-policy algorithms do not say
        assert with_statistics(path) == path
        return
    with pytest.raises(PolicyError, match="as it says itself"):
        with_statistics(path)


def test_a_zip_that_says_it_was_not_normalised_beside_statistics_of_its_name(tmp_path):
    path = with_settings(tmp_path / "model.zip", _last_original_obs=None)
    layout(tmp_path, "vecnormalize.pkl")
    assert with_statistics(path) == path
    layout(tmp_path, "model_vecnormalize.pkl")
    with pytest.raises(PolicyError, match=r"model_vecnormalize\.pkl may hold its statistics"):
        with_statistics(path)


def test_what_is_no_zip_has_none(tmp_path):
    layout(tmp_path, "vecnormalize.pkl")
    for source in ("module:name", str(tmp_path), str(tmp_path / "absent.zip")):
        assert with_statistics(source) == source
