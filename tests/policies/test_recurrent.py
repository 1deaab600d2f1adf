"""Policies with the memory of an LSTM: trained, kept, played from zips, and of the user's own."""

import json
from types import SimpleNamespace

import gymnasium as gym
import numpy as np
import pictures as registers_pictures  # noqa: F401
import pytest
import torch
from gymnasium import spaces
from learning import train, training_env
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.vec_env import VecNormalize
from torch import nn

from rlgen import api
from rlgen.agents import AGENTS, learner
from rlgen.errors import PolicyError, ProtocolError
from rlgen.levels import lookup
from rlgen.levels.split import chosen_split
from rlgen.networks import NETWORKS, inference
from rlgen.policies import loading
from rlgen.policies.base import Policy
from rlgen.policies.fitting import check
from rlgen.util.seeding import stream
from rlgen_envs import FAMILIES

contrib = pytest.importorskip("sb3_contrib")

MAZE = FAMILIES["maze-basic"].configure({"size": 5})
CARTPOLE = "CartPole-v1"
#: The critics that sb3-contrib knows; the actor is the same with each.
CRITICS = {
    "lstm": {},
    "shared": {"shared_lstm": True, "enable_critic_lstm": False},
    "none": {"enable_critic_lstm": False},
}


class Recall(gym.Env):
    """What is seen first says which action pays, three steps later; nothing else is ever seen."""

    metadata = {"render_modes": ["rgb_array"]}  # noqa: RUF012

    def __init__(self, render_mode=None):
        self.render_mode = render_mode
        self.observation_space = spaces.Box(-1, 1, (2,), np.float32)
        self.action_space = spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.t, self.cue = 0, int(self.np_random.integers(2))
        return np.float32([2 * self.cue - 1, 0]), {}

    def step(self, action):
        self.t += 1
        paid = float(self.t == 3 and action == self.cue)
        return np.float32([0, 1]), paid, self.t == 3, False, {}


gym.register("rlgen-test/Recall-v0", Recall)


def made(**options):
    """A model with weights that tell steps apart, our policy of it, and what it learns in."""
    preset, network = AGENTS["recurrent-ppo"], NETWORKS["mlp-64-64"]
    small = {"n_envs": 4, "n_steps": 16, "batch_size": 24, "lstm_hidden_size": 8}
    settings = preset.configured(small | options, "recurrent-ppo")
    env = training_env(MAZE, MAZE.generate(range(3)), settings, "none", 0)
    model = learner.make(preset, settings, network, env, seed=0, device="cpu")
    excite(model)
    policy = learner.policy_of(preset, model, network, MAZE.observation_space)
    return SimpleNamespace(model=model, policy=policy, env=env)


def excite(model):
    """First policies are near uniform: all probabilities would be alike."""
    with torch.no_grad():
        model.policy.action_net.weight *= 300


def sequence(steps=5, episodes=4):
    """Observations of mazes, ``(steps, episodes, *shape)``."""
    tabular = MAZE.tabular(MAZE.generate(range(3)))
    states = stream(0, "states").integers(tabular.n_states, size=steps * episodes)
    told = tabular.observe(states.astype(np.int32))
    return told.reshape(steps, episodes, *told.shape[1:])


def played(policy, observations):
    """Probabilities ``(steps, episodes, A)`` of episodes side by side."""
    memory, told = policy.start(observations.shape[1]), []
    for seen in observations:
        probabilities, memory = policy.distribution(seen, memory)
        told.append(probabilities)
    return np.stack(told)


def expected(model, observations):
    """The same from sb3-contrib, for ``predict`` also what it does."""
    told, state = [], None
    lstm = model.policy.lstm_actor
    hidden = torch.zeros(lstm.num_layers, observations.shape[1], lstm.hidden_size)
    states, begins = (hidden, hidden), np.ones(observations.shape[1], bool)
    for seen in observations:
        best, state = model.predict(seen, state, begins, deterministic=True)
        with torch.no_grad():
            tensor, _ = model.policy.obs_to_tensor(seen)
            starts = torch.as_tensor(begins).float()
            given, states = model.policy.get_distribution(tensor, states, starts)
        probabilities = given.distribution.probs.double().numpy()
        assert np.array_equal(probabilities.argmax(axis=1), best)
        assert np.array_equal(states[0].numpy(), state[0])
        told.append(probabilities)
        begins = np.zeros_like(begins)
    return np.stack(told)


