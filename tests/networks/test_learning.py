"""Agents learn with networks that functions make, and their policies are kept."""

import numpy as np
import pytest
import torch
from learning import train

from rlgen import draw_split
from rlgen.agents import AGENTS
from rlgen.levels.lookup import family
from rlgen.networks import network_named
from rlgen.policies import checkpoint
from rlgen.util.extras import EXTRAS
from rlgen.util.seeding import stream
from rlgen_envs import FAMILIES

SMALL = FAMILIES["maze-basic"].configure({"size": 5})
#: Fewer environments than the presets have, so that a few steps hold several updates.
QUICK = {
    "ppo": {"n_envs": 8, "n_steps": 8, "batch_size": 32},
    "a2c": {"n_envs": 8},
    "dqn": {"n_envs": 8, "learning_starts": 64, "batch_size": 32},
    "trpo": {"n_envs": 8, "n_steps": 8, "batch_size": 32},
    "maskable-ppo": {"n_envs": 8, "n_steps": 8, "batch_size": 32},
    "qrdqn": {"n_envs": 8, "learning_starts": 64, "batch_size": 32},
    "ars": {"n_envs": 8, "n_delta": 8},
    "recurrent-ppo": {"n_envs": 8, "n_steps": 8, "batch_size": 32, "lstm_hidden_size": 8},
    "cloning": {"batch_size": 32},
    "sac": {"n_envs": 4, "learning_starts": 16, "gradient_steps": 1},
    "td3": {"n_envs": 4, "learning_starts": 16, "gradient_steps": 1},
    "tqc": {"n_envs": 4, "learning_starts": 16, "gradient_steps": 1},
    "crossq": {"n_envs": 4, "learning_starts": 16, "gradient_steps": 1},
}
#: Variants of graph networks, each with the agents that learn with a network's own head.
GRAPHS = ["message-passing", "message-passing[aggregate=sum,update=gin,readout=attention]"]
DISCRETE = [agent for agent in QUICK if "discrete" in AGENTS[agent].actions]
CONTINUOUS = [agent for agent in QUICK if "continuous" in AGENTS[agent].actions]


def learnt(world, agent, network, steps):
    if AGENTS[agent].extra:
        pytest.importorskip(*EXTRAS[AGENTS[agent].extra])
    split = draw_split(world, 3, 0, 2)
    keys = {"curve_points": 1, "curve_levels": 1, "episodes": 1, "agent_options": QUICK[agent]}
    trained = train(split, steps=steps, seed=0, agent=agent, network=network, **keys)
    if AGENTS[agent].moves in ("descent", "critic"):
        assert trained.settings["learning_rate"] == network_named(network).learning_rate
    return trained.policy


@pytest.mark.slow
@pytest.mark.parametrize(
    ("agent", "network"),
    [
        *(
            (agent, network)
            for agent in DISCRETE
            for network in ("fully-convolutional", "residual")
        ),
        *((agent, network) for agent in ("ppo", "a2c", "cloning") for network in GRAPHS),
    ],
)
def test_agents_of_discrete_actions(agent, network, tmp_path):
    policy = learnt(SMALL, agent, network, 300)
    checkpoint.save(policy, tmp_path, {})
    again = checkpoint.load(tmp_path, network=network_named(network))
    tabular = SMALL.tabular(SMALL.generate(range(3)))
    pictures = tabular.observe(np.arange(tabular.n_states, dtype=np.int32))
    one, other = (p.distribution(pictures, p.start(len(pictures)))[0] for p in (policy, again))
    assert np.array_equal(one, other)
    assert again.memoryless == (agent != "recurrent-ppo")


@pytest.mark.slow
@pytest.mark.parametrize("agent", CONTINUOUS)
def test_agents_of_continuous_actions(agent, tmp_path):
    policy = learnt(family("Pendulum-v1"), agent, "residual[depth=2]", 100)
    checkpoint.save(policy, tmp_path, {})
    again = checkpoint.load(tmp_path)
    observed = stream(0, "observed").normal(size=(5, 3)).astype(np.float32)
    one, other = (p.act(observed, p.start(5), None)[0] for p in (policy, again))
    assert np.array_equal(one, other)


@pytest.mark.slow
@pytest.mark.parametrize("network", ["fully-convolutional", "residual", "message-passing"])
def test_two_runs_give_the_same_bits(network):
    one, again = (learnt(SMALL, "ppo", network, 300) for _ in range(2))
    for name, part in one.parts.items():
        other = again.parts[name].state_dict()
        assert all(torch.equal(value, other[key]) for key, value in part.state_dict().items())
