"""Which runs of a study belong to one of its parts, and how their returns are summed up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from rlgen.analysis.bounds import Cut, cut, possible
from rlgen.analysis.convergence import in_words
from rlgen.analysis.results import Results
from rlgen.analysis.stats.choices import GROUP, TOP
from rlgen.analysis.stats.estimates import pool_mean, why_apart
from rlgen.analysis.stats.intervals import NAN
from rlgen.analysis.stats.selection import top_k
from rlgen.analysis.stats.tables import CELL
from rlgen.analysis.verdicts import count
from rlgen.networks.lists import resolve
from rlgen.protocol.schema import Protocol
from rlgen.util.words import counted, exist


@dataclass(frozen=True)
class Returns:
    """What some runs earn on one pool under one condition.

    Attributes:
        top: Mean of the ``kept`` runs with the best training return, ties averaged; what the paper
            shows (A-23).
        kept: ``TOP``, or all runs where there are fewer.
        runs: How many there are.
        all: Mean of all runs with its interval, cut at the possible.
    """

    top: float
    kept: int
    runs: int
    all: Cut


class Selection:
    """The runs of one part.

    Args:
        results: The store's tables.
        part: What the part asks for.
        episodes: By run, see ``rlgen.evaluation.recording``.

    Attributes:
        jobs: One row a run: ``run_id``, ``seed``, the columns of ``CELL``, and ``requested``,
            the network as the part names it; a run that two names ask for has two rows.
    """

    def __init__(
        self,
        results: Results,
        part: Protocol,
        episodes: Mapping[str, Sequence[Mapping[str, Any]]] = MappingProxyType({}),
    ) -> None:
        self.results = results
        self.part = part
        self.episodes = episodes
        self.jobs = _jobs(results, part)

    def runs(self, **where: Any) -> list[str]:
        """Ids of the runs with these values of columns of ``jobs``, in ascending order."""
        rows = self.jobs
        for key, value in where.items():
            rows = rows[rows[key] == value]
        return sorted(set(rows["run_id"]))

    def best(self, runs: Sequence[str]) -> list[str]:
        """The runs that have a training return, in descending order of its mean."""
        measured = [run for run in runs if run in self._trained]
        return sorted(measured, key=lambda run: -self._trained[run])

    def returns(self, runs: Sequence[str], condition: str, pool: str) -> Returns | None:
        """What these runs earn; None if none of them was evaluated so.

        Args:
            runs: Ids.
            condition: Its canonical name.
            pool: "train" or "test".
        """
        keys = [(run, condition, pool) for run in runs if run in self._trained]
        positions = [self._positions[key] for key in keys if key in self._positions]
        if not positions:
            return None
        rows = self.results.folded.iloc[positions]
        values = list(rows["ret_mean"])
        means = np.array([own.mean() for own in values])
        trained = np.array([self._trained[run] for run in rows["run_id"].astype(str)])
        kept = min(TOP, len(means))
        estimate = pool_mean(values, why_apart(rows, pool))
        whole = {key: rows[key].iloc[0] for key in CELL}
        interval = cut(estimate, possible(self.results, whole, "return", pool))
        return Returns(top_k(trained, means, kept).mean, kept, len(means), interval)

    def table(self, wanted: Sequence[tuple[str, str]], *, by_network: bool = False) -> pd.DataFrame:
        """The returns of every setting of the part that has any.

        Args:
            wanted: Conditions and pools.
            by_network: Whether each requested network has rows of its own.

        Returns:
            Columns of ``GROUP``, ``requested`` if networks stand apart, ``condition``, ``split``,
            those of ``Returns`` with ``mean``, ``low``, ``high`` and ``reason`` for its estimate.
        """
        keys = [*GROUP, "requested"] if by_network else GROUP
        names = [*keys, "condition", "split", "runs", "kept", "top", "mean", "low", "high"]
        names.append("reason")
        rows = []
        for setting in self.settings(keys):
            runs = self.runs(**setting)
            for condition, pool in wanted:
                earned = self.returns(runs, condition, pool)
                if earned is not None:
                    rows.append(
                        setting
                        | {"condition": condition, "split": pool, "runs": earned.runs}
                        | {"top": earned.top, "kept": earned.kept}
                        | {key: getattr(earned.all, key) for key in names[-4:]}
                    )
        return pd.DataFrame(rows, columns=names)

    def note(self, data: pd.DataFrame, *more: str) -> str:
        """A note on what is missing from a drawing of the part, followed by further remarks."""
        total = len(list(self.settings([*GROUP, "agent", "requested"]))) * len(self.part.seeds)
        there = len(self.jobs)
        remarks = [] if there == total else [f"{there:,} of {exist(total, 'run')} there."]
        if missing := self._missing():
            remarks.append(f"Left out: {missing}.")
        if "kept" in data and data["kept"].between(1, TOP - 1).any():
            remarks.append(
                f"Settings with fewer than {TOP} runs show the mean of those as the best."
            )
        return " ".join([*remarks, *filter(None, more)])

    def settings(self, keys: Sequence[str]) -> list[dict[str, Any]]:
        """The product of the part's lists, numbers in ascending order."""
        lists = [_values(self.part, key) for key in keys]
        return [dict(zip(keys, values, strict=True)) for values in product(*lists)]

    def _missing(self) -> str:
        """The settings without a run, in words; those that differ only in numbers together.

        Of all of them how many cells and runs they are, and how long these would be trained.
        """
        names = ["family", "regulariser", "agent", "requested"]
        lines, cells = [], 0
        for name in self.settings(names):
            numbers: dict[tuple[float, ...], list[int]] = {}
            for n in _values(self.part, "n_train_levels"):
                absent = tuple(
                    p
                    for p in _values(self.part, "flip_p")
                    if not self.runs(**name, n_train_levels=n, flip_p=p)
                )
                numbers.setdefault(absent, []).append(n)
                cells += len(absent)
            pieces = [
                f"{', '.join(map(count, sizes))} levels at p = {', '.join(f'{p:g}' for p in ps)}"
                for ps, sizes in numbers.items()
                if ps
            ]
            if pieces:
                varying = [str(v) for key, v in name.items() if len(_values(self.part, key)) > 1]
                lines.append(" ".join([*varying, " and ".join(f"({piece})" for piece in pieces)]))
        if not cells:
            return ""
        runs = counted(cells * len(self.part.seeds), "run")
        cost = f"{counted(cells, 'cell')}, {runs} of {in_words(self.part.steps)} steps"
        return f"{cost}: {'; '.join(lines)}"

    @cached_property
    def _positions(self) -> dict[tuple[str, str, str], int]:
        folded = self.results.folded
        if folded.empty:
            return {}
        columns = (folded[key].astype(str) for key in ("run_id", "condition", "split"))
        return {key: row for row, key in enumerate(zip(*columns, strict=True))}

    @cached_property
    def _trained(self) -> dict[str, float]:
        """Mean training return of each run of the part."""
        means: dict[str, float] = {}
        for run in set(self.jobs["run_id"]):
            row = self._positions.get((run, self.results.main, "train"))
            mean = NAN if row is None else self.results.folded["ret_mean"].iloc[row].mean()
            if np.isfinite(mean):
                means[run] = float(mean)
        return means


def _values(part: Protocol, key: str) -> list[Any]:
    values = getattr(part, "network" if key == "requested" else key)
    return sorted(values) if key in ("n_train_levels", "flip_p") else list(values)


def _jobs(results: Results, part: Protocol) -> pd.DataFrame:
    names = ["run_id", "seed", *CELL]
    rows = results.folded.reindex(columns=names).drop_duplicates("run_id")
    # Names as text: categories of several columns compare with nothing else.
    rows = rows.astype(dict.fromkeys(("run_id", "family", "agent", "network", "regulariser"), str))
    for key in ("seed", *CELL):
        if key != "network":
            rows = rows[rows[key].isin(getattr(part, "seeds" if key == "seed" else key))]
    tables = []
    for name in part.network:
        drawn = [resolve(name, int(seed)) for seed in rows["seed"]]
        tables.append(
            rows[rows["network"] == pd.Series(drawn, rows.index, dtype=str)].assign(requested=name)
        )
    return pd.concat(tables, ignore_index=True)
