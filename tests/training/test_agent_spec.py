"""What an agent with a network learns with, and what of it names its cell."""

import pytest

from rlgen.training.agent_spec import AgentSpec


@pytest.mark.parametrize(
    ("agent", "network", "options", "rate"),
    [
        ("ppo", "conv-a", {}, 3e-3),
        ("ppo", "residual", {}, 1e-3),
        ("ppo", "residual", {"learning_rate": 5e-4}, 5e-4),
        ("dqn", "residual", {}, 1e-3),
        ("ars", "linear", {}, 0.02),
        ("ars", "residual", {}, 0.02),
        ("a2c-paper", "residual", {}, "log-uniform[1e-05, 0.05]"),
    ],
)
def test_whose_learning_rate_it_is(agent, network, options, rate):
    assert AgentSpec.named(agent, network, options).settings["learning_rate"] == rate
