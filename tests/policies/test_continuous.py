"""Actions that are vectors of numbers: families, conditions, agents, and what is trained."""

import json

import numpy as np
import pytest
import reach
from click.testing import CliRunner
from gymnasium.utils.env_checker import check_env
from learning import train, training_env
from stable_baselines3 import PPO

import rlgen
from rlgen.agents import AGENTS, learner
from rlgen.agents.presets.preset import drawn
from rlgen.agents.recipes import recipe
from rlgen.cli import cli
from rlgen.errors import LevelError, ProtocolError, RlgenError
from rlgen.evaluation import can_be_exact, rollout
from rlgen.levels import lookup
from rlgen.levels.split import chosen_split
from rlgen.networks import NETWORKS
from rlgen.perturbations import PERTURBATIONS
from rlgen.perturbations.base import Perturbation
from rlgen.perturbations.condition import Condition
from rlgen.policies import checkpoint
from rlgen.policies.box import uniform
from rlgen.policies.functions import from_function, uniform_policy
from rlgen.util.seeding import stream

REACH = "rlgen-test/Reach-v0"
TRIED = (0, 1, 12_345)
#: One for each algorithm.
CRITICS = ["sac", "td3", "ddpg", "tqc", "crossq"]
CONTINUOUS = ["ppo", "a2c", "trpo", "ars", *CRITICS]


@pytest.fixture
def family():
    return lookup.family(REACH)


def conditions(*texts):
    return [Condition.parse(text) for text in texts]


# Families.


@pytest.mark.filterwarnings("ignore:.*Box")  # ours are neither symmetric nor bounded
def test_actions_are_a_box_of_float32(family):
    family.check(TRIED)
    box = family.box
    assert (box.dtype, box.shape) == (np.float32, (2,))
    assert np.array_equal(box.low, reach.LOW)
    assert np.array_equal(box.high, reach.HIGH)
    assert (family.noop, family.idle) == (None, None)
    with pytest.raises(LevelError, match="needs discrete actions"):
        _ = family.n_actions
    check_env(family.env(family.generate(range(3))), skip_render_check=True)
    for name in ("Pendulum-v1", "MountainCarContinuous-v0"):
        lookup.family(name).check(TRIED)
    assert lookup.family("CartPole-v1").box is None


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"actions": "unbounded"}, "its actions have no bounds"),
        ({"actions": "whole"}, "neither discrete nor real numbers"),
        ({"actions": "binary"}, "neither discrete nor real numbers"),
        ({"noop": 0}, "noop = 0: its actions are vectors; use idle"),
        ({"idle": 1.5}, "idle = 1.5: actions are from -1 to 1"),
    ],
)
def test_actions_that_cannot_be_played_are_one_line(family, options, told):
    with pytest.raises(LevelError, match=told) as error:
        family.configure(options).check(TRIED)
    assert "\n" not in str(error.value)


def test_idle_is_for_vectors():
    with pytest.raises(LevelError, match="its actions are discrete; use noop"):
        lookup.family("CartPole-v1").configure({"idle": 0.0}).check(TRIED)


def test_the_random_agent_is_uniform(family):
    drawn = uniform(family.box, 4000, stream(0, "x"))
    assert ((drawn >= family.box.low) & (drawn <= family.box.high)).all()
    quarters = np.quantile(drawn, [0.25, 0.5, 0.75], axis=0)
    assert np.abs(
        quarters - (reach.LOW + np.outer([1, 2, 3], reach.HIGH - reach.LOW) / 4)
    ).max() < (0.15)
    scaled = family.configure({"worst": -100.0, "best": 0.0})
    table = rlgen.evaluate_policy(
        lambda seen: np.zeros((len(seen), 2)), scaled, [0, 1], episodes=30
    )
    told = rollout.evaluate(
        uniform_policy(family), family, family.generate([0, 1]), conditions("plain"),
        episodes=100,
    )  # fmt: skip
    expected = told["plain"].ret_mean.mean()
    assert table["random_ret"].unique() == pytest.approx([expected], abs=1.5)
    assert not table["exact"].any()


def test_what_is_given_as_a_picture_and_numbers():
    """Of dictionaries all numbers are shown, or one entry."""
    both = lookup.family(REACH).configure({"seen": "both"})
    assert both.observation_space.shape == (36 * 36 * 3 + 4,)
    assert both.configure({"seen": "both", "entry": "vector"}).observation_space.shape == (4,)
    picture = both.configure({"seen": "both", "entry": "picture"})
    assert picture.observation_space.shape == (3, 36, 36)
    picture.check(TRIED)


# Conditions.

