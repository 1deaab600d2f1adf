"""Dropout that the policy-gradient methods can bear."""

import torch
from stable_baselines3.common.callbacks import BaseCallback

from rlgen.networks.trunk import Trunk
from rlgen.util.seeding import stream


class Dropout(BaseCallback):
    """Draws the hidden units that are left out, anew before each rollout.

    The same units are left out of all observations, in acting, in the estimates of values (those
    of DQN's target network too) and in all epochs of the update, as the code of Cobbe et al. 2019
    (https://arxiv.org/abs/1812.02341) does it. Masks that are drawn at
    each pass would let the update ask for the probability of an action under another network than
    the one that took it, which makes PPO's ratio, and A2C's gradient, wrong (Hausknecht and Wagener
    2022, https://arxiv.org/abs/2202.11818). What is left is scaled up in return, so that the
    whole network, which is what is evaluated, needs no change.

    Args:
        probability: Of leaving a unit out.
        seed: Of what is drawn.
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
