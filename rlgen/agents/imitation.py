"""An agent that learns the planner's actions by heart: behaviour cloning as an algorithm."""

from typing import Any, Self

import torch
from gymnasium import spaces
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.policies import ActorCriticPolicy
from stable_baselines3.common.type_aliases import GymEnv, MaybeCallback, Schedule
from stable_baselines3.common.utils import update_learning_rate
from torch.nn.functional import cross_entropy

from rlgen.agents.cloning import WARM_UP
from rlgen.agents.envs.vec_env import VecEnvAdapter
from rlgen.agents.labelled import labelled
from rlgen.agents.recipes import Recipe, actor
from rlgen.agents.rollouts import BatchedPolicy
from rlgen.levels.family import Family, Levels
from rlgen.util.seeding import stream


class LabelledEnv(VecEnvAdapter):
    """An environment with the planner's actions in all states of its levels.

    Attributes:
        states: They.

    Raises:
        LevelError: If the levels' states cannot be listed.
    """

    def __init__(self, family: Family, levels: Levels) -> None:
        super().__init__(family.vector_env(levels, 1))
        self.states = labelled(family, levels)


class Cloning(BaseAlgorithm):
    """Learns the planner's actions as ``cloning.clone`` does, and plays nothing.

    Each update is a step of the optimiser on the cross-entropy to the uniform distribution on the
    optimal actions in a batch of states, of which half are drawn uniformly and half as the planner
    visits them. A state that is shown counts as a step. The learning rate rises from zero over the
    first tenth of the steps.

    Args:
        policy: A class of policies with an actor.
        env: A ``LabelledEnv``.
        learning_rate: By the share of the steps that remain.
        batch_size: States of an update, even.
        seed: Of weights and batches.
        options: Further arguments of ``BaseAlgorithm``.
    """

    def __init__(
        self,
        policy: type[ActorCriticPolicy],
        env: GymEnv,
        learning_rate: float | Schedule,
        batch_size: int,
        *,
        seed: int,
        **options: Any,
    ) -> None:
        discrete = (spaces.Discrete,)
        super().__init__(
            policy, env, learning_rate, seed=seed, supported_action_spaces=discrete, **options
        )
        self.batch_size = batch_size
        self._setup_model()

    def _setup_model(self) -> None:
        """See stable-baselines3."""
        self._setup_lr_schedule()
        self.set_random_seed(self.seed)
        self.policy = self.policy_class(
            self.observation_space, self.action_space, self.lr_schedule, **self.policy_kwargs
        ).to(self.device)

    def _get_torch_save_params(self) -> tuple[list[str], list[str]]:
        """See stable-baselines3."""
        return ["policy", "policy.optimizer"], []

    def learn(
        self,
        total_timesteps: int,
        callback: MaybeCallback = None,
        log_interval: int = 1,
        tb_log_name: str = "Cloning",
        reset_num_timesteps: bool = True,
        progress_bar: bool = False,
    ) -> Self:
        """See stable-baselines3."""
        del log_interval
        total, calls = self._setup_learn(
            total_timesteps, callback, reset_num_timesteps, tb_log_name, progress_bar
        )
        rng = stream(int(self.seed or 0), "cloning", "batches")
        calls.on_training_start(locals(), globals())
        going = True
        while going and self.num_timesteps < total:
            calls.on_rollout_start()
            self._update(self.num_timesteps / total, rng)
            self.num_timesteps += self.batch_size
            going = calls.on_step()
            calls.on_rollout_end()
        calls.on_training_end()
        return self

    def _update(self, progress: float, rng: Any) -> None:
        assert isinstance(self.env, LabelledEnv)
        states, optimizer = self.env.states, self.policy.optimizer
        numbers = states.draw(rng, self.batch_size)
        observations = torch.from_numpy(states.observe(numbers)).to(self.device)
        goals = torch.from_numpy(states.goals[numbers]).to(self.device)
        rate = min(progress / WARM_UP, 1.0) * self.lr_schedule(1 - progress)
        update_learning_rate(optimizer, rate)
        trunk, head = actor(self)
        optimizer.zero_grad(set_to_none=True)
        loss = cross_entropy(head(trunk(observations)), goals)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()


RECIPE = Recipe(
    Cloning,
    BatchedPolicy,
    actor,
    "softmax",
    adam={},
    # Weights begin as those of torch's layers, as in ``cloning.clone``.
    policy_settings={"ortho_init": False},
    environment=LabelledEnv,
)
