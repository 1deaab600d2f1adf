"""Whether a model has learnt in the environments that it has now alone, by its own counters."""

from dataclasses import dataclass
from typing import Any, Self

from rlgen.util.words import counted


@dataclass(frozen=True)
class Counters:
    """Counters of a model of stable-baselines3, and of its environments.

    Attributes:
        steps: Steps of the environments that are known to have been its own.
        taken: Steps that it counts itself, by default anew in each call of ``learn``.
        updates: Updates of its network, which are never counted anew.
    """

    steps: int = 0
    taken: int = 0
    updates: int = 0

    @classmethod
    def of(cls, model: Any, steps: int) -> Self:
        """Those of a model."""
        updates = int(getattr(model, "_n_updates", 0))
        return cls(steps, int(getattr(model, "num_timesteps", 0)), updates)


def elsewhere(model: Any, now: Counters, accounted: Counters | None = None) -> str:
    """What shows that a model has learnt elsewhere too; empty if nothing does.

    Args:
        model: The model.
        now: Its counters.
        accounted: What they were when its user had said all that it had learnt on; None if never.
    """
    before = accounted or Counters()
    steps, taken = now.steps - before.steps, now.taken - before.taken
    updates = now.updates - before.updates
    if taken > steps:
        return f"it has made {counted(taken, 'step')}, and its LevelEnvs {counted(steps, 'step')}"
    most = most_updates(model, steps, accounted)
    if most is not None and updates > most:
        return (
            f"its network has had {counted(updates, 'update')}, and {counted(steps, 'step')} of "
            f"its LevelEnvs make {most:,}"
        )
    return ""


def is_certain(model: Any) -> bool:
    """Whether ``elsewhere`` notices earlier training of a model.

    Of off-policy models it may miss what is no longer than their ``learning_starts``.
    """
    stops_early = hasattr(model, "n_epochs") and getattr(model, "target_kl", None) is not None
    return most_updates(model, 0) is not None and not stops_early


def most_updates(model: Any, steps: int, accounted: Counters | None = None) -> int | None:
    """The most updates of a model's network in so many steps; None where it cannot be said.

    Args:
        model: The model.
        steps: Of its environments.
        accounted: Its counters before them, if it had learnt before.
    """
    n_envs = int(getattr(model, "n_envs", 1))
    if hasattr(model, "gradient_steps") and hasattr(model, "train_freq"):  # off-policy
        if not hasattr(model.train_freq, "frequency"):
            return None
        left = steps - (0 if accounted else int(model.learning_starts))
        if left <= 0:
            return 0
        in_steps = model.train_freq.unit.value == "step"
        every = int(model.train_freq.frequency) * n_envs if in_steps else 1  # at least one step
        each = int(model.gradient_steps)
        if each < 0:  # as many as steps; the first rollout may have begun before
            return left + every if in_steps else steps
        return (left // every + 1) * each
    if hasattr(model, "n_steps"):  # on-policy: so many epochs after each rollout
        rollout = int(model.n_steps) * n_envs
        is_within = accounted is not None and accounted.taken % rollout > 0
        return (steps // rollout + is_within) * int(getattr(model, "n_epochs", 1))
    return None
