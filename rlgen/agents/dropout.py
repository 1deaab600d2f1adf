"""Dropout with one mask per rollout, as policy-gradient methods need it."""

import torch
from stable_baselines3.common.callbacks import BaseCallback

from rlgen.networks.trunk import Trunk
from rlgen.util.seeding import stream


class Dropout(BaseCallback):
    """Draws the hidden units to leave out before each rollout.

    The same units are left out for all observations, in acting, in value estimates (those of DQN's
    target network too) and in all epochs of the update, as in the code of Cobbe et al. 2019
    (https://arxiv.org/abs/1812.02341). With masks drawn at each pass, the update would compute the
    probability of an action under another network than the one that took it, which makes PPO's
    ratio and A2C's gradient wrong (Hausknecht and Wagener 2022, https://arxiv.org/abs/2202.11818).
    The remaining units are scaled up, so that evaluation uses the whole network unchanged.

    Args:
        probability: Probability of leaving a unit out.
        seed: Seed of the masks.
    """

    def __init__(self, probability: float, seed: int) -> None:
        super().__init__()
        self._probability, self._seed, self._rollouts = probability, seed, 0

    def _on_training_start(self) -> None:
        self._trunks = [part for part in self.model.policy.modules() if isinstance(part, Trunk)]
        assert self.model.observation_space.shape is not None
        self._shapes = self._trunks[0].hidden_shapes(self.model.observation_space.shape)

    def _on_rollout_start(self) -> None:
        rng = stream(self._seed, "dropout", self._rollouts)
        keep = 1 - self._probability
        masks = {
            place: torch.from_numpy((rng.random(shape) < keep) / keep).float().to(self.model.device)
            for place, shape in self._shapes.items()
        }
        for trunk in self._trunks:
            trunk.masks = masks
        self._rollouts += 1

    def _on_step(self) -> bool:
        return True

    def _on_training_end(self) -> None:
        for trunk in self._trunks:
            trunk.masks = {}
