"""What a policy was trained on is written beside it, and reports say it."""

import json
import shutil

import gymnasium as gym
import pytest
from commands import rlgen as command
from lanes import Lanes
from stable_baselines3 import A2C, DQN, PPO
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.vec_env import SubprocVecEnv, VecNormalize

import rlgen
from rlgen.errors import LevelError, PolicyError, RlgenWarning
from rlgen.protocol import trained_on
from rlgen.protocol.policy_names import agents_of, policy_texts, with_agent, written

pytestmark = pytest.mark.usefixtures("undrawn")

FEW = {"n_steps": 64, "device": "cpu"}
KEYS = {"family": "lanes:Lanes", "episodes": 2, "test_levels": "1000:1008"}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Two agents of a user's own script, with two seeds each, and what is written beside them."""
    folder = tmp_path_factory.mktemp("trained")
    for name, algorithm in {"ppo": PPO, "a2c": A2C}.items():
        for seed in range(2):
            env = rlgen.LevelEnv(Lanes, levels=range(20))
            model = algorithm("MlpPolicy", env, seed=seed, **FEW).learn(64)
            model.save(folder / f"{name}-{seed}.zip")
            rlgen.save_levels(model, folder / f"{name}-{seed}")
    return folder


@pytest.fixture
def here(trained, tmp_path, monkeypatch):
    for path in trained.iterdir():
        shutil.copy(path, tmp_path / path.name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_file_beside_says_what_was_played(here):
    said = json.loads((here / "ppo-0.levels.json").read_text())
    assert (said["levels"], said["environment_class"]) == ("0:20", "lanes:Lanes")
    assert 1 < said["played"] <= said["episodes"] <= 10
    assert trained_on.read("ppo-0.zip+none").levels == "0:20"


@pytest.mark.parametrize("kind", [None, pytest.param(SubprocVecEnv, marks=pytest.mark.slow)])
def test_environments_that_a_library_makes(kind, tmp_path):
    levels = {"levels": [7, 8, 9]}
    env = make_vec_env(
        Lanes, 2, seed=0, wrapper_class=rlgen.LevelEnv, wrapper_kwargs=levels, vec_env_cls=kind
    )
    env = VecNormalize(env)
    env.reset()
    (tmp_path / "model.zip").write_bytes(b"weights")
    said = json.loads(rlgen.save_levels(env, tmp_path / "model.zip").read_text())
    env.close()
    assert (said["levels"], said["episodes"]) == ("7:10", 2)


def test_vectors_of_gymnasium_and_their_parts(tmp_path):
    (tmp_path / "agent.pt").write_bytes(b"weights")
    parts = [lambda i=i: rlgen.LevelEnv("CartPole-v1", [i, i + 1]) for i in (0, 1)]
    said = json.loads(
        rlgen.save_levels(gym.vector.SyncVectorEnv(parts), tmp_path / "agent.pt").read_text()
    )
    assert (said["levels"], said["environment"]) == ("0:3", "CartPole-v1")
    mixed = gym.vector.SyncVectorEnv(
        [parts[0], lambda: rlgen.LevelEnv("rlgen_envs:rlgen/CartPole-v0", [1])]
    )
    with pytest.raises(
        LevelError, match="CartPole-v1 and rlgen/CartPole-v0: one policy, one family"
    ):
        rlgen.save_levels(mixed, tmp_path / "agent.pt")


def test_nothing_is_written_of_what_nobody_knows(tmp_path):
    with pytest.raises(LevelError, match="save the policy first"):
        rlgen.save_levels(rlgen.LevelEnv(Lanes, [1]), tmp_path / "model")
    (tmp_path / "model.zip").write_bytes(b"weights")
    for env in (Lanes(), gym.make_vec("CartPole-v1", 2), make_vec_env(Lanes, 2), None):
        with pytest.raises(LevelError, match="has no LevelEnv"):
            rlgen.save_levels(env, tmp_path / "model.zip")
    assert [path.name for path in tmp_path.iterdir()] == ["model.zip"]


@pytest.mark.slow
def test_two_agents_of_a_script_are_compared_on_one_page(here):
    policies = {name: [f"{name}-0.zip", f"{name}-1.zip"] for name in ("ppo", "a2c")}
    study = KEYS | {"name": "lanes-Lanes-policy", "policy": policies}
    result = rlgen.evaluate(study, "store")
    cells = {cell["agent"]: cell for cell in result.summary["cells"]}
    assert all(cell["runs"] == 2 for cell in cells.values())
    assert "a2c/own trained on 20 levels of lanes:Lanes" in cells["a2c"]["sentence"]
    (pair,) = result.summary["comparison"]["pairs"]
    assert (pair["first"]["agent"], pair["second"]["agent"], pair["runs"]) == ("ppo", "a2c", 2)
    assert rlgen.compare("store")["pairs"][0]["sentence"] == pair["sentence"]
    assert pair["sentence"] in result.report.read_text()
    # In the words of the command line it is the same study, which is there.
    flags = [f"--policy={agent}={file}" for agent, files in policies.items() for file in files]
    flags += ["--env", "lanes:Lanes", "--test-levels", "1000:1008", "--episodes", "2"]
    out, _ = command("evaluate", *flags, "--condition", "plain", "-o", "store", "-q")
    assert "Nothing to compute: all 4 cells are there." in out


def test_a_link_and_a_path_are_what_they_lead_to(here):
    (here / "links").mkdir()
    link = here / "links" / "latest.zip"
    link.symlink_to(here / "ppo-0.zip")
    assert trained_on.read(str(link)).levels == "0:20"
    study = KEYS | {"name": "s", "policy": [link, here / "ppo-1.zip"]}
    (cell,) = rlgen.evaluate(study, "store").summary["cells"]
    assert "trained on 20 levels" in cell["sentence"]
    assert not rlgen.evaluate(KEYS | {"name": "s", "policy": link}, "store").computed
    (here / "links" / "latest.levels.json").write_bytes((here / "a2c-0.levels.json").read_bytes())
    with pytest.raises(PolicyError, match=r"latest.levels.json: was written for another a2c-0.zip"):
        trained_on.read(str(link))


@pytest.mark.slow
def test_agents_and_what_is_known_of_them_are_added_later(here):
    (here / "ppo-1.levels.json").unlink()
    study = KEYS | {"name": "s", "train_levels": "0:20"}
    first = rlgen.evaluate(study | {"policy": "ppo-1.zip", "agent": "ppo"}, "store")
    (cell,) = first.summary["cells"]
    assert "assumed to have learned from the 20 levels" in cell["sentence"]
    second = rlgen.evaluate(study | {"policy": {"a2c": "a2c-0.zip"}}, "store")
    sentences = {cell["agent"]: cell["sentence"] for cell in second.summary["cells"]}
    assert "a2c/own, one policy, trained on the 20 levels" in sentences["a2c"]
    assert "ppo/own, one policy, assumed to have" in sentences["ppo"]
    both = rlgen.evaluate(study | {"policy": {"ppo": ["ppo-0.zip", "ppo-1.zip"]}}, "store")
    sentences = {cell["agent"]: cell["sentence"] for cell in both.summary["cells"]}
    assert "ppo/own, assumed to have learned from 20 levels" in sentences["ppo"]
    known = KEYS | {"name": "s", "trained_on": "0:20"}
    told = rlgen.evaluate(known | {"policy": {"ppo": "ppo-1.zip"}}, "store")
    assert not told.computed
    sentences = {cell["agent"]: cell["sentence"] for cell in told.summary["cells"]}
    assert "ppo/own trained on 20 levels" in sentences["ppo"]
    assert len(list((here / "store" / "runs").iterdir())) == 3


def other_model(here):
    PPO("MlpPolicy", Lanes(), **FEW).save(here / "ppo-0.zip")


def other_levels(here):
    env = rlgen.LevelEnv(Lanes, range(21))
    rlgen.save_levels(env, here / "ppo-1.zip")


@pytest.mark.parametrize(
    ("change", "keys", "message"),
    [
        (other_model, {}, r"ppo-0.levels.json: was written for another ppo-0.zip"),
        (None, {"family": "CartPole-v1"}, "was trained in lanes:Lanes, as .* family is CartPole"),
        (
            None,
            {"train_levels": "0:10"},
            "train_levels = '0:10': ppo-0.levels.json says that",
        ),
        (None, {"trained_on": "0:9"}, "trained_on = '0:9': ppo-0.levels.json says that ppo-0.zip"),
        (
            None,
            {"n_train_levels": 5},
            "n_train_levels = 5: its policies were trained on 20",
        ),
        (None, {"test_levels": "19:30"}, "level 19 is in the train and in the test pool"),
        (other_levels, {"policy": ["ppo-0.zip", "ppo-1.zip"]}, "on other levels than ppo-0.zip"),
        (
            lambda here: (here / "ppo-1.levels.json").unlink(),
            {"policy": ["ppo-0.zip", "ppo-1.zip"]},
            "'ppo-1.zip': nothing beside it says what it was trained on, as ppo-0.levels.json does",
        ),
        (None, {"trained_on": "0:9", "train_levels": "0:20"}, "give one of them"),
        (None, {"trained_on": 5}, "trained_on = 5: must be ids of levels"),
        (None, {"policy": {"ppo": "x.zip", "a2c": []}}, "policy: a2c: must list the files"),
        (None, {"policy": {"p=o": "x.zip"}}, "'p=o' is no name for an agent"),
        (None, {"policy": ["ppo-0.zip"], "agent": ["ppo", "b"]}, "does not say of which agent"),
        (None, {"policy": ["ppo=ppo-0.zip"], "agent": ["ppo", "b"]}, "agent: 'b' has no policy"),
        (
            lambda here: (here / "ppo-0.levels.json").write_text('{"format": "rlgen.levels/2"}'),
            {},
            r"ppo-0.levels.json: format: Input should be 'rlgen.levels/1'",
        ),
        (
            lambda here: (here / "ppo-0.levels.json").write_text("[" * 10**5),
            {},
            r"ppo-0.levels.json: is not valid JSON",
        ),
    ],
)
def test_what_is_not_so_is_refused(change, keys, message, here):
    if change:
        change(here)
    with pytest.raises(rlgen.RlgenError, match=message):
        rlgen.evaluate({"name": "s", "policy": "ppo-0.zip"} | KEYS | keys, "store")
    assert not (here / "store").exists()


def test_what_is_written_of_another_policy_is_not_overwritten(here):
    env = rlgen.LevelEnv(Lanes, levels=range(20))
    env.reset()
    (here / "ppo-0.onnx").write_bytes(b"an export")
    with pytest.raises(rlgen.RlgenError, match=r"ppo-0\.zip was trained on, which is there; save"):
        rlgen.save_levels(env, here / "ppo-0.onnx")
    assert trained_on.read("ppo-0.zip").levels == "0:20"
    (here / "ppo-0.zip").write_bytes(b"trained anew")  # what is written is of no file any more
    rlgen.save_levels(env, here / "ppo-0.onnx")
    assert trained_on.read("ppo-0.onnx").levels == "0:20"


def test_what_is_trained_here_needs_no_word_about_it(tiny):
    with pytest.raises(rlgen.RlgenError, match="goes with policies that are made elsewhere"):
        rlgen.evaluate(tiny | {"trained_on": "0:9"})


def test_the_name_of_an_agent_before_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert agents_of(["ppo=a.zip", "a2c=b.zip", "ppo=c.zip"]) == ["ppo", "a2c"]
    assert agents_of(["ppo=a.zip", "b.zip"]) == agents_of(["runs/lr=3/b.zip"]) == []
    (tmp_path / "lr=3.zip").write_bytes(b"")
    assert agents_of(["lr=3.zip"]) == [], "a file that is there is not taken apart"
    texts = written({"ppo": ["a.zip", "c.zip"], "a2c": "b=d.zip"})
    split = {with_agent(text, ["ppo", "a2c"]): None for text in texts}
    assert list(split) == [("ppo", "a.zip"), ("ppo", "c.zip"), ("a2c", "b=d.zip")]
    numbered = {("ppo", 0): "a.zip", ("ppo", 1): "c.zip", ("a2c", 0): "b=d.zip"}
    assert list(policy_texts(numbered)) == texts


def said_levels(model, file, **more):
    model.save(file)
    return json.loads(rlgen.save_levels(model, file, **more).read_text())["levels"]


def on(model, levels, steps=64, **more):
    model.set_env(rlgen.LevelEnv(Lanes, levels))
    return model.learn(steps, **more)


@pytest.mark.slow
@pytest.mark.parametrize("keeps_counting", [False, True])
def test_a_model_that_learnt_elsewhere_before_is_noticed(keeps_counting, here):
    model = PPO.load("ppo-0.zip", rlgen.LevelEnv(Lanes, range(100, 103)))
    model.learn(64, reset_num_timesteps=not keeps_counting).save("cont.zip")
    counts = "128 steps, and its LevelEnvs 64" if keeps_counting else "20 updates, and 64 steps"
    with pytest.raises(LevelError, match=f"cont.zip: the model has learnt elsewhere.* {counts}"):
        rlgen.save_levels(model, "cont.zip")
    assert not (here / "cont.levels.json").exists()
    assert said_levels(model, "cont.zip", earlier="ppo-0.levels.json") == "0:20,100:103"
    study = {"name": "s", "policy": "cont.zip"} | KEYS | {"test_levels": "10:30"}
    with pytest.raises(rlgen.RlgenError, match="level 10 is in the train and in the test pool"):
        rlgen.evaluate(study, "store")
    on(model, [200])
    assert said_levels(model, "cont.zip") == "0:20,100:103,200", "what was said is kept"
    on(model, [201])
    on(model, [202])
    with pytest.raises(LevelError, match="the model has learnt elsewhere too"):
        said_levels(model, "cont.zip")
    assert said_levels(model, "cont.zip", earlier=[201]) == "0:20,100:103,200:203"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("algorithm", "settings"),
    [
        (A2C, {}),
        (DQN, {"learning_starts": 10, "train_freq": 3}),
        (DQN, {"learning_starts": 10, "gradient_steps": -1}),
    ],
)
def test_levels_of_all_environments_of_a_model(algorithm, settings, tmp_path):
    env = "CartPole-v1"
    model = algorithm(
        "MlpPolicy", rlgen.LevelEnv(env, range(3)), device="cpu", **settings, seed=0
    ).learn(150)
    file = tmp_path / "model.zip"
    assert said_levels(model, file) == "0:3"
    for levels in ([5], [7]):
        model.set_env(rlgen.LevelEnv(env, levels))
        model.learn(150)
    with pytest.raises(LevelError, match="the model has learnt elsewhere too"):
        said_levels(model, file)  # nothing was saved while its levels were [5]
    assert said_levels(model, file, earlier=[5]) == "0:3,5,7"
    model.set_env(rlgen.LevelEnv(env, [9]))
    model.learn(40, reset_num_timesteps=False)
    assert said_levels(model, file) == "0:3,5,7,9"
    other = algorithm.load(file, rlgen.LevelEnv(env, [8])).learn(150)
    with pytest.raises(LevelError, match="the model has learnt elsewhere too"):
        said_levels(other, file)


