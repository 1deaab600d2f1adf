"""The training steps of returns: which of them are of the same policy, and which are the last."""

import numpy as np
import pandas as pd

from rlgen.analysis.stats.tables import UNTOLD
from rlgen.errors import ImportedFileError
from rlgen.store.importing.columns import RUN


def aligned(rows: pd.DataFrame) -> tuple[pd.DataFrame, bool]:
    """Count episodes of learning agents at the evaluations that follow them.

    Monitors and logs of rollouts are written while an agent learns, at other steps than its
    evaluations. A return counts at the first evaluation after it; without a step, it is one of the
    last episodes and counts at the last evaluation; after the last evaluation it is left out.

    Args:
        rows: With columns of ``RUN``, ``condition``, ``step`` and ``learning``, bool.

    Returns:
        The rows, and whether any was aligned.
    """
    evaluated = rows[~rows["learning"] & (rows["step"] != UNTOLD)]
    if evaluated.empty or not rows["learning"].any():
        return rows, False
    key = [*RUN, "condition"]
    steps = {
        run: np.unique(part["step"].to_numpy(np.int64))
        for run, part in evaluated.groupby(key, sort=False)
    }
    kept, count = [], 0
    for run, part in rows.groupby(key, sort=False):
        there = steps.get(run)
        learning = part["learning"].to_numpy(np.bool_)
        if there is not None and learning.any():
            own = part["step"].to_numpy(np.int64)
            place = np.searchsorted(there, own)
            last = len(there) - 1
            place = np.where(own == UNTOLD, last, place)
            counts = ~learning | (place <= last)
            step = np.where(learning, there[np.minimum(place, last)], own)
            part = part.assign(step=step)[counts]
            count += 1
        kept.append(part)
    return pd.concat(kept).sort_index().reset_index(drop=True), count > 0


def with_final(rows: pd.DataFrame) -> pd.DataFrame:
    """Mark the last step at which a run has returns for all of its pools."""
    key = [*RUN, "condition"]
    steps = rows.drop_duplicates([*key, "pool", "step"])
    pools = steps.groupby(key)["pool"].transform("nunique")
    here = steps.groupby([*key, "step"])["pool"].transform("nunique")
    last = steps[here == pools].groupby(key)["step"].max().rename("last").reset_index()
    marked = rows.merge(last, on=key, how="left", validate="many_to_one")
    if marked["last"].isna().any():
        first = marked[marked["last"].isna()].iloc[0]
        raise ImportedFileError(
            f"run {first['run']!r}: its pools have no step in common, so no gap would compare one "
            "policy with itself"
        )
    return marked.assign(final=marked["step"] == marked["last"]).drop(columns="last")
