"""The test worker: it watches an agent that learns (Zhang et al. 2018, Fig 1b)."""

import time
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.callbacks import BaseCallback

from rlgen.evaluation import can_be_exact, evaluate
from rlgen.levels.split import Split
from rlgen.perturbations.condition import Condition
from rlgen.policies.base import Policy
from rlgen.protocol.groups import Evaluation, Monitoring
from rlgen.training.overfitting_alarm import NAN, gap_low
from rlgen.util.seeding import library_seed

#: Called at each checkpoint with steps done, steps a second, and its rows of the curve.
OnCheckpoint = Callable[[int, float, list[dict[str, Any]]], None]

#: What a row of the curve has; a state leaves out what is nan.
_ROW = ("step", "split", "n_levels", "ret_mean", "p_solved", "gap_low")


class TestWorker(BaseCallback):
    """Evaluates the weights as they stand between two updates.

    Args:
        policy: Whose weights change as the agent learns.
        split: The levels, of which the first of each pool are played.
        ends: Steps at which it ends, and before that the shorter runs that it continues: each part
            is watched equally often.
        monitoring: How often and on how many levels it is watched.
        evaluation: How checkpoints are evaluated where returns cannot be computed.
        seed: Of the run.
        on_checkpoint: Called at each checkpoint.
        before: What ``state`` said at the end of the segment before; None in the first.

    Attributes:
        curve: One row a checkpoint and pool, see ``Trained``.
        training_seconds: Wall time of training, without its own.
    """

    def __init__(
        self,
        policy: Policy,
        split: Split,
        ends: Sequence[int],
        monitoring: Monitoring,
        evaluation: Evaluation,
        seed: int,
        on_checkpoint: OnCheckpoint | None,
        before: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self.curve: list[dict[str, Any]] = []
        self.training_seconds, self._checkpoints = 0.0, 0
        if before is not None:
            self.curve = [{key: row.get(key, NAN) for key in _ROW} for row in before["curve"]]
            self.training_seconds = before["training_seconds"]
            self._checkpoints = before["checkpoints"]
        self._policy, self._split = policy, split
        first = slice(0, monitoring.curve_levels)
        self._watched = {pool: levels.take(first) for pool, levels in split.pools()}
        self._seed, self._episodes = seed, evaluation.episodes
        last = self.curve[-1]["step"] if self.curve else -1
        self._marks = [
            mark
            for begin, end in pairwise((0, *ends))
            for mark in np.linspace(begin, end, monitoring.curve_points + 1)[:-1].tolist()
            if mark > last
        ]
        self._on_checkpoint = on_checkpoint

    def _on_training_start(self) -> None:
        self._since = time.perf_counter()

    def _on_rollout_start(self) -> None:
        if self._marks and self.num_timesteps >= self._marks[0]:
            self.checkpoint()
            self._marks = [mark for mark in self._marks if mark > self.num_timesteps]

    def _on_step(self) -> bool:
        return True

    @property
    def state(self) -> dict[str, Any]:
        """All that it knows so far, as plain values."""
        self.training_seconds += time.perf_counter() - self._since
        self._since = time.perf_counter()
        return {
            "curve": [
                {key: value for key, value in row.items() if value == value} for row in self.curve
            ],
            "training_seconds": self.training_seconds,
            "checkpoints": self._checkpoints,
        }

    def checkpoint(self, *, last: bool = False) -> None:
        """Evaluate now."""
        self.training_seconds += time.perf_counter() - self._since
        # Nothing can be overfitted at step 0; a look there would use up most of the alarm's alpha.
        self._checkpoints += self.num_timesteps > 0
        rows: list[dict[str, Any]] = []
        by_level, plain = {}, Condition.parse("plain")
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
            rows.append(
                {
                    "step": self.num_timesteps,
                    "split": pool,
                    "n_levels": len(levels),
                    "ret_mean": float(outcome.ret_mean.mean()),
                    "p_solved": float(outcome.p_solved.mean()),
                    "gap_low": self._gap_low(by_level) if pool == "test" else NAN,
                }
            )
        self.curve += rows
        if self._on_checkpoint is not None:
            speed = self.num_timesteps / max(self.training_seconds, 1e-9)
            self._on_checkpoint(self.num_timesteps, 0.0 if last else speed, rows)
        self._since = time.perf_counter()

    def _gap_low(self, returns: Mapping[str, NDArray[np.float64]]) -> float:
        number, step = self._checkpoints, self.num_timesteps
        if not number:
            return NAN
        return gap_low(self._split, returns, checkpoint=number, seed=self._seed, step=step)
