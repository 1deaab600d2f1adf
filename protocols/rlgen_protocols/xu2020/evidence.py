"""The study as claims, controls and figures read it: one curve a network and seed."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from rlgen.analysis.results import Results
from rlgen.analysis.stats.intervals import NAN, Estimate, run_mean
from rlgen_protocols.xu2020.curves import Curve

#: Columns of ``curves``; ``last`` is the accuracy on most examples.
COLUMNS = ["task", "model", "seed", "n", "accuracy", "area", "n90", "last", "weights"]


def reasoning(results: Results, *, labels: str = "true", copy: int | None = 0) -> pd.DataFrame:
    """Cells of the paper's tasks; of all copies where ``copy`` is None."""
    rows = results.measured("reasoning")
    rows = rows[rows["labels"] == labels]
    return rows if copy is None else rows[rows["copy"] == copy]


def task_curves(results: Results) -> pd.DataFrame:
    """Curves of the paper's tasks; those of the authors' sizes are named by them."""
    rows = reasoning(results)
    small = rows["form"] == "small"
    names = rows["task"].where(small, rows["task"] + ", " + rows["form"])
    return curves(rows.assign(task=names, accuracy=rows["test"]))


def maze_curves(results: Results) -> pd.DataFrame:
    """Curves of questions about mazes."""
    return curves(maze_fits(results))


def maze_fits(results: Results) -> pd.DataFrame:
    """One row a network: ``task, model, seed, n, accuracy, weights, train``, and by distance."""
    table = [
        {
            "task": row["question"],
            "model": model,
            "seed": row["seed"],
            "n": row["n"],
            "accuracy": fit["test"],
            "train": fit["train"],
            "weights": fit["weights"],
            "by_distance": fit["by_distance"],
            "distances": row["distances"],
        }
        for row in results.measured("mazes").to_dict("records")
        for model, fit in row["fits"].items()
    ]
    columns = ["task", "model", "seed", "n", "accuracy", "train", "weights"]
    return pd.DataFrame(table, columns=[*columns, "by_distance", "distances"])


def policy_curves(results: Results) -> pd.DataFrame:
    """Curves of agreement with the planner on held-out levels, by number of training levels."""
    rows = results.measured("policies")
    named = {"n_train_levels": "n", "network": "model", "validation": "accuracy"}
    return curves(rows.rename(columns=named).assign(task="policies", weights=NAN))


def curves(rows: pd.DataFrame) -> pd.DataFrame:
    """One row a task, network and seed, of those with all numbers of examples of the task.

    Args:
        rows: With ``task, model, seed, n, accuracy, weights``.
    """
    table: list[dict[str, Any]] = []
    for task, own in rows.groupby("task", sort=False):
        sizes = own["n"].nunique()
        for (model, seed), some in own.groupby(["model", "seed"], sort=False):
            ordered = some.sort_values("n")
            if len(ordered) < sizes:
                continue
            curve = Curve(ordered["n"].tolist(), ordered["accuracy"].tolist())
            table.append(
                {
                    "task": task,
                    "model": model,
                    "seed": seed,
                    "n": list(curve.n),
                    "accuracy": list(curve.accuracy),
                    "area": curve.area,
                    "n90": curve.reaching(),
                    "last": curve.accuracy[-1],
                    "weights": float(ordered["weights"].iloc[-1]),
                }
            )
    return pd.DataFrame(table, columns=COLUMNS)


def difference(
    rows: pd.DataFrame, one: str, other: str | Sequence[str], value: str = "area"
) -> Estimate:
    """The mean over seeds of a value of one network less that of another, or the best of others.

    Args:
        rows: Curves of one task.
        one: Its name.
        other: The other, or the others.
        value: A column.
    """
    table = rows.pivot_table(index="seed", columns="model", values=value)
    others = [other] if isinstance(other, str) else list(other)
    others = [name for name in others if name in table]
    if one not in table or not others:
        return Estimate(NAN, reason="there are no runs yet")
    # A seed counts where all of them have been run.
    whole = table[[one, *others]].dropna()
    if whole.empty:
        return Estimate(NAN, reason="there are no runs yet")
    return run_mean((whole[one] - whole[others].max(axis=1)).to_numpy(float))


def rounds_of(rows: pd.DataFrame, prefix: str, suffix: str = "") -> list[int]:
    """The numbers of rounds of the graph networks that were run, increasing."""
    names = rows["model"].unique()
    own = [n for n in names if n.startswith(prefix) and n.endswith(suffix)]
    middles = [n.removeprefix(prefix).removesuffix(suffix) for n in own]
    return sorted(int(middle) for middle in middles if middle.isdigit())


def over_seeds(rows: pd.DataFrame, value: Callable[[pd.DataFrame], float]) -> Estimate:
    """The mean over seeds of a number of each seed's rows, with its interval."""
    values = [float(value(own)) for _, own in rows.groupby("seed", sort=True)]
    if not values:
        return Estimate(NAN, reason="there are no runs yet")
    return run_mean(np.array(values))