STEPS, EPISODES = 8, 4000
CHANNELS = [
    name for name in PERTURBATIONS if type(PERTURBATIONS[name]).channel is not Perturbation.channel
]


def executed(channel, actions):
    """What is executed at each step of many episodes where action t is proposed in step t."""
    rng = stream(0, "channel")
    memory, seen = channel.begin(EPISODES, rng), []
    for t in range(STEPS):
        done, memory = channel.step(memory, np.repeat(actions[t : t + 1], EPISODES, axis=0), rng)
        seen.append(done)
    return np.stack(seen)


@pytest.mark.parametrize("idle", [True, False])
@pytest.mark.parametrize(
    "text", [*CHANNELS, "delay:3", "frame_skip:4", "noop_starts:3", "delay:1+sticky_executed:0.4"]
)
def test_a_channel_does_to_vectors_what_it_does_to_numbers(family, text, idle):
    """Vector t is (t, -t / 10): what is executed names the step in which it was proposed."""
    condition = Condition.parse(text)
    needs = any(PERTURBATIONS[name].needs_noop for name, _ in condition.parts)
    if needs and not idle:
        assert "needs an action that does nothing" in condition.why_not(family)
        return
    family = family.configure({"idle": 0.0} if idle else {})
    assert condition.why_not(family) is None
    numbers = np.arange(1, STEPS + 1)
    known = executed(condition.channel(STEPS + 1, 0 if idle else None), numbers)
    vectors = np.column_stack([numbers, -numbers / 10]).astype(np.float32)
    told = executed(condition.channel_of(family), vectors)
    assert (told.dtype, told.shape) == (np.float32, (STEPS, EPISODES, 2))
    if text == "epsilon":
        kept = (told == vectors[:, None]).all(axis=2)
        assert abs(kept.mean() - 0.95) < 5 * (0.95 * 0.05 / kept.size) ** 0.5
        others = told[~kept]
        assert ((others >= family.box.low) & (others <= family.box.high)).all()
        return
    assert np.allclose(told[..., 1], -told[..., 0] / 10)
    for number in range(STEPS + 1):
        ours, theirs = ((x == number).mean(axis=1) for x in (told[..., 0], known))
        assert np.abs(ours - theirs).max() < 5 * (0.5 / EPISODES) ** 0.5


def test_training_under_a_perturbation_forgets_when_an_episode_ends(family):
    held = family.configure({"idle": 0.0})
    env = training_env(held, held.generate(range(3)), {"n_envs": 2}, "delay:1", 0)
    env.reset()
    goes = np.full((2, 2), 0.5, np.float32)
    moved = []
    for _ in range(11):
        before = env.env.env.envs[0].env.unwrapped.place.copy()
        _, _, done, _ = env.step(goes)
        place = env.env.env.envs[0].env.unwrapped.place
        moved.append(False if done[0] else bool(np.any(place != before)))
    assert not moved[0], "the first step is idle"
    assert moved[1]
    assert not moved[10], "and so is that of the second episode"


def test_what_has_no_meaning_for_vectors_is_refused(family):
    class Old(Perturbation):
        def channel(self, strength, n_actions, noop):
            return None

    assert Old().discrete
    assert [name for name in PERTURBATIONS if PERTURBATIONS[name].discrete] == ["temperature"]
    for text, told in [
        ("temperature", "temperature needs discrete actions"),
        ("random_spawn", "cannot draw start cells"),
    ]:
        assert told in Condition.parse(text).why_not(family)


def test_greedy_and_sampled(family):
    levels = family.generate(range(3))
    model = PPO("MlpPolicy", REACH, n_steps=8, batch_size=8, seed=0, device="cpu")
    table = rlgen.evaluate_policy(model, family, levels, ["plain", "greedy"], episodes=4)
    by = table.set_index(["condition", "level_id"])
    # The same action up to its last digit, which differs with its place in the batch.
    assert (by.loc["greedy"]["ret_var"] < 1e-12).all()
    assert (by.loc["plain"]["ret_var"] > 1e-6).all()
    again = rlgen.evaluate_policy(model, family, levels, ["plain", "greedy"], episodes=4)
    assert table.equals(again)
    env = reach.Reach()
    for level in range(3):
        observation, ended, total = env.reset(seed=level)[0], False, 0.0
        while not ended:
            action, _ = model.predict(observation, deterministic=True)
            observation, reward, terminated, truncated, _ = env.step(action.astype(np.float64))
            total, ended = total + reward, terminated or truncated
        assert by.loc["greedy"].loc[level]["ret_mean"] == pytest.approx(total, abs=1e-4)


