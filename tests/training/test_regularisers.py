"""Regularisers of the learner: what each does, what it leaves alone, and where it is refused."""

from copy import deepcopy
from itertools import pairwise

import gymnasium as gym
import mixed  # noqa: F401  # registers Mixed
import numpy as np
import pytest
import reach  # noqa: F401  # registers Reach
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from learning import prepare, training_env
from planning import cells_of
from routes import ROUTES, assert_close, played, told
from stable_baselines3.common.callbacks import BaseCallback
from torch import nn

from rlgen.agents import AGENTS
from rlgen.agents.envs.device_env import DeviceEnv
from rlgen.errors import ProtocolError, UnknownNameError
from rlgen.levels import lookup
from rlgen.networks import NETWORKS, network_named
from rlgen.networks.stack import layers
from rlgen.networks.trunk import Trunk
from rlgen.perturbations import PERTURBATIONS
from rlgen.perturbations.condition import Condition
from rlgen.protocol import schema
from rlgen.training.regularisers import REGULARISERS
from rlgen.training.regularisers.regularisation import Regularisation
from rlgen.training.viewed_env import ViewedEnv
from rlgen.util.extras import EXTRAS
from rlgen.util.seeding import stream
from rlgen_envs import FAMILIES

SMALL = FAMILIES["maze-basic"].configure({"size": 5})
REACH = lookup.family("rlgen-test/Reach-v0").configure({"seen": "picture", "idle": 0.0})
FEW = {"n_envs": 8, "n_steps": 16, "batch_size": 64, "n_epochs": 2}
REPLAY = {"n_envs": 4, "learning_starts": 50, "buffer_size": 500, "batch_size": 32}
QUICK = {
    "ppo": FEW,
    "ppo-default": FEW,
    "a2c": {"n_envs": 8},
    "a2c-paper": {},
    "dqn": REPLAY,
    "trpo": {"n_envs": 8, "n_steps": 16},
    "qrdqn": REPLAY,
    "maskable-ppo": FEW,
    "ars": {"n_envs": 2, "n_eval_episodes": 2, "n_delta": 2, "n_top": 1},
    "recurrent-ppo": {**FEW, "lstm_hidden_size": 8},
    "cloning": {"batch_size": 64},
    **{name: REPLAY | {"gradient_steps": 1} for name in ("sac", "td3", "ddpg", "tqc", "crossq")},
}


def made(regulariser="none", agent="ppo", network="mlp-64-64", seed=0, **options):
    if AGENTS[agent].extra:
        pytest.importorskip(*EXTRAS[AGENTS[agent].extra])
    options = {**QUICK[agent], **options}
    family = SMALL if "discrete" in AGENTS[agent].actions else REACH
    return prepare(
        family,
        family.generate(range(3)),
        agent=agent,
        network=network,
        seed=seed,
        agent_options=options,
        regulariser=regulariser,
    )


def learnt(regulariser="none", agent="ppo", steps=200, **keys):
    """The weights after a few rollouts."""
    ready = made(regulariser, agent, **keys)
    ready.model.learn(steps, callback=[*ready.callbacks])
    ready.env.close()
    extractor = ready.policy.parts["trunk"]
    assert extractor.masks == {}, "the trained network is whole"
    return torch.cat([p.detach().flatten() for p in ready.model.policy.parameters()])


@pytest.fixture(scope="module")
def plain():
    return learnt()


# Names.


def test_names_are_spelt_out_and_ordered():
    for text, name in {
        "none": "none",
        "dropout": "dropout:0.1",
        "l2": "l2:0.0001",
        "random_shift+level_noise": "level_noise:0.05+random_shift:1",
        " dropout : .2 + random_spawn+sticky_proposed": (
            "random_spawn+sticky_proposed:0.25+dropout:0.2"
        ),
        "l2+delay+entropy:0.05+epsilon:0.1": "delay:1+epsilon:0.1+entropy:0.05+l2:0.0001",
    }.items():
        assert Regularisation.parse(text).name == name
        assert Regularisation.parse(name) == Regularisation.parse(text)


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("dropuot", UnknownNameError, "unknown regulariser 'dropuot' .did you mean 'dropout'"),
        ("random_spwan", UnknownNameError, "did you mean 'random_spawn'"),
        ("", UnknownNameError, "unknown regulariser ''"),
        ("none+l2", UnknownNameError, "unknown regulariser 'none'"),
        ("plain", ProtocolError, "is called 'none'"),
        ("dropout:1", ProtocolError, "leaving a unit out must be from 0 to 0.9, not 1"),
        ("l2:-1", ProtocolError, "coefficient of the decay must be from 0 to 1"),
        ("entropy:x", ProtocolError, "'x' is not a number"),
        ("l2:0.00010000001", ProtocolError, "can have six digits, as 0.0001 has"),
        ("random_shift:1.5", ProtocolError, "must be a whole number"),
        ("l2+l2:0.1", ProtocolError, "l2 is given twice"),
        ("frame_skip+l2", ProtocolError, "cannot be trained under frame_skip"),
    ],
)
def test_mistakes_are_answered(text, error, message):
    with pytest.raises(error, match=message):
        Regularisation.parse(text)


