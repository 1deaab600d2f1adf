"""Train one agent on one pool while the test worker watches (Zhang et al. 2018, Fig 1b)."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import BaseCallback

from rlgen.agents import learner
from rlgen.agents.envs.batch_env import BatchEnv
from rlgen.agents.envs.device_env import DeviceEnv
from rlgen.agents.envs.vec_env import VecEnvAdapter
from rlgen.agents.presets import matching
from rlgen.evaluation import can_be_exact, evaluate
from rlgen.levels.capabilities import Tabular, vector_env
from rlgen.levels.family import Family, Levels
from rlgen.levels.split import Split
from rlgen.perturbations.base import Channel
from rlgen.perturbations.condition import Condition
from rlgen.perturbations.vector import PerturbedVectorEnv
from rlgen.policies.base import Policy
from rlgen.policies.checkpoint import TrainedPolicy
from rlgen.protocol.groups import Evaluation, Monitoring, Training
from rlgen.training.agent_spec import AgentSpec
from rlgen.training.overfitting_alarm import NAN, gap_low
from rlgen.training.regularisers.regularisation import Regularisation
from rlgen.training.viewed_env import ViewedEnv
from rlgen.util.seeding import library_seed

#: Called at each checkpoint with steps done, steps a second, and mean return by pool.
OnCheckpoint = Callable[[int, float, Mapping[str, float]], None]


@dataclass(frozen=True)
class Trained:
    """One trained agent.

    Attributes:
        policy: The final policy; no selection among checkpoints takes place.
        curve: One row a checkpoint and pool: step, split, n_levels, ret_mean, p_solved, and on
            the row of "test" gap_low (``alarm.gap_low``); nan on the others, and where returns
            cannot be computed.
        settings: Hyper-parameters used, as drawn.
        steps: Environment steps taken; the last rollout may end beyond the steps asked for.
        seconds: Wall time of training, without the test worker's.
    """

    policy: TrainedPolicy
    curve: list[dict[str, Any]]
    settings: dict[str, Any]
    steps: int
    seconds: float


def train(
    split: Split,
    agent: AgentSpec,
    training: Training,
    *,
    seed: int,
    monitoring: Monitoring | None = None,
    evaluation: Evaluation | None = None,
    device: str = "cpu",
    on_checkpoint: OnCheckpoint | None = None,
) -> Trained:
    """Train on ``split.train``.

    At each checkpoint the frozen weights are evaluated on levels of all three pools; nothing that
    is measured there reaches the learner. Seeds torch's global generator, as stable-baselines3
    does.

    Args:
        split: The levels.
        agent: The algorithm, its network and its regularisation.
        training: How long it learns.
        seed: Of weights, exploration, level order and drawn hyper-parameters.
        monitoring: How often and on how many levels it is watched; by default as a protocol's.
        evaluation: How checkpoints are evaluated where returns cannot be computed.
        device: "cpu", "cuda" or "auto".
        on_checkpoint: Called at each checkpoint.
    """
    ready = prepare(split.family, split.train, agent, seed=seed, device=device)
    worker = _TestWorker(
        ready.policy,
        split,
        training,
        monitoring or Monitoring(),
        evaluation or Evaluation(),
        seed,
        on_checkpoint,
    )
    ready.model.learn(total_timesteps=training.steps, callback=[worker, *ready.callbacks])
    worker.checkpoint(last=True)
    ready.env.close()
    steps, seconds = ready.model.num_timesteps, worker.training_seconds
    return Trained(ready.policy, worker.curve, ready.settings, steps, seconds)


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
    family: Family, levels: Levels, agent: AgentSpec, *, seed: int, device: str = "cpu"
) -> Prepared:
    """All that is needed to learn on some levels; arguments as of ``train``."""
    matching.check(agent.agent, family)
    settings = agent.hyper_parameters(seed)
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


class _TestWorker(BaseCallback):
    """Evaluates the weights as they stand between two updates."""

    def __init__(
        self,
        policy: Policy,
        split: Split,
        training: Training,
        monitoring: Monitoring,
        evaluation: Evaluation,
        seed: int,
        on_checkpoint: OnCheckpoint | None,
    ) -> None:
        super().__init__()
        self.curve: list[dict[str, Any]] = []
        self.training_seconds = 0.0
        self._policy, self._split = policy, split
        first = slice(0, monitoring.curve_levels)
        self._watched = {pool: levels.take(first) for pool, levels in split.pools()}
        self._seed, self._checkpoints, self._episodes = seed, 0, evaluation.episodes
        marks = np.linspace(0, training.steps, monitoring.curve_points + 1)
        self._marks = marks[:-1].tolist()
        self._on_checkpoint = on_checkpoint

    def _on_training_start(self) -> None:
        self._since = time.perf_counter()

    def _on_rollout_start(self) -> None:
        if self._marks and self.num_timesteps >= self._marks[0]:
            self.checkpoint()
            self._marks = [mark for mark in self._marks if mark > self.num_timesteps]

    def _on_step(self) -> bool:
        return True

    def checkpoint(self, *, last: bool = False) -> None:
        """Evaluate now."""
        self.training_seconds += time.perf_counter() - self._since
        # Nothing can be overfitted at step 0; a look there would use up most of the alarm's alpha.
        self._checkpoints += self.num_timesteps > 0
        returns, by_level, plain = {}, {}, Condition.parse("plain")
        for pool, levels in self._watched.items():
            if not len(levels):
                continue
            outcome = evaluate(
                self._policy,
                self._split.family,
                levels,
                [plain],
                episodes=self._episodes,
                seed=library_seed(self._seed, "checkpoint", self._checkpoints, pool),
            )["plain"]
            if can_be_exact(self._policy, self._split.family, plain):
                by_level[pool] = outcome.ret_mean
            returns[pool] = float(outcome.ret_mean.mean())
            self.curve.append(
                {
                    "step": self.num_timesteps,
                    "split": pool,
                    "n_levels": len(levels),
                    "ret_mean": returns[pool],
                    "p_solved": float(outcome.p_solved.mean()),
                    "gap_low": self._gap_low(by_level) if pool == "test" else NAN,
                }
            )
        if self._on_checkpoint is not None:
            speed = self.num_timesteps / max(self.training_seconds, 1e-9)
            self._on_checkpoint(self.num_timesteps, 0.0 if last else speed, returns)
        self._since = time.perf_counter()

    def _gap_low(self, returns: Mapping[str, NDArray[np.float64]]) -> float:
        number, step = self._checkpoints, self.num_timesteps
        if not number:
            return NAN
        return gap_low(self._split, returns, checkpoint=number, seed=self._seed, step=step)
