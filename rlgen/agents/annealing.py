"""Exploration that ends with training."""

from typing import Any

from stable_baselines3.common.callbacks import BaseCallback


class EntropyAnneal(BaseCallback):
    """Lets the entropy coefficient of the loss fall to 0, as the square of what is left to train.

    A large coefficient keeps agents of few levels from settling on the first reward they find; kept
    longer than that it costs return, as sampled actions stay random. stable-baselines3 has
    schedules for learning rates, not for this coefficient.
    """

    model: Any

    def _on_training_start(self) -> None:
        self._first = self.model.ent_coef

    def _on_rollout_start(self) -> None:
        # Progress as of the last update, by which the learning rate went too.
        self.model.ent_coef = self._first * self.model._current_progress_remaining**2

    def _on_step(self) -> bool:
        return True

    def _on_training_end(self) -> None:
        self.model.ent_coef = self._first
