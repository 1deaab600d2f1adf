"""Returns of a policy on levels: computed where possible, otherwise estimated from rollouts."""

from collections.abc import Sequence

from rlgen.evaluation import exact, open_loop, rollout
from rlgen.evaluation.outcome import Outcome
from rlgen.evaluation.rollout import EPISODES
from rlgen.levels.capabilities import Tabular
from rlgen.levels.family import Family, Levels
from rlgen.perturbations.condition import Condition
from rlgen.policies.base import Categorical, Policy
from rlgen.policies.open_loop import OpenLoopPolicy

__all__ = ["EPISODES", "Outcome", "can_be_exact", "evaluate"]


def can_be_exact(policy: Policy, family: Family, condition: Condition) -> bool:
    """Whether the policy's returns under this condition can be computed.

    Returns of an ``OpenLoopPolicy`` can be computed where starts are fixed, since the start decides
    its script.
    """
    if condition.noise:
        return False
    if isinstance(policy, OpenLoopPolicy):
        computable = not condition.random_spawn
    else:
        computable = isinstance(policy, Categorical) and policy.memoryless
    return computable and isinstance(family, Tabular)


def evaluate(
    policy: Policy,
    family: Family,
    levels: Levels,
    conditions: Sequence[Condition],
    *,
    episodes: int = EPISODES,
    seed: int = 0,
) -> dict[str, Outcome]:
    """Evaluate a policy on each level under each condition.

    Args:
        policy: The policy.
        family: Family of the levels.
        levels: ``L`` levels.
        conditions: The conditions.
        episodes: Episodes on each level under each condition, where ``can_be_exact`` is False.
        seed: Seed of these episodes.

    Returns:
        Outcomes by condition name, in the order of the conditions.
    """
    computed = [c for c in conditions if can_be_exact(policy, family, c)]
    played = [c for c in conditions if c not in computed]
    outcomes: dict[str, Outcome] = {}
    if isinstance(policy, OpenLoopPolicy):
        outcomes |= open_loop.evaluate(policy, family, levels, computed)
    elif computed:
        outcomes |= exact.evaluate(policy, family, levels, computed)
    outcomes |= rollout.evaluate(policy, family, levels, played, episodes=episodes, seed=seed)
    return {condition.name: outcomes[condition.name] for condition in conditions}