def test_functions_give_actions(family):
    levels = family.generate([0])
    wide = rlgen.evaluate_policy(lambda seen: np.full((len(seen), 2), 99.0), family, levels)
    edge = rlgen.evaluate_policy(lambda seen: np.tile([1.0, 3.0], (len(seen), 1)), family, levels)
    assert wide["ret_mean"][0] == edge["ret_mean"][0], "clipped to the box"
    for function, told in [
        (lambda seen: np.zeros((len(seen), 3)), r"actions must have shape \(2, 2\)"),
        (lambda seen: np.full((len(seen), 2), np.nan), "not finite numbers"),
    ]:
        with pytest.raises(ProtocolError, match=told):
            rlgen.evaluate_policy(function, family, levels, episodes=1)
    policy = from_function(lambda seen: np.zeros((len(seen), 2)), family)
    assert not can_be_exact(policy, family, Condition.parse("plain"))
    with pytest.raises(RlgenError, match="its actions are continuous; those of CartPole-v1 are"):
        rlgen.evaluate_policy(policy, "CartPole-v1", [0])


# Agents.


SMALL = {
    "ppo": {"n_envs": 4, "n_steps": 16, "batch_size": 16, "n_epochs": 1},
    "a2c": {"n_envs": 4},
    "trpo": {"n_envs": 4, "n_steps": 16, "batch_size": 16},
    "ars": {"n_envs": 2, "n_eval_episodes": 2, "n_delta": 1, "n_top": 1},
    **{name: {"batch_size": 8, "gradient_steps": 1} for name in CRITICS},
}


def quick(agent, network="mlp-64-64", **options):
    """A run of some 200 steps."""
    family = lookup.family(REACH).configure(options)
    split = chosen_split(family, {"train": range(3), "validation": [], "test": range(9, 11)}, 3)
    return train(
        split,
        agent=agent,
        network=network,
        steps=200,
        seed=0,
        agent_options=SMALL[agent],
        curve_points=1,
        curve_levels=1,
        episodes=1,
    )


@pytest.fixture(scope="module")
def runs():
    """Runs by agent, trained when they are asked for."""
    made = {}

    def get(agent):
        if AGENTS[agent].extra:
            pytest.importorskip("sb3_contrib")
        if agent not in made:
            made[agent] = quick(agent)
        return made[agent]

    return get


def seen(n=20):
    return stream(0, "observations").normal(0, 1, (n, 4)).astype(np.float32)


@pytest.mark.parametrize("agent", list(AGENTS))
def test_a_preset_and_its_recipe_agree_on_actions(agent):
    if AGENTS[agent].extra:
        pytest.importorskip("sb3_contrib")
    how = recipe(AGENTS[agent])
    kinds = [kind for kind, head in (("discrete", how.head), ("continuous", how.box_head)) if head]
    assert tuple(kinds) == AGENTS[agent].actions
    algorithms = {AGENTS[name].algorithm for name in CONTINUOUS}
    assert (AGENTS[agent].algorithm in algorithms) == ("continuous" in kinds)


@pytest.mark.slow
@pytest.mark.parametrize("agent", CONTINUOUS)
def test_a_checkpoint_is_the_policy(agent, runs, tmp_path):
    trained = runs(agent)
    checkpoint.save(trained.policy, tmp_path, {})
    loaded = checkpoint.load(tmp_path)
    assert json.loads((tmp_path / "agent.json").read_text())["format"] == 3
    assert loaded.stochastic == trained.policy.stochastic == AGENTS[agent].stochastic
    ours, again = (
        [policy.act(seen(), None, rng)[0] for rng in (None, stream(0, "draws"))]
        for policy in (trained.policy, loaded)
    )
    assert np.array_equal(ours, again)
    assert np.array_equal(*ours) != loaded.stochastic
    assert ((ours[1] >= reach.LOW) & (ours[1] <= reach.HIGH)).all()


@pytest.mark.parametrize("agent", ["ppo", "sac", "td3"])
def test_same_seed_same_result(agent, runs):
    one, other = runs(agent), quick(agent)
    assert np.array_equal(
        one.policy.act(seen(), None, None)[0], other.policy.act(seen(), None, None)[0]
    )
    assert [row["ret_mean"] for row in one.curve] == [row["ret_mean"] for row in other.curve]


@pytest.mark.parametrize("agent", ["ppo", "td3"])
def test_actions_may_have_any_shape(agent):
    policy = quick(agent, actions="table").policy
    drawn, _ = policy.act(seen(), None, stream(0, "draws"))
    assert drawn.shape == (20, 3, 2)
    assert not np.array_equal(drawn[:, 0], drawn[:, 1])