def test_no_name_means_two_things():
    assert not set(REGULARISERS) & set(PERTURBATIONS)
    for name in REGULARISERS:
        rule = REGULARISERS[name].strength
        assert rule.low <= rule.default <= rule.high
        assert rule.low <= rule.identity <= rule.high
        assert Regularisation.parse(name).parts == ((name, rule.default),)


MIXED, SIDE = "rlgen-test/Mixed-v0", "side,amounts"
PENDULUM = {"family": "Pendulum-v1", "network": "mlp-64-64"}


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"regulariser": "entropy", "agent": "dqn"}, "entropy bonus, and dqn has none"),
        ({"regulariser": "random_spawn+l2", "agent": "cloning"}, "would meet random_spawn"),
        ({"regulariser": "level_noise", "agent": "cloning"}, "would meet level_noise"),
        ({"regulariser": "l2", "agent": "ars"}, "an optimiser .*, and ars has none"),
        ({"regulariser": "l2", "agent": "trpo"}, "an optimiser .*, and trpo has none"),
        ({"regulariser": "dropout", "agent": "ars"}, "learns by gradients, and ars does not"),
        ({"regulariser": "dropout", "agent": "td3"} | PENDULUM, "td3's are of actions too"),
        ({"regulariser": "entropy", "agent": "ddpg"} | PENDULUM, "bonus, and ddpg has none"),
        ({"regulariser": "dropout", "network": "linear"}, "hidden units, and linear has none"),
        ({"regulariser": "random_shift:5"}, "moves 5 x 5 cells out of sight"),
        ({"regulariser": ["l2", "l2:1e-4"]}, "'l2:1e-4': is the same regulariser as 'l2'"),
        (
            {"regulariser": ["none", "l2+random_shift"], "family": "CartPole-v1"},
            r"'l2\+random_shift': .*\(C, H, W\), and those of CartPole-v1 are \(4,\)",
        ),
        ({"regulariser": "level_noise", "family": "CartPole-v1"}, "CartPole-v1 shows quantities"),
        (
            {"regulariser": "level_noise", "family": MIXED, "family_options": {"keys": SIDE}},
            f"those of {MIXED} are not",
        ),
    ],
)
def test_what_cannot_be_is_refused_before_anything_runs(tiny, keys, message):
    if keys.get("agent") in ("ars", "trpo"):
        pytest.importorskip("sb3_contrib")
    keys = {"agent_options": {}, **keys}
    if "family" in keys:
        keys = {"family_options": {}, "train_levels": "0:3", "test_levels": "5:8", **keys}
        keys |= {"n_train_levels": 3, "n_validation_levels": 0, "n_test_levels": 3}
        keys |= {"conditions": "plain"}
    with pytest.raises(ProtocolError, match=rf"my.toml: regulariser = .*{message}"):
        cells_of(schema.parse({**tiny, **keys}, "my.toml"), "my.toml")


# Every one of them.


@pytest.mark.slow
@pytest.mark.parametrize("name", list(REGULARISERS))
def test_a_seed_decides_everything_and_the_identity_changes_nothing(name, plain):
    one, again, other = learnt(name), learnt(name), learnt(name, seed=1)
    assert torch.equal(one, again)
    assert not torch.equal(one, other)
    assert not torch.equal(one, plain)
    if name != "entropy":  # its 0 is no bonus, which is not what is usual
        assert torch.equal(learnt(f"{name}:{REGULARISERS[name].strength.identity:g}"), plain)


