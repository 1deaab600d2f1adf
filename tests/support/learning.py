"""Training by names, as tests write it: the machinery takes what names stand for."""

from rlgen.protocol.groups import Evaluation, Monitoring, Training
from rlgen.training import train as machinery
from rlgen.training.agent_spec import AgentSpec
from rlgen.training.regularisers.regularisation import Regularisation


def _spec(agent, network, agent_options=None, regulariser="none"):
    return AgentSpec.named(agent, network, agent_options, regulariser)


def train(split, *, steps, seed, curve_points=10, curve_levels=50, episodes=100, **keys):
    """A trained agent; keys of ``_spec``, ``device`` and ``on_checkpoint`` besides."""
    rest = {key: keys.pop(key) for key in ("device", "on_checkpoint") if key in keys}
    return machinery.train(
        split,
        _spec(**keys),
        Training(steps=steps),
        seed=seed,
        monitoring=Monitoring(curve_points=curve_points, curve_levels=curve_levels),
        evaluation=Evaluation(episodes=episodes),
        **rest,
    )


def prepare(family, levels, *, seed, device="cpu", **keys):
    """An agent that has not learnt yet."""
    return machinery.prepare(family, levels, _spec(**keys), seed=seed, device=device)


def training_env(family, levels, settings, regulariser, seed, *, device="cpu"):
    """The environments an agent learns in."""
    regularisation = Regularisation.parse(regulariser)
    return machinery.training_env(family, levels, settings, regularisation, seed, device=device)
