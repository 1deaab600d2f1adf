"""From a policy and levels to returns: computed where possible, else sampled."""

from collections.abc import Sequence

from rlgen.conditions import Condition
from rlgen.evaluation import exact, rollout
from rlgen.evaluation.outcome import Outcome
from rlgen.levels import Family, Levels
from rlgen.policy import MemorylessPolicy, Policy

__all__ = ["Outcome", "can_be_exact", "evaluate"]

#: Episodes a level where returns cannot be computed.
EPISODES = 100


def can_be_exact(policy: Policy, family: Family, levels: Levels) -> bool:
    """Whether the policy's returns on these levels can be computed."""
    return (
        isinstance(policy, MemorylessPolicy)
        and policy.memoryless
        and len(levels) > 0
        and family.tabular(levels.take(slice(0, 1))) is not None
    )


def evaluate(
    policy: Policy,
    family: Family,
    levels: Levels,
    conditions: Sequence[Condition],
    *,
    episodes: int = EPISODES,
    seed: int = 0,
) -> dict[str, Outcome]:
    """The outcome on each level under each condition, by condition name.

    Exact where the policy is memoryless and the levels are tabular; otherwise from ``episodes``
    episodes on each level.
    """
    if can_be_exact(policy, family, levels):
        assert isinstance(policy, MemorylessPolicy)
        return exact.evaluate(policy, family, levels, conditions)
    return rollout.evaluate(policy, family, levels, conditions, episodes=episodes, seed=seed)