@pytest.mark.parametrize("options", [*CRITICS.values(), {"n_lstm_layers": 2}])
def test_our_policy_is_the_model_s_at_every_step(options):
    it = made(**options)
    observations = sequence()
    told = played(it.policy, observations)
    assert not it.policy.memoryless
    assert np.allclose(told, expected(it.model, observations), atol=1e-5)
    afresh = np.stack([played(it.policy, seen[None])[0] for seen in observations])
    assert np.abs(told - afresh)[1:].max() > 0.01, "the past matters, or nothing is tested"
    it.env.close()


def test_episodes_know_nothing_of_each_other(monkeypatch):
    it = made()
    observations = sequence(episodes=5)
    together = played(it.policy, observations)
    alone = [played(it.policy, observations[:, [i]])[:, 0] for i in range(5)]
    assert np.allclose(together, np.stack(alone, axis=1), atol=1e-6)
    monkeypatch.setattr(inference, "BATCH", {"cpu": 2})
    assert np.allclose(together, played(it.policy, observations), atol=1e-6)
    memory = it.policy.start(5)
    it.policy.distribution(observations[0], memory)
    assert not any(part.any() for part in memory), "a memory is never written to"
    it.env.close()


def test_sequences_at_once_are_sequences_step_by_step():
    """sb3-contrib's minibatches, with episodes that begin in the middle of a rollout."""
    it = made()
    it.model.learn(64)
    policy, begun = it.model.policy, 0
    theirs = contrib.common.recurrent.policies.RecurrentActorCriticPolicy._process_sequence
    for batch in it.model.rollout_buffer.get(24):
        number = batch.lstm_states.pi[0].shape[1]
        starts = batch.episode_starts.reshape(number, -1)
        assert not starts[:, 1:].any()
        begun += int(starts[:, 0].sum())
        features = policy.extract_features(batch.observations)
        told = (features, batch.lstm_states.pi, batch.episode_starts, policy.lstm_actor)
        (ours, _), (other, _) = policy._process_sequence(*told), theirs(*told)
        assert torch.allclose(ours, other, atol=1e-6)
    assert begun > 4, "more than the first episode of each environment"
    it.env.close()


@pytest.mark.slow
def test_it_learns_to_remember():
    """A memoryless agent gets half; state that outlived its episode would mislead."""
    family = lookup.family("rlgen-test/Recall-v0")
    pools = {"train": tuple(range(12)), "test": tuple(range(100, 112))}
    trained = train(
        chosen_split(family, pools, 12),
        agent="recurrent-ppo",
        network="mlp-64-64",
        steps=6000,
        seed=0,
        agent_options={"n_envs": 32, "n_steps": 12, "batch_size": 128, "lstm_hidden_size": 16},
        curve_points=1,
        curve_levels=12,
        episodes=1,
    )
    told = api.evaluate_policy(trained.policy, family, range(100, 120), "greedy", episodes=1)
    assert (told["ret_mean"] == 1).all()
    first, last = (row["ret_mean"] for row in trained.curve if row["split"] == "test")
    assert first < 0.9 < last, "the test worker too plays with memory"


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A finished study on mazes, its protocol, and its run's folder."""
    study = {
        "name": "recurrent",
        "family": "maze-basic",
        "family_options": {"size": 5},
        "n_train_levels": 2,
        "n_validation_levels": 0,
        "n_test_levels": 3,
        "agent": "recurrent-ppo",
        "network": "mlp-64-64",
        "seeds": [0],
        "steps": 200,
        "agent_options": {"n_envs": 8, "n_steps": 16, "batch_size": 64, "lstm_hidden_size": 8},
        "curve_points": 1,
        "curve_levels": 2,
        "episodes": 3,
    }
    path = tmp_path_factory.mktemp("recurrent") / "store"
    done = api.evaluate(study, path, jobs=1)
    assert not done.failed
    (run,) = (path / "runs").iterdir()
    return SimpleNamespace(path=path, study=study, run=run, done=done)


