"""An agent that has not learnt yet, and the environments that it learns in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import BaseCallback

from rlgen.agents import learner
from rlgen.agents.envs.batch_env import BatchEnv
from rlgen.agents.envs.device_env import DeviceEnv
from rlgen.agents.envs.vec_env import VecEnvAdapter
from rlgen.agents.presets import matching
from rlgen.levels.capabilities import Tabular, vector_env
from rlgen.levels.family import Family, Levels
from rlgen.perturbations.base import Channel
from rlgen.perturbations.condition import Condition
from rlgen.perturbations.vector import PerturbedVectorEnv
from rlgen.policies.checkpoint import TrainedPolicy
from rlgen.training.agent_spec import AgentSpec
from rlgen.training.regularisers.regularisation import Regularisation
from rlgen.training.viewed_env import ViewedEnv
from rlgen.util.seeding import library_seed


@dataclass(frozen=True)
class Prepared:
    """An agent that has not learnt yet.

    Attributes:
        model: Its algorithm.
        callbacks: What the model's ``learn`` needs.
        env: What it learns in.
        policy: Its policy, which changes as it learns.
        settings: Hyper-parameters, as drawn.
    """

    model: BaseAlgorithm
    callbacks: list[BaseCallback]
    env: BatchEnv
    policy: TrainedPolicy
    settings: dict[str, Any]


def prepare(
    family: Family,
    levels: Levels,
    agent: AgentSpec,
    *,
    seed: int,
    segment: int = 0,
    device: str = "cpu",
) -> Prepared:
    """All that is needed to learn on some levels.

    Args:
        family: Of the levels.
        levels: To learn on.
        agent: See ``train``.
        seed: Of the run.
        segment: Of the run: each has generators and environments of its own, which depend on this
            number and the seed alone.
        device: See ``train``.
    """
    matching.check(agent.agent, family)
    settings = agent.hyper_parameters(seed)
    if segment:
        seed = library_seed(seed, "segment", segment)
    device = learner.resolve_device(device)
    there = device != "cpu" and learner.batched(agent.preset)
    env = learner.environment(agent.preset, family, levels) or training_env(
        family,
        levels,
        settings,
        agent.regularisation,
        seed,
        device=device if there else "cpu",
    )
    network = agent.network.for_family(family)
    model = learner.make(
        agent.preset, settings, network, env, seed=library_seed(seed, "agent"), device=device
    )
    policy = learner.policy_of(
        agent.preset, model, network, family.observation_space, masked=family.masked
    )
    return Prepared(model, learner.callbacks(settings, seed), env, policy, settings)


def training_env(
    family: Family,
    levels: Levels,
    settings: Mapping[str, Any],
    regularisation: Regularisation,
    seed: int,
    *,
    device: str = "cpu",
) -> BatchEnv:
    """The environments an agent learns in.

    Args:
        family: Of the levels.
        levels: Drawn from at each reset.
        settings: Of the agent: how many environments, how rewards are clipped.
        regularisation: Perturbations met in training and regularisers.
        seed: Of their noise.
        device: Where they are played. Away from the CPU only tabular levels can be; others stay,
            and their observations are sent.
    """
    env = _training_env(family, levels, settings, regularisation.condition, seed, device)
    views = regularisation.views(family, settings["n_envs"], seed, device)
    return ViewedEnv(env, views, device) if views else env


def _training_env(
    family: Family,
    levels: Levels,
    settings: Mapping[str, Any],
    condition: Condition,
    seed: int,
    device: str,
) -> BatchEnv:
    channel = condition.channel_of(family)
    if device != "cpu" and isinstance(family, Tabular):
        assert isinstance(channel, Channel)
        return DeviceEnv(
            family,
            levels,
            settings["n_envs"],
            channel=channel,
            random_spawn=condition.random_spawn,
            reward_clip=settings.get("reward_clip", 0.0),
            seed=library_seed(seed, "device"),
            device=device,
        )
    env = vector_env(family, levels, settings["n_envs"], random_spawn=condition.random_spawn)
    if condition.without_spawn.parts:
        env = PerturbedVectorEnv(env, channel, seed)
    return VecEnvAdapter(env, settings.get("reward_clip", 0.0), masked=family.masked)