@pytest.mark.slow
@pytest.mark.parametrize("agent", [n for n, p in AGENTS.items() if n != "ppo" and p.plays])
def test_every_agent_learns_with_all_that_it_does_not_refuse(agent):
    able = [n for n in REGULARISERS if not Regularisation.parse(n).why_not(agent, "conv-a", SMALL)]
    assert {"level_noise", "random_shift"} <= set(able)
    keys = {"agent": agent, "network": "conv-a", "steps": 100}
    met = "random_spawn" if "discrete" in AGENTS[agent].actions else "delay"
    one, usual = learnt("+".join([met, *able]), **keys), learnt(met, **keys)
    assert torch.isfinite(one).all()
    assert not torch.equal(one, usual)


@pytest.mark.slow
def test_an_agent_that_plays_nothing_learns_with_what_acts_on_weights_alone():
    reasons = {n: Regularisation.parse(n).why_not("cloning", "conv-a", SMALL) for n in REGULARISERS}
    assert {name for name in reasons if reasons[name] is None} == {"l2", "dropout"}
    assert not torch.equal(learnt("l2:0.1", "cloning"), learnt("dropout", "cloning"))


# One by one.


@pytest.mark.parametrize("agent", ["ppo", "a2c-paper", "sac"])
def test_entropy_changes_that_coefficient_alone(agent):
    network = "mlp-64-64" if "discrete" in AGENTS[agent].actions else "conv-a"
    usual, other = (made(text, agent, network) for text in ("none", "entropy:0.5"))
    assert other.model.ent_coef == other.settings["ent_coef"] == 0.5
    assert {**usual.settings, "ent_coef": 0.5} == other.settings
    for one, same in zip(
        usual.model.policy.parameters(), other.model.policy.parameters(), strict=True
    ):
        assert torch.equal(one, same)


@pytest.mark.parametrize("agent", ["ppo", "a2c", "dqn", "recurrent-ppo", "td3"])
def test_l2_is_weight_decay_of_weights(agent):
    """One step along one gradient, against the gradient of loss plus penalty."""
    keys = {"agent": agent, "network": "conv-a"}
    usual, decaying = (made(regulariser, **keys) for regulariser in ("none", "l2:0.3"))
    learners = [ready.model.policy for ready in (usual, decaying)]
    optimisers = [getattr(it, "actor", it).optimizer for it in learners]
    order = [
        [p for group in optimiser.param_groups for p in group["params"]] for optimiser in optimisers
    ]
    assert {id(p) for p in order[1]} <= {id(p) for p in decaying.model.policy.parameters()}
    assert len(order[0]) == len(order[1])
    biases = [p for p in order[0] if p.dim() == 1]
    order[0] = [p for p in order[0] if p.dim() > 1] + biases
    rng = stream(0, "gradients")
    for one, other in zip(*order, strict=True):
        assert torch.equal(one, other)
        gradient = torch.from_numpy(rng.normal(size=one.shape)).float()
        penalty = 0.3 * one.detach() if one.dim() > 1 else 0
        one.grad, other.grad = gradient + penalty, gradient.clone()
    for optimiser in optimisers:
        optimiser.step()
    for one, other in zip(*order, strict=True):
        assert torch.allclose(one, other, atol=1e-6)


def drawn_masks(trunk, shape, probability, seed=0):
    rng = stream(seed, "masks")
    return {
        place: torch.from_numpy(rng.random(size) >= probability).float() / (1 - probability)
        for place, size in trunk.hidden_shapes(shape).items()
    }


class Times(nn.Module):
    def __init__(self, mask):
        super().__init__()
        self.mask = mask.double()

    def forward(self, x):
        return x * self.mask


@pytest.mark.parametrize("name", ROUTES)
def test_masked_networks_are_the_dense_ones_masked(name):
    """On bytes, where the first layers are computed in another way, and on floats."""
    trunk, seen = layers(NETWORKS[name], (7, 9, 9)), played("maze-basic", 70)
    trunk.masks = drawn_masks(trunk, (7, 9, 9), 0.3)
    assert len(trunk.masks) == sum(isinstance(layer, nn.ReLU) for layer in trunk)
    dense = []
    for place, layer in enumerate(deepcopy(list(trunk.children()))):
        dense += [layer.double()] + ([Times(trunk.masks[place])] if place in trunk.masks else [])
    expected = told(nn.Sequential(*dense), seen.double())
    assert_close(told(trunk, seen), expected)
    assert_close(told(trunk, seen.float()), expected)


