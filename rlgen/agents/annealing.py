"""Annealing of the entropy coefficient."""

from typing import Any

from stable_baselines3.common.callbacks import BaseCallback


class EntropyAnneal(BaseCallback):
    """Anneals the entropy coefficient of the loss to 0, as the square of the remaining progress.

    A large coefficient keeps agents on few levels from settling for the first reward that they
    find; later in training it costs return, since sampled actions stay random. stable-baselines3
    has schedules for learning rates, not for this coefficient.
    """

    model: Any

    def _on_training_start(self) -> None:
        self._first = self.model.ent_coef

    def _on_rollout_start(self) -> None:
        # Progress as of the last update, as for the learning rate.
        self.model.ent_coef = self._first * self.model._current_progress_remaining**2

    def _on_step(self) -> bool:
        return True

    def _on_training_end(self) -> None:
        self.model.ent_coef = self._first
