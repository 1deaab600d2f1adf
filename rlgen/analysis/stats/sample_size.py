"""How large a study must be: what ``rlgen power`` answers (method 2.8)."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from rlgen.analysis.stats import intervals, power
from rlgen.analysis.stats.components import components
from rlgen.analysis.stats.estimates import GROUPS, why_apart
from rlgen.analysis.stats.intervals import NAN
from rlgen.analysis.stats.tables import CELL, fold
from rlgen.analysis.stats.variance import two_way

#: Numbers of levels that are tried by default: beyond the first, more change almost nothing.
LEVELS = (100, 200, 1000)


@dataclass(frozen=True)
class Spread:
    """Standard deviations of the gap, or of a difference, in units of return.

    Attributes:
        run: Between runs, their own training levels included.
        residual: Run by test level.
        level: Between test levels; 0 for a difference of two arms on the same levels, in which
            it cancels.
        runs: Runs of a cell that this was estimated from; 0 where it was not estimated.
        levels: Test levels.
        reason: Why it is nan.
    """

    run: float
    residual: float
    level: float = 0.0
    runs: int = 0
    levels: int = 0
    reason: str = ""


def gap_spread(records: pd.DataFrame) -> Spread:
    """Standard deviations of the gap in a study, its cells pooled.

    A cell counts by its degrees of freedom between runs. Left out are cells of one run or one
    level, with a return that is not a number, whose runs faced different test levels, or some of
    whose runs share their training levels.

    Args:
        records: Columns as in ``records.RECORDS``, or folded, of one condition.

    Returns:
        With the fewest runs and levels of the cells that count; nan with a reason for no cell.
    """
    cells, reason = [], "there are no runs with training and test levels"
    for _, cell in fold(records).groupby(CELL, observed=True):
        held_out, trained = (cell[cell["split"] == pool] for pool in ("test", "train"))
        if len(held_out) and (why := why_apart(held_out, "held-out")):
            reason = why
            continue
        if len(trained) and why_apart(trained, "train") == GROUPS:
            reason = GROUPS
            continue
        pools = {
            pool: {
                run: pd.Series(values, levels)
                for run, levels, values in zip(
                    rows["run_id"], rows["level_id"], rows["ret_mean"], strict=True
                )
            }
            for pool, rows in cell.groupby("split", observed=True)
        }
        train, test = pools.get("train", {}), pools.get("test", {})
        # A level that one run was not evaluated on is nan, and the cell is left out.
        table = pd.DataFrame(test).to_numpy(np.float64).T
        if not len(train) or not table.size:
            continue
        means = np.array([train[run].mean() if run in train else NAN for run in test])
        gaps = means - table.mean(axis=1)
        if why := _left_out(gaps, table):
            reason = why
            continue
        parts = two_way(table)
        # The gap's variance holds the residual's share of a mean over the test levels.
        run = max(gaps.var(ddof=1) - parts.var_residual / table.shape[1], 0.0)
        cells.append((len(gaps), table.shape[1], run, parts.var_residual, parts.var_level))
    if not cells:
        return Spread(NAN, NAN, NAN, reason=reason)
    runs, levels, *variances = zip(*cells, strict=True)
    pooled = np.average(variances, axis=1, weights=np.array(runs) - 1)
    run, residual, level = (float(sd) for sd in np.sqrt(pooled))
    return Spread(run, residual, level, min(runs), min(levels))


def _left_out(gaps: intervals.Floats, table: intervals.Floats) -> str:
    if reason := intervals.missing(table) or intervals.missing(gaps[:, None]):
        return reason
    return components(table).reason if min(table.shape) < 2 else ""


def answers(
    spread: Spread,
    *,
    gap: float | None = None,
    runs: int | None = None,
    levels: int | None = None,
    chance: float = power.POWER,
    budget: tuple[float, float, float] | None = None,
) -> dict[str, Any]:
    """Answer every question for which the settings suffice.

    Args:
        spread: Standard deviations.
        gap: Difference to be found, in units of return.
        runs: S.
        levels: L.
        chance: Power, the probability of finding it.
        budget: Total, cost of training a run, cost of evaluating it on a level; in one unit.

    Returns:
        ``needs``: for a gap, ``[{"levels", "runs"}]``, the runs needed on each number of levels,
        None where no number is enough;
        ``levels_needed``: for a gap and runs, None where no number is enough; ``detects``: for
        runs and levels, the smallest gap found with this power; ``split``: for a budget
        ``{"runs", "levels", "cost", "sd_mean", "detects"}``. Other questions are left out.

    Raises:
        RlgenError: For settings that make no sense.
    """
    answer: dict[str, Any] = {}
    sds, options = (spread.run, spread.residual), {"power": chance, "sd_level": spread.level}
    if gap is not None:
        answer["needs"] = [
            {"levels": n, "runs": power.runs_needed(gap, *sds, n, **options)}
            for n in ((levels,) if levels else LEVELS)
        ]
        if runs is not None:
            answer["levels_needed"] = power.levels_needed(gap, *sds, runs, **options)
    if runs is not None and levels is not None:
        answer["detects"] = power.detectable(*sds, runs, levels, **options)
    if budget is not None:
        best = power.best_split(*budget, spread.run, spread.level, spread.residual)
        answer["split"] = {
            "runs": best.runs,
            "levels": best.levels,
            "cost": best.cost,
            "sd_mean": best.sd_mean,
            "detects": power.detectable(*sds, best.runs, best.levels, **options),
        }
    return answer