@pytest.mark.slow
def test_a_study_of_it_is_sampled_and_says_so(store):
    rows = api.load(store.path)
    assert not rows["exact"].any()
    assert set(rows["n_episodes"]) == {3}
    assert np.isfinite(rows["ret_mean"]).all()
    assert (rows["oracle_ret"] == 2.1).all(), "the planner's are computed all the same"
    page = store.done.report.read_text()
    assert "returns sampled where they cannot be computed" in page
    shown = json.loads((store.run / "trajectories.json").read_text())
    assert [told["split"] for told in shown] == ["train", "test"]
    assert all(told["actions"] for told in shown)
    card = json.loads((store.run / "agent.json").read_text())
    assert card["policy"]["lstm_hidden_size"] == 8


@pytest.mark.slow
def test_a_condition_that_is_added_faces_the_policy_that_is_kept(store):
    before = api.load(store.path)
    done = api.evaluate({**store.study, "conditions": ["plain", "greedy"]}, store.path, jobs=1)
    assert len(done.computed) == 1
    rows = api.load(store.path)
    assert set(rows["condition"]) == {"plain", "greedy"}
    assert rows[rows["condition"] == "plain"]["ret_mean"].tolist() == before["ret_mean"].tolist()
    policy = loading.load(str(store.run), MAZE)
    levels = MAZE.generate(rows["level_id"].unique().tolist())
    told = api.evaluate_policy(policy, MAZE, levels, "greedy", episodes=3)
    greedy = rows[rows["condition"] == "greedy"].set_index("level_id")["ret_mean"]
    # Without sampling and from one start every episode is the same.
    assert np.allclose(told["ret_mean"], greedy.loc[told["level_id"]])


def recurrent_model(env="CartPole-v1", policy="MlpLstmPolicy", **kwargs):
    kwargs = {"lstm_hidden_size": 8} | kwargs
    model = contrib.RecurrentPPO(
        policy, env, n_steps=8, batch_size=8, seed=0, device="cpu", policy_kwargs=kwargs
    )
    excite(model)
    return model


def assert_plays(path, family, ours, told, trusted=()):
    zipped = str(path).partition("+")[0]
    for trust in (False, True):
        policy = loading.load(str(path), family, trusted=[*trusted, *[zipped] * trust])
        assert not policy.memoryless
        assert policy.stochastic
        assert np.allclose(played(policy, ours), told, atol=1e-5), trust


@pytest.mark.parametrize(
    "kwargs",
    [
        *CRITICS.values(),
        {"net_arch": [16, 8], "activation_fn": nn.ELU, "n_lstm_layers": 2},
        {"net_arch": [], "lstm_kwargs": {"bias": False}},
        {"share_features_extractor": False},
    ],
)
def test_a_zip_plays_as_sb3_contrib_does(tmp_path, kwargs):
    model = recurrent_model(**kwargs)
    model.save(tmp_path / "model.zip")
    seen = stream(0, "observations").normal(size=(6, 20, 4)).astype(np.float32)
    told = expected(model, seen)
    assert np.abs(told - expected(model, seen[::-1])[::-1]).max() > 0.01, "the past matters"
    assert_plays(tmp_path / "model.zip", lookup.family(CARTPOLE), seen, told)


def test_a_zip_that_looks_at_pictures(tmp_path):
    name = "rlgen-test/Pictures-v0"
    model = recurrent_model(name, "CnnLstmPolicy")
    model.save(tmp_path / "model.zip")
    raw = stream(0, "pictures").integers(256, size=(3, 4, 36, 36, 3), dtype=np.uint8)
    told = expected(model, raw)
    ours = (raw.transpose(0, 1, 4, 2, 3) / 255).astype(np.float32)
    assert_plays(tmp_path / "model.zip", lookup.family(name), ours, told)