@pytest.mark.parametrize("network", ["mlp-512-128-64", "conv-a", "linear"])
@pytest.mark.parametrize("agent", CONTINUOUS)
def test_our_policy_is_the_model_s(agent, network):
    """With any network; of networks without a dense layer the critics get one."""
    if AGENTS[agent].extra:
        pytest.importorskip("sb3_contrib")
    family = lookup.family(REACH).configure(
        {"seen": "picture"} if network == "conv-a" else {"actions": "table"}
    )
    preset = AGENTS[agent]
    settings = drawn(preset.configured(SMALL[agent], agent), 0)
    settings |= {"zero_policy": False} if agent == "ars" else {}
    settings |= {"buffer_size": 10} if "buffer_size" in settings else {}
    env = training_env(family, family.generate(range(3)), settings, "none", 0)
    trunk = NETWORKS[network]
    model = learner.make(preset, settings, trunk, env, seed=0, device="cpu")
    policy = learner.policy_of(preset, model, trunk, family.observation_space)
    for module in model.policy.modules():
        if hasattr(module, "ra_mean"):  # of crossq
            module.ra_mean += 0.3
            module.ra_var *= 2
    told = stream(0, "x").random((9, *family.observation_space.shape), np.float32)
    ours, _ = policy.act(told, None, None)
    expected, _ = model.predict(told, deterministic=True)
    assert ours.shape == (9, *family.box.shape)
    assert np.allclose(ours, expected, atol=1e-5)
    if hasattr(model, "critic"):
        layers = [m for m in model.critic.qf0.modules() if hasattr(m, "in_features")]
        assert len(layers) == 1 + max(1, len(trunk.dense)), "not linear in the action"
    env.close()


def test_agents_for_other_actions_are_refused_before_anything_is_computed(tmp_path):
    study = {
        "name": "x",
        "family": "Pendulum-v1",
        "train_levels": "0:2",
        "test_levels": "5:7",
        "network": "mlp-64-64",
        "seeds": [0],
        "steps": 100,
    }
    cartpole = study | {"family": "CartPole-v1"}
    for keys, told in [
        (
            study | {"agent": "dqn"},
            r"agent = 'dqn': the actions of Pendulum-v1 are continuous.*sac",
        ),
        (
            cartpole | {"agent": "sac"},
            r"agent = 'sac': the actions of CartPole-v1 are discrete.*ppo",
        ),
        (
            study | {"agent": "ppo", "conditions": ["temperature"]},
            "temperature needs discrete actions",
        ),
        (study | {"agent": "ppo", "regulariser": "delay:1"}, "needs an action that does nothing"),
        (study | {"agent": "sac", "agent_options": {"ent_coef": "large"}}, "must be one of auto"),
        (study | {"agent": "sac", "agent_options": {"ent_coef": -1.0}}, "must be from 0"),
        (study | {"agent": "td3", "agent_options": {"action_noise": -1.0}}, "must be from 0 to 10"),
        (
            study | {"agent": "td3", "agent_options": {"precision": "bfloat16"}},
            "precision = 'bfloat16': TD3 computes in float32",
        ),
        (study | {"agent": "recurrent-ppo"}, "which recurrent-ppo does not learn"),
    ]:
        with pytest.raises(RlgenError, match=told):
            rlgen.evaluate(keys, tmp_path / "store")
    assert not (tmp_path / "store").exists()


@pytest.mark.slow
def test_a_study_from_the_command_line(tmp_path):
    store = tmp_path / "store"
    command = (
        "evaluate --env Pendulum-v1 --agent sac --train-levels 0:2 --test-levels 5:7 --seeds 0"
    )
    command += (
        " --steps 120 --episodes 1 --option time_limit=20 --option idle=0 --option worst=-400"
    )
    command += (
        " --option best=0 --condition plain --condition greedy --condition delay:2 -j 1 -q -o"
    )
    told = CliRunner().invoke(cli, [*command.split(), str(store)])
    assert told.exit_code == 0, told.output
    assert "sac/mlp-64-64 trained on 2 levels of Pendulum-v1" in told.output
    rows = rlgen.load(store)
    assert set(rows["condition"]) == {"plain", "greedy", "delay:2"}
    assert rows["random_ret"].notna().all()
    (run,) = (store / "runs").iterdir()
    shown = json.loads((run / "trajectories.json").read_text())
    for episode in shown:
        assert len(episode["actions"]) == 20
        assert all(len(action) == 1 for action in episode["actions"])
    page = (store / "report.html").read_text()
    assert "Pendulum-v1" in page
    assert "sampled where they cannot be computed (episodes per level: 1)" in page
    more = CliRunner().invoke(cli, ["report", str(store)])
    assert more.exit_code == 0, more.output
