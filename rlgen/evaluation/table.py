"""Record tables: the outcome of one policy on some levels as a data frame."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from rlgen import evaluation
from rlgen.evaluation import reference
from rlgen.evaluation.outcome import Outcome
from rlgen.levels.family import Family, Levels
from rlgen.perturbations.condition import Condition
from rlgen.policies.base import Policy


def table(
    policy: Policy,
    family: Family,
    levels: Levels,
    conditions: Sequence[Condition],
    *,
    episodes: int = evaluation.EPISODES,
    seed: int = 0,
    cache: Path | None = None,
) -> pd.DataFrame:
    """Evaluate a policy: one row per level and condition, grouped by condition.

    Args:
        policy: The policy to evaluate.
        family: Family of the levels.
        levels: ``L`` levels.
        conditions: The conditions.
        episodes: Episodes per level and condition where returns cannot be computed.
        seed: Seed of rollouts.
        cache: See ``reference.returns``.

    Returns:
        The columns ``level_id``, ``condition``, the fields of ``Outcome``, ``oracle_ret`` and
        ``random_ret`` (nan where unknown), ``exact``, ``n_episodes`` (0 where exact).
    """
    exact = {c.name: evaluation.can_be_exact(policy, family, c) for c in conditions}
    outcomes = evaluation.evaluate(policy, family, levels, conditions, episodes=episodes, seed=seed)
    references = reference.returns(family, levels, conditions, cache, episodes=episodes)
    unknown = np.full(len(levels), np.nan)
    parts = []
    for name, outcome in outcomes.items():
        oracle, random = references.get(name, (unknown, unknown))
        columns = {"level_id": levels.ids, "condition": name}
        columns |= {field: getattr(outcome, field) for field in Outcome.FIELDS}
        columns |= {"oracle_ret": oracle, "random_ret": random}
        columns |= {"exact": exact[name], "n_episodes": 0 if exact[name] else episodes}
        parts.append(pd.DataFrame(columns))
    return pd.concat(parts, ignore_index=True)
