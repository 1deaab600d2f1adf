"""From a policy and levels to returns: computed where possible, else sampled."""

from collections.abc import Sequence

from rlgen.evaluation import exact, open_loop, rollout
from rlgen.evaluation.outcome import Outcome
from rlgen.evaluation.rollout import EPISODES
from rlgen.levels.family import Family, Levels
from rlgen.perturbations.condition import Condition
from rlgen.policies.base import AnyPolicy, MemorylessPolicy
from rlgen.policies.open_loop import OpenLoopPolicy

__all__ = ["EPISODES", "Outcome", "can_be_exact", "evaluate"]


def can_be_exact(policy: AnyPolicy, family: Family, levels: Levels, condition: Condition) -> bool:
    """Whether the policy's returns on these levels under this condition can be computed.

    Scripts are computed where the start is known, since it is the start that chooses them.
    """
    if condition.noise:
        return False
    if isinstance(policy, OpenLoopPolicy):
        known = not condition.random_spawn
    else:
        known = isinstance(policy, MemorylessPolicy) and policy.memoryless
    return known and len(levels) > 0 and family.tabular(levels.take(slice(0, 1))) is not None


def evaluate(
    policy: AnyPolicy,
    family: Family,
    levels: Levels,
    conditions: Sequence[Condition],
    *,
    episodes: int = EPISODES,
    seed: int = 0,
) -> dict[str, Outcome]:
    """The outcome on each level under each condition, by condition name, in their order.

    Exact where ``can_be_exact`` says so; otherwise from ``episodes`` episodes on each level.
    """
    computed = [c for c in conditions if can_be_exact(policy, family, levels, c)]
    played = [c for c in conditions if c not in computed]
    found: dict[str, Outcome] = {}
    if isinstance(policy, OpenLoopPolicy):
        found |= open_loop.evaluate(policy, family, levels, computed)
    elif computed:
        assert isinstance(policy, MemorylessPolicy)
        found |= exact.evaluate(policy, family, levels, computed)
    found |= rollout.evaluate(policy, family, levels, played, episodes=episodes, seed=seed)
    return {condition.name: found[condition.name] for condition in conditions}
