"""Train one agent on one pool while the test worker watches (Zhang et al. 2018, Fig 1b).

Training is a chain of segments. At the end of each the learner's state is taken out, and the next
begins with a new learner and new environments, which are given the state: from memory, or from the
file where a run was killed. So a run that goes on does what the uninterrupted run did, bit for bit,
in any environment whose reset decides everything.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

from stable_baselines3.common.callbacks import BaseCallback

from rlgen.levels.split import Split
from rlgen.policies.checkpoint import TrainedPolicy
from rlgen.protocol.groups import Evaluation, Monitoring, Training
from rlgen.training import state as states
from rlgen.training.agent_spec import AgentSpec
from rlgen.training.prepared import Prepared, prepare
from rlgen.training.state import State
from rlgen.training.test_worker import OnCheckpoint, TestWorker

#: Called with the state at the end of each segment, and whether it is the last.
Keep = Callable[[State, bool], None]


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
    after: Sequence[int] = (),
    begin: State | None = None,
    keep: Keep | None = None,
) -> Trained:
    """Train on ``split.train``.

    At each checkpoint the frozen weights are evaluated on levels of all three pools; nothing that
    is measured there reaches the learner. Seeds torch's global generator, as stable-baselines3
    does.

    Args:
        split: The levels.
        agent: The algorithm, its network and its regularisation.
        training: How long it learns, and how often its state is kept.
        seed: Of weights, exploration, level order and drawn hyper-parameters.
        monitoring: How often and on how many levels it is watched; by default as a protocol's.
        evaluation: How checkpoints are evaluated where returns cannot be computed.
        device: "cpu", "cuda" or "auto".
        on_checkpoint: Called at each checkpoint of the curve.
        after: Steps of the shorter runs that this one continues: there, too, a segment ends.
        begin: The state, of a run with the same arguments, in which to begin; or the last one of
            the shorter run, which is the same.
        keep: Called at the end of each segment.

    Raises:
        DamagedStoreError: If ``begin`` is not a state of this agent.
    """
    state = begin
    while True:
        number = state.segment if state is not None else 0
        ready = prepare(split.family, split.train, agent, seed=seed, segment=number, device=device)
        watched = states.restore(ready.model, state) if state is not None else None
        state = None  # what is replayed may be large
        worker = TestWorker(
            ready.policy,
            split,
            (*after, training.steps),
            monitoring or Monitoring(),
            evaluation or Evaluation(),
            seed,
            on_checkpoint,
            watched,
        )
        done = ready.model.num_timesteps >= training.steps
        if not done:
            done = _learn(ready, training, after, worker)
            if done:
                worker.checkpoint(last=True)
            state = states.of(ready.model, segment=number + 1, watched=worker.state)
            if keep is not None:
                keep(state, done)
        ready.env.close()
        if done:
            return Trained(
                ready.policy,
                worker.curve,
                ready.settings,
                ready.model.num_timesteps,
                worker.training_seconds,
            )


def _learn(ready: Prepared, training: Training, after: Sequence[int], worker: TestWorker) -> bool:
    """Learn to the end of a segment; whether it was the last."""
    model, steps = ready.model, training.steps
    done = model.num_timesteps
    # As of the last update.
    model._current_progress_remaining = 1.0 - done / steps
    pause = _Pause(training.checkpoint_every or 0, after)
    try:
        model.learn(
            total_timesteps=steps - done,
            callback=[worker, *ready.callbacks, pause],
            reset_num_timesteps=not done,
        )
    except _Paused:
        return False
    return True


class _Paused(Exception):  # noqa: N818
    """Ends a segment: not all algorithms ask whether to go on."""


class _Pause(BaseCallback):
    """Ends a segment before the first rollout after a multiple of so many steps, or after others.

    Args:
        every: Of which multiples; 0: of none.
        after: Others.
    """

    def __init__(self, every: int, after: Sequence[int]) -> None:
        super().__init__()
        self._every, self._after = every, after

    def _on_training_start(self) -> None:
        done = self.model.num_timesteps
        ends = [step for step in self._after if step > done]
        if self._every:
            ends.append((done // self._every + 1) * self._every)
        self._end = min(ends, default=inf)

    def _on_rollout_start(self) -> None:
        if self.model.num_timesteps >= self._end:
            raise _Paused

    def _on_step(self) -> bool:
        return True