def test_masks_are_within_the_modules_of_others():
    """Of a residual network, computed by hand; its blocks are not zero here."""
    trunk, _ = network_named("residual[depth=2]").build(FAMILIES["maze-basic"].observation_space)
    body, seen = trunk[0], played("maze-basic", 20)
    for block in body.blocks:
        nn.init.normal_(block[2].weight)
    trunk.masks = masks = drawn_masks(trunk, (7, 9, 9), 0.5)
    assert list(masks) == ["0.blocks.0.1", "0.blocks.1.1"]
    features = body.embed(seen.float())
    for block, mask in zip(body.blocks, masks.values(), strict=True):
        features = features + block[2](block[0](features).relu() * mask)
    assert torch.allclose(trunk(seen), features, atol=1e-4)


def test_dropout_is_off_in_evaluation_and_for_that_time_only():
    ready = made("dropout:0.5", network="conv-a")
    seen = played("maze-basic", 20).numpy()[:, :, :5, :5].copy()
    trunk = ready.policy.parts["trunk"]
    whole = ready.policy.distribution(seen, None)[0]
    trunk.masks = masks = drawn_masks(trunk, (7, 5, 5), 0.5)
    assert np.array_equal(ready.policy.distribution(seen, None)[0], whole)
    assert trunk.masks is masks
    with torch.no_grad():
        thinned = trunk(torch.from_numpy(seen))
        trunk.masks = {}
        assert not torch.allclose(thinned, trunk(torch.from_numpy(seen)))


@pytest.mark.parametrize(
    ("network", "units_each"),
    [
        ("mlp-512-128", 512 + 128),
        ("residual", 4 * 64),
        ("fully-convolutional", 3 * 16 * 5 * 5 + 64),
    ],
)
def test_what_acted_in_a_rollout_is_what_is_updated(network, units_each):
    """The ratio of PPO is 1 before its first step; units are left out as often as is said."""
    ready = made("dropout:0.3", network=network)
    model, watched = ready.model, []
    update = model.train

    def train():
        buffer = model.rollout_buffer
        seen, taken = buffer.observed.flatten(0, 1), buffer.taken.flatten()
        values, log_probs, _ = model.policy.evaluate_actions(seen, taken)
        assert torch.allclose(log_probs, buffer.numbers[3].flatten(), atol=1e-5)
        assert torch.allclose(values.flatten(), buffer.numbers[2].flatten(), atol=1e-5)
        watched.append(ready.policy.parts["trunk"].masks)
        update()

    model.train = train
    model.learn(3 * 8 * 16, callback=[*ready.callbacks])
    assert len(watched) == 3
    for before, after in pairwise(watched):
        assert all(not torch.equal(before[place], after[place]) for place in before)
    units = torch.cat([mask.flatten() for masks in watched for mask in masks.values()])
    assert set(units.tolist()) == {0.0, np.float32(1 / 0.7)}
    n = len(units)
    assert n == 3 * units_each
    assert float((units == 0).float().mean()) == pytest.approx(0.3, abs=4 * (0.21 / n) ** 0.5)


class Noting(BaseCallback):
    """Notes the masks of all trunks."""

    def _on_step(self):
        self.masks = [p.masks for p in self.model.policy.modules() if isinstance(p, Trunk)]
        return True


def test_all_networks_of_a_learner_leave_out_the_same_units():
    """DQN's and its target's."""
    ready, noting = made("dropout", "dqn"), Noting()
    ready.model.learn(8, callback=[*ready.callbacks, noting])
    one, target = noting.masks
    assert one
    assert one is target


def view(regulariser, family=SMALL, n=6, seed=0):
    (one,) = Regularisation.parse(regulariser).views(family, n, seed, "cpu")
    one.begin(torch.arange(n))
    return one


@settings(max_examples=40, deadline=None)
@given(most=st.integers(0, 4), row=st.integers(4, 5), column=st.integers(4, 6), seed=st.integers())
def test_a_shift_moves_everything_together_by_at_most_so_much(most, row, column, seed):
    family = FAMILIES["maze-basic"].configure({"size": 10})
    seen = torch.zeros(200, 2, 10, 11, dtype=torch.uint8)
    seen[:, 0, row, column], seen[:, 1, row, column], seen[:, 1, 0] = 7, 9, 1
    before = seen.clone()
    shown = view(f"random_shift:{most}", family, seed=seed % 1000).show(seen, torch.arange(200))
    assert torch.equal(seen, before)
    assert shown.dtype == seen.dtype
    assert shown.shape == seen.shape
    where = (shown[:, 0] == 7).nonzero()
    assert torch.equal(where[:, 0], torch.arange(200)), "nothing is lost that is not at the edge"
    assert torch.equal(where, (shown[:, 1] == 9).nonzero())
    moved = where[:, 1:] - torch.tensor([row, column])
    assert int(moved.abs().max()) <= most
    if most <= 1:
        assert len(moved.unique(dim=0)) == (2 * most + 1) ** 2
    # what comes in repeats the edge, here the first row of ones
    for one, (down, _) in zip(shown, moved, strict=True):
        edge = 1 + int(down) if down >= 0 else max(0, 1 + int(down))
        assert int((one[1] == 1).all(dim=1).sum()) == edge


