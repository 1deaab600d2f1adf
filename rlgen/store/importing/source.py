"""One file of results, as it was read."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

#: The column of rows that were measured while the agent learned; bool, False where missing.
LEARNING = "measured while learning"
#: Suffixes of names of returns in the logs of trainers: ``rollout/ep_rew_mean``.
RETURNS = ("mean_reward", "ep_rew_mean", "episodic_return", "episode_reward", "mean_return")
#: Where rlgen logs the difference of two returns.
DIFFERENCE = "gap"
_POOLS = {"train": "train", "validation": "validation", "test": "test"}
#: Where trainers log the returns of episodes that the agent learns from.
ROLLOUTS = ("rollout", "charts")


@dataclass(frozen=True)
class Source:
    """One file.

    Attributes:
        path: As on the command line.
        sha256: Of its bytes.
        rows: Strings from CSV; with our column names from files of known trainers.
        facts: Values that hold for all of its rows.
        notes: What readers need to know about how it was read.
        unused: Columns that are known and not needed, and so not reported as ignored.
        environment: Whether it is of one of several environments of a run, numbered in its name.
    """

    path: Path
    sha256: str
    rows: pd.DataFrame = field(default_factory=pd.DataFrame)
    facts: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    unused: frozenset[str] = frozenset({LEARNING})
    environment: bool = False

    def holding(self, rows: pd.DataFrame, *notes: str, **facts: str) -> "Source":
        """The file with what was read from it."""
        return replace(self, rows=rows, notes=(*self.notes, *notes), facts={**self.facts, **facts})


def logged_pool(metric: str) -> str | None:
    """The pool of a return in a trainer's log, or None where its name does not tell.

    Example:
        >>> logged_pool("eval/mean_reward"), logged_pool("rollout/ep_rew_mean")
        ('test', 'train')
        >>> logged_pool("eval_train/mean_reward"), logged_pool("eval_test/mean_reward")
        ('train', 'test')
    """
    first = metric.partition("/")[0].strip().lower()
    if is_rollout(metric):
        return "train"
    return {"eval": "test", **_POOLS}.get(first.removeprefix("eval_"))


def is_rollout(metric: str) -> bool:
    """Whether a trainer logs under this name what it measured while the agent learned."""
    return metric.partition("/")[0].strip().lower() in ROLLOUTS


def is_return(metric: str) -> bool:
    """Whether a trainer's log holds returns under this name."""
    first, _, last = metric.strip().lower().rpartition("/")
    return last in RETURNS and first != DIFFERENCE
