"""Agents of sb3-contrib: how their models become our policies."""

import numpy as np
import pytest
import torch
from learning import training_env
from planning import cells_of

from rlgen.agents import AGENTS, learner
from rlgen.errors import ProtocolError
from rlgen.levels import lookup
from rlgen.networks import NETWORKS
from rlgen.networks.trunk import Trunk
from rlgen.policies import loading
from rlgen.protocol import schema
from rlgen.util import extras
from rlgen.util.seeding import stream
from rlgen_envs import FAMILIES

FAMILY = FAMILIES["maze-basic"].configure({"size": 5})
CONTRIB = [name for name, preset in AGENTS.items() if preset.extra == "contrib"]
DISCRETE = [name for name in CONTRIB if "discrete" in AGENTS[name].actions]


def made(agent, **options):
    """A model and what it learns in."""
    pytest.importorskip("sb3_contrib")
    preset, network = AGENTS[agent], NETWORKS["mlp-64-64"]
    settings = preset.configured({"n_envs": 8, **options}, agent)
    env = training_env(FAMILY, FAMILY.generate(range(3)), settings, "none", 0)
    model = learner.make(preset, settings, network, env, seed=0, device="cpu")
    policy = learner.policy_of(preset, model, network, FAMILY.observation_space)
    return model, policy, env


def seen():
    tabular = FAMILY.tabular(FAMILY.generate(range(3)))
    return tabular.observe(tabular.start)


@pytest.mark.parametrize("agent", DISCRETE)
def test_our_policy_is_the_model_s(agent):
    small = {"qrdqn": {"buffer_size": 100, "n_quantiles": 7}, "ars": {"zero_policy": False}}
    model, policy, env = made(agent, **small.get(agent, {}))
    chosen, _ = model.predict(seen(), deterministic=True)
    told, _ = policy.distribution(seen(), policy.start(3))
    assert np.array_equal(told.argmax(axis=1), chosen)
    env.close()


@pytest.mark.parametrize("agent", CONTRIB)
def test_without_the_package_the_extra_is_named_before_anything_runs(agent, tiny, monkeypatch):
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    asked = schema.parse({**tiny, "agent": agent, "agent_options": {}}, "x")
    with pytest.raises(ProtocolError, match=rf"agent = '{agent}'.*pip install 'rlgen\[contrib\]'"):
        cells_of(asked, "x")


def test_trpo_stays_in_its_trust_region():
    """Its step needs second derivatives, which our fast first layers do not have."""
    model, policy, env = made("trpo", n_steps=64, n_critic_updates=1)
    before = policy.distribution(seen(), None)[0]
    model.learn(512)
    after = policy.distribution(seen(), None)[0]
    told = model.logger.name_to_value
    assert told["train/is_line_search_success"] == 1
    assert 0.001 < told["train/kl_divergence_loss"] < 0.01
    assert not np.array_equal(before, after)
    env.close()


def test_trpo_s_network_can_be_differentiated_twice():
    model, _, env = made("trpo")
    told = torch.from_numpy(seen())
    trunk = model.policy.features_extractor.layers
    assert isinstance(trunk, Trunk)
    weight = trunk[1].weight
    with torch.no_grad():
        model.policy.action_net.weight *= 100  # first policies are near uniform: all would be tiny
    logits = model.policy.get_distribution(told).distribution.logits
    (first,) = torch.autograd.grad((logits**2).sum(), weight, create_graph=True)
    (second,) = torch.autograd.grad((first**2).sum(), weight)
    step = 1e-4 * second / second.norm()  # short of the next kink of a ReLU
    with torch.no_grad():
        weight += step
    logits = model.policy.get_distribution(told).distribution.logits
    (moved,) = torch.autograd.grad((logits**2).sum(), weight)
    with torch.no_grad():
        grown = float((moved**2).sum() - (first**2).sum())
    assert grown == pytest.approx(float((second * step).sum()), rel=0.05)
    env.close()


@pytest.mark.filterwarnings("ignore:.*is a policy for masks")
@pytest.mark.parametrize("algorithm", ["TRPO", "MaskablePPO", "QRDQN", "ARS"])
@pytest.mark.parametrize("kind", [0, 1])
def test_a_zip_plays_as_sb3_contrib_does(tmp_path, algorithm, kind):
    contrib = pytest.importorskip("sb3_contrib")
    small = {
        "TRPO": {"n_steps": 8, "batch_size": 8},
        "MaskablePPO": {"n_steps": 8, "batch_size": 8},
        "QRDQN": {"learning_starts": 1, "buffer_size": 10},
        "ARS": {"n_delta": 1, "zero_policy": False},
    }[algorithm]
    name = "LinearPolicy" if algorithm == "ARS" and kind else "MlpPolicy"
    kwargs = {"net_arch": [16, 8]} if kind and algorithm != "ARS" else {}
    kwargs |= {"n_quantiles": 7} if kind and algorithm == "QRDQN" else {}
    model = getattr(contrib, algorithm)(
        name, "CartPole-v1", policy_kwargs=kwargs, seed=0, device="cpu", **small
    )
    if algorithm == "ARS":
        weights = stream(0, "weights").normal(size=model.n_params)
        model.policy.load_from_vector(torch.from_numpy(weights).float())
    model.save(tmp_path / "model.zip")
    family = lookup.family("CartPole-v1")
    told = stream(0, "observations").normal(size=(200, 4)).astype(np.float32)
    best, _ = model.predict(told, deterministic=True)
    assert len(set(best.tolist())) == 2, "both actions occur, or nothing is tested"
    for trust in (False, True):
        policy = loading.load(
            str(tmp_path / "model.zip"), family, trusted=[str(tmp_path / "model.zip")] * trust
        )
        assert policy.stochastic == (algorithm in ("TRPO", "MaskablePPO"))
        given = policy.distribution(told, None)[0]
        assert np.array_equal(given.argmax(axis=1), best), trust
        if policy.stochastic:
            seen_, _ = model.policy.obs_to_tensor(told)
            with torch.no_grad():
                expected = model.policy.get_distribution(seen_).distribution.probs.numpy()
            assert np.allclose(given, expected, atol=1e-5), trust


@pytest.mark.slow
def test_ars_counts_each_step_of_each_environment_once(monkeypatch):
    """Those of episodes that count: an environment whose share is played waits for the others."""
    model, _, env = made("ars", n_envs=4, n_delta=2, n_top=2, n_eval_episodes=8)
    lengths = []
    note = model._mimic_monitor_wrapper
    monkeypatch.setattr(
        model,
        "_mimic_monitor_wrapper",
        lambda rewards, lasted: (lengths.extend(lasted), note(rewards, lasted)),
    )
    model.learn(500)
    assert len(lengths) >= 4 * 8
    assert model.num_timesteps == sum(lengths)
    env.close()