def noisy(family, levels, n, device=False, regulariser="level_noise:0.2"):
    options = {"n_envs": n}
    usual = training_env(family, levels, options, "none", 0)
    if not device:
        return training_env(family, levels, options, regulariser, 0), usual
    channel = Condition.parse("plain").channel(5, family.noop)
    here = [DeviceEnv(family, levels, n, channel=channel, device="cpu") for _ in range(2)]
    return ViewedEnv(
        here[0], Regularisation.parse(regulariser).views(family, n, 0, "cpu"), "cpu"
    ), (here[1])


@pytest.mark.parametrize("device", [False, True])
def test_a_level_looks_the_same_throughout_an_episode_and_other_in_the_next(device):
    n = 40
    env, usual = noisy(SMALL, SMALL.generate([0]), n, device)
    assert isinstance(env, ViewedEnv)
    env.seed(3), usual.seed(3)
    walls, rng = torch.as_tensor(usual.reset())[:, 0], stream(0, "actions")
    shown = torch.as_tensor(env.reset())[:, 0]
    patterns, changed, kept = [shown != walls], 0, 0
    for _ in range(120):
        actions = torch.from_numpy(rng.integers(5, size=n))
        seen, there = env.advance(actions), usual.advance(actions)
        # The same game: nothing but the picture is other.
        assert torch.equal(seen.rewards, there.rewards)
        assert torch.equal(seen.ended, there.ended)
        assert torch.equal(seen.observations[:, 1:], there.observations[:, 1:])
        pattern = seen.observations[:, 0] != there.observations[:, 0]
        same = (pattern == patterns[-1]).all(dim=(1, 2))
        assert same[~seen.ended].all()
        kept, changed = kept + int((~seen.ended).sum()), changed + int((~same[seen.ended]).sum())
        patterns.append(pattern)
    assert changed > 30
    assert kept > 3000
    flipped = float(torch.stack([patterns[0], patterns[-1]]).float().mean())
    assert flipped == pytest.approx(0.2, abs=5 * (0.16 / (2 * n * 25)) ** 0.5)


def test_the_end_of_an_episode_looks_like_the_episode():
    """As agents that learn from memory are told of it."""
    n = 30
    env, usual = noisy(SMALL, SMALL.generate([0]), n)
    env.seed(3), usual.seed(3)
    before = env.reset()[:, 0] != usual.reset()[:, 0]
    rng, ends = stream(0, "actions"), 0
    for _ in range(120):
        actions = rng.integers(5, size=n)
        seen, _, dones, infos = env.step(actions)
        there, _, _, truly = usual.step(actions)
        for i in dones.nonzero()[0]:
            last = infos[i]["terminal_observation"]
            assert np.array_equal(last[0] != truly[i]["terminal_observation"][0], before[i])
            ends += 1
        before = seen[:, 0] != there[:, 0]
    assert ends > 20


def test_other_pictures_are_flipped_between_their_ends():

    class Pictures:
        observation_space = gym.spaces.Box(-1, 3, (1, 20, 20), np.float32)
        layout = lookup.family("CartPole-v1").layout

    seen = torch.tensor([-1.0, 0.5, 3.0]).repeat(400)[:1200].reshape(3, 1, 20, 20)
    shown = view("level_noise:0.5", Pictures, 3).show(seen, torch.arange(3))
    assert torch.equal(shown[seen == 0.5], seen[seen == 0.5])
    for end, other in ((-1.0, 3.0), (3.0, -1.0)):
        told_ = shown[seen == end]
        assert set(told_.tolist()) == {end, other}
        assert float((told_ == other).float().mean()) == pytest.approx(0.5, abs=0.12)


def test_views_are_of_each_other():
    """Noise belongs to the level's cells, wherever they are then shown."""
    views = Regularisation.parse("random_shift+level_noise").views(SMALL, 4, 0, "cpu")
    assert [type(one).__name__ for one in views] == ["_Patterns", "_Shifts"]
