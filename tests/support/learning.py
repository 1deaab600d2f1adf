"""Training by names, as tests write it: the machinery takes what names stand for."""

import pytest
import torch

from rlgen import draw_split
from rlgen.agents import AGENTS
from rlgen.protocol.groups import Evaluation, Monitoring, Training
from rlgen.training import prepared
from rlgen.training import train as machinery
from rlgen.training.agent_spec import AgentSpec
from rlgen.training.regularisers.regularisation import Regularisation
from rlgen.util.extras import EXTRAS
from rlgen_envs import FAMILIES

SMALL = FAMILIES["maze-basic"].configure({"size": 5})


def _spec(agent, network, agent_options=None, regulariser="none"):
    return AgentSpec.named(agent, network, agent_options, regulariser)


#: Arguments of ``train`` that are handed on.
REST = ("device", "on_checkpoint", "begin", "keep", "after")


def train(
    split,
    *,
    steps,
    seed,
    curve_points=10,
    curve_levels=50,
    episodes=100,
    checkpoint_every=None,
    **keys,
):
    """A trained agent; keys of ``_spec`` and ``REST`` besides."""
    rest = {key: keys.pop(key) for key in REST if key in keys}
    return machinery.train(
        split,
        _spec(**keys),
        Training(steps=steps, checkpoint_every=checkpoint_every),
        seed=seed,
        monitoring=Monitoring(curve_points=curve_points, curve_levels=curve_levels),
        evaluation=Evaluation(episodes=episodes),
        **rest,
    )


def prepare(family, levels, *, seed, device="cpu", **keys):
    """An agent that has not learnt yet."""
    return prepared.prepare(family, levels, _spec(**keys), seed=seed, device=device)


def training_env(family, levels, settings, regulariser, seed, *, device="cpu"):
    """The environments an agent learns in."""
    regularisation = Regularisation.parse(regulariser)
    return prepared.training_env(family, levels, settings, regularisation, seed, device=device)


#: Fewer environments than the presets have, so that a few steps hold several updates.
QUICK = {
    "ppo": {"n_envs": 16, "batch_size": 128},
    "ppo-default": {"n_steps": 64},
    "a2c": {"n_envs": 8},
    "a2c-paper": {},
    "dqn": {"learning_starts": 100, "buffer_size": 2000, "n_envs": 4, "batch_size": 32},
    "trpo": {"n_envs": 16},
    "qrdqn": {"learning_starts": 100, "buffer_size": 2000, "n_envs": 4, "batch_size": 32},
    "maskable-ppo": {"n_steps": 64},
    "ars": {"n_envs": 2, "n_eval_episodes": 2, "n_delta": 2, "n_top": 1},
    "recurrent-ppo": {"n_envs": 16, "batch_size": 128, "lstm_hidden_size": 16},
    "cloning": {"batch_size": 64},
}


def installed(agent):
    """Skips where the agent's package is missing."""
    if AGENTS[agent].extra:
        pytest.importorskip(*EXTRAS[AGENTS[agent].extra])


def weights(policy):
    tensors = [t for part in policy.parts.values() for t in part.state_dict().values()]
    return torch.cat([tensor.reshape(-1) for tensor in tensors])


def quick(agent, *, seed=0, split=None, steps=1200, **keys):
    split = split or draw_split(SMALL, 4, 2, 5)
    keys = {"network": "mlp-512-128", "curve_points": 2, "curve_levels": 3, "episodes": 2} | keys
    options = QUICK[agent] | keys.pop("agent_options", {})
    return train(split, agent=agent, steps=steps, seed=seed, agent_options=options, **keys)