@pytest.mark.slow
def test_a_zip_with_statistics_of_vec_normalize(tmp_path):
    env = VecNormalize(make_vec_env(CARTPOLE, 2, seed=0), clip_obs=2.0)
    model = recurrent_model(env)
    model.learn(64)
    excite(model)
    path, statistics = tmp_path / "model.zip", tmp_path / "statistics.pkl"
    model.save(path)
    env.save(str(statistics))
    seen = stream(0, "observations").normal(0, 0.5, (4, 20, 4)).astype(np.float32)
    told = expected(model, env.normalize_obs(seen.reshape(-1, 4)).reshape(seen.shape))
    family = lookup.family(CARTPOLE)
    assert_plays(f"{path}+{statistics}", family, seen, told, trusted=[str(statistics)])
    raw = played(loading.load(f"{path}+none", family), seen)
    assert np.abs(raw - told).max() > 1e-3


def test_an_lstm_that_is_another(tmp_path):
    family, path = lookup.family(CARTPOLE), tmp_path / "model.zip"
    recurrent_model(lstm_kwargs={"batch_first": True}).save(path)
    policy = loading.load(str(path), family)
    with pytest.raises(PolicyError, match=r"does not take CartPole-v1's observations"):
        check(policy, family, family.generate([0]), str(path))
    model = recurrent_model()
    model.policy.lstm_second = nn.LSTM(8, 8)
    model.save(path)
    with pytest.raises(PolicyError, match=r"not those of Recurrent.*lstm_second\.weight_ih"):
        loading.load(str(path), family)


def test_a_model_from_python(tmp_path):
    model = recurrent_model()
    told = api.evaluate_policy(model, CARTPOLE, [0, 1], ["plain", "greedy"], episodes=2)
    assert not told["exact"].any()
    assert (told["ret_mean"] > 0).all()
    continuous = recurrent_model("Pendulum-v1")
    with pytest.raises(ProtocolError, match=r"its actions are Box.* here they are discrete"):
        api.evaluate_policy(continuous, CARTPOLE, [0])
    told = api.evaluate_policy(continuous, "Pendulum-v1", [0], ["plain", "greedy"], episodes=2)
    assert (told["ret_mean"] < 0).all()
    continuous.save(tmp_path / "continuous.zip")
    with pytest.raises(PolicyError, match="its actions are Box"):
        loading.load(str(tmp_path / "continuous.zip"), lookup.family(CARTPOLE))


MODULE = """
import numpy as np
import rlgen

class Recaller(rlgen.Policy):
    stochastic = False

    def start(self, n):
        return np.zeros(n)

    def distribution(self, observations, memory):
        memory = np.where(observations[:, 0] == 0, memory, observations[:, 0])
        return np.eye(2)[(memory > 0).astype(int)], memory

class Wide(Recaller):
    def distribution(self, observations, memory):
        return np.full((len(observations), 3), 1 / 3), memory

recaller, wide = Recaller(), Wide()
"""


def test_a_policy_of_the_user_s_own_with_state(tmp_path, monkeypatch):
    (tmp_path / "my_recaller.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    family = lookup.family("rlgen-test/Recall-v0")
    policy = loading.load("my_recaller:recaller", family)
    assert isinstance(policy, Policy)
    told = api.evaluate_policy(policy, family, range(8), episodes=2)
    assert (told["ret_mean"] == 1).all()
    policy = loading.load("my_recaller:wide", family)
    with pytest.raises(PolicyError, match=r"returns 3 action probabilities; .* has 2 actions"):
        check(policy, family, family.generate([0]), "my_recaller:wide")
    with pytest.raises(PolicyError, match="my_recaller:Recaller is a class"):
        loading.load("my_recaller:Recaller", family)
