"""What probes measured of a study's runs, beside their gaps and the baselines they have to beat."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from rlgen.analysis.results import Results
from rlgen.analysis.stats.association import Association, kendall
from rlgen.analysis.stats.intervals import Estimate, run_mean
from rlgen.analysis.stats.stratified import Stratified, stratified
from rlgen.analysis.stats.tables import CELL

#: Settings of the task: runs that agree in them are one stratum, whatever learns.
STRATUM = ["family", "n_train_levels", "flip_p"]
#: The number that a probe has to beat where it was measured, else ``SCORE``.
ACCURACY = ("training-fit", "accuracy")
#: Runs are matched that fit their training labels to this many nats: otherwise every number is
#: about how far a network was trained (method A, section 5).
EXCESS, MATCHED = ("training-fit", "excess_nll"), 0.02
#: Columns of the baselines that records hold.
SCORE, LEVELS = "training score", "training levels, fewer first"


@dataclass(frozen=True)
class Number:
    """One number of one probe; or a baseline that records hold, whose probe is empty.

    Attributes:
        probe: Name of the probe.
        number: Its name among the probe's.
        meaning: With its unit.
        looks_at: What it depends on besides the policy.
        baseline: Whether others have to beat it.
        version: Of the probe.
    """

    probe: str
    number: str
    meaning: str
    looks_at: str
    baseline: bool
    version: int = 0

    @property
    def name(self) -> str:
        """The column of ``Probed.table``."""
        return f"{self.probe}: {self.number}" if self.probe else self.number


#: Baselines that records hold.
OF_RECORDS = (
    Number("", SCORE, "mean score on training levels", "training data", True),
    Number("", LEVELS, "minus the number of training levels", "training data", True),
)


@dataclass(frozen=True)
class Verdict:
    """What one number says of the gap.

    Attributes:
        number: The number.
        tau: Kendall's tau over all runs.
        within: Within strata.
        matched: Within strata, over runs that fit their training labels alike.
        advantage: Over training accuracy, within strata.
        runs: How many it rests on.
        word: "informative", "not shown to be informative", or "baseline".
    """

    number: Number
    tau: Association
    within: Estimate
    matched: Estimate
    advantage: Estimate
    runs: int
    word: str


class Probed:
    """The numbers of a study's runs.

    Args:
        results: Of a study, whether or not anything was probed.
    """

    def __init__(self, results: Results) -> None:
        self._results = results
        self.quantity = self._quantity()

    @cached_property
    def numbers(self) -> list[Number]:
        """All that was measured: baselines last."""
        members: dict[tuple[str, str], Number] = {}
        for run in self._results.probed.values():
            for probe, entry in run.items():
                for number, own in entry["numbers"].items():
                    members[probe, number] = Number(
                        probe,
                        number,
                        str(own["meaning"]),
                        str(entry["looks_at"]),
                        bool(entry["baseline"]),
                        int(entry["version"]),
                    )
        return sorted(members.values(), key=lambda each: (each.baseline, each.probe, each.number))

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a run: ``run_id``, ``seed``, ``CELL``, ``gap``, the baselines, and the numbers.

        Empty where nothing was probed. Gaps and training scores are normalised where planner and
        random agent are known, else returns.
        """
        rows = self._results.main_records
        rows = rows[rows["run_id"].isin(list(self._results.probed))]
        if rows.empty:
            return pd.DataFrame()
        runs = rows[["run_id", "seed", *CELL]].drop_duplicates("run_id").set_index("run_id")
        means = {
            pool: rows[rows["split"] == pool].set_index("run_id")[self.quantity].map(np.mean)
            for pool in ("train", "test")
        }
        table = runs.assign(
            **{
                "gap": means["train"] - means["test"],
                SCORE: means["train"],
                LEVELS: -runs["n_train_levels"],
            }
        )
        for number in self.numbers:
            table[number.name] = [self._value(str(run), number) for run in table.index]
        return table.reset_index().astype(dict.fromkeys(("run_id", *_WORDS), "str"))

    def of_cell(self, cell: Mapping[str, Any], number: Number) -> tuple[Estimate, int]:
        """Mean of a number over a cell's runs with its interval, and how many runs have it."""
        rows = self._rows_of(cell)
        values = rows[number.name].to_numpy(float) if len(rows) else np.zeros(0)
        values = values[np.isfinite(values)]
        if not len(values):
            return Estimate(float("nan"), reason=self._reason(rows, number)), 0
        return run_mean(values), len(values)

    @cached_property
    def verdicts(self) -> list[Verdict]:
        """What each number says of the gap, baselines last."""
        if self.table.empty:
            return []
        every, matched = self._stratified(self.table), self._stratified(self.table[self.matches])
        bar = self.bar.name
        verdicts = []
        for number in (*self.numbers, *OF_RECORDS):
            both = self.table[["gap", number.name]].dropna()
            within, advantage = every.tau(number.name), every.advantage(number.name, bar)
            if number.name == bar:
                advantage = Estimate(float("nan"), reason="it is this baseline")
            verdicts.append(
                Verdict(
                    number,
                    kendall(both[number.name], both["gap"]),
                    within,
                    matched.tau(number.name),
                    advantage,
                    every.runs[number.name],
                    _word(number, within, advantage),
                )
            )
        return verdicts

    @cached_property
    def bar(self) -> Number:
        """The baseline that a number has to beat."""
        exact = [n for n in self.numbers if (n.probe, n.number) == ACCURACY]
        return exact[0] if exact and self.table[exact[0].name].notna().any() else OF_RECORDS[0]

    @cached_property
    def matches(self) -> pd.Series:
        """Which runs fit their training labels alike, by row of the table."""
        name = Number(*EXCESS, "", "", True).name
        if name not in self.table:
            return pd.Series(False, index=self.table.index)
        return self.table[name] <= MATCHED

    @cached_property
    def reasons(self) -> list[tuple[str, str, int]]:
        """Probe, reason and number of runs of what could not be measured."""
        counts: dict[tuple[str, str], set[str]] = {}
        for run, probes in self._results.probed.items():
            for probe, entry in probes.items():
                for own in entry["numbers"].values():
                    if own["reason"]:
                        reason = self._bare(run, str(own["reason"]))
                        counts.setdefault((probe, reason), set()).add(run)
        return [(probe, why, len(runs)) for (probe, why), runs in sorted(counts.items())]

    def _stratified(self, rows: pd.DataFrame) -> Stratified:
        strata = [" | ".join(map(str, keys)) for keys in rows[STRATUM].itertuples(index=False)]
        columns = {n.name: rows[n.name].to_numpy(float) for n in (*self.numbers, *OF_RECORDS)}
        return stratified(columns, rows["gap"].to_numpy(float), strata)

    def _quantity(self) -> str:
        rows = self._results.main_records
        scored = len(rows) and all(np.isfinite(v).all() for v in rows["normalised"])
        return "normalised" if scored else "ret_mean"

    def _value(self, run: str, number: Number) -> float:
        own = self._results.probed[run].get(number.probe, {}).get("numbers", {})
        value = own.get(number.number, {}).get("value")
        return float("nan") if value is None else float(value)

    def _rows_of(self, cell: Mapping[str, Any]) -> pd.DataFrame:
        rows = self.table
        if rows.empty:
            return rows
        return rows[np.logical_and.reduce([rows[key] == cell[key] for key in CELL])]

    def _reason(self, rows: pd.DataFrame, number: Number) -> str:
        for run in rows["run_id"] if len(rows) else ():
            entry = self._results.probed[run].get(number.probe, {})
            if reason := entry.get("numbers", {}).get(number.number, {}).get("reason"):
                return self._bare(run, str(reason))
        return "not measured"

    def _bare(self, run: str, reason: str) -> str:
        """A reason without the name of the run's policy, so that equal ones are counted."""
        labels = {entry["id"]: str(entry["label"]) for entry in self._results.plan}
        return reason.removeprefix(f"{labels.get(run, '')}: ")


_WORDS: Sequence[str] = ("family", "agent", "network", "regulariser")


def _word(number: Number, within: Estimate, advantage: Estimate) -> str:
    if number.baseline:
        return "baseline"
    ordered = within.low > 0 or within.high < 0
    return "informative" if ordered and advantage.low > 0 else "not shown to be informative"