def test_what_cannot_be_noticed_is_said(tmp_path):
    model = PPO("MlpPolicy", rlgen.LevelEnv(Lanes, range(3)), target_kl=0.1, **FEW).learn(64)
    file = tmp_path / "model.zip"
    with pytest.warns(RlgenWarning, match="PPO was trained before, .* cannot be computed"):
        assert said_levels(model, file) == "0:3"
    assert said_levels(model, file, earlier=[]) == "0:3"
    (tmp_path / "agent.pt").write_bytes(b"weights")
    rlgen.save_levels(rlgen.LevelEnv(Lanes, range(3)), tmp_path / "agent.pt")
    with pytest.warns(RlgenWarning, match=r"said 0:3, and now says 5: if training went on"):
        rlgen.save_levels(rlgen.LevelEnv(Lanes, [5]), tmp_path / "agent.pt")


@pytest.mark.parametrize(
    ("earlier", "message"),
    [
        ("0:x", "earlier = '0:x': must be like"),
        ([-1], "level id -1: ids are not negative"),
        ([0.5], "earlier = .* cannot be interpreted as an integer"),
        ("none.levels.json", "none.levels.json: there is no such file"),
        ("ppo-0.levels.json", "is of lanes:Lanes, and the environments are .*CartPoleEnv: one"),
    ],
)
def test_earlier_levels_that_cannot_be_are_refused(earlier, message, here):
    (here / "agent.pt").write_bytes(b"weights")
    env = rlgen.LevelEnv("CartPole-v1", range(3))
    with pytest.raises(rlgen.RlgenError, match=message):
        rlgen.save_levels(env, here / "agent.pt", earlier=earlier)
    assert not (here / "agent.levels.json").exists()
