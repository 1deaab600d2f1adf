"""The results of a finished study, read from its store: tables, and nothing that can train."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from rlgen import papers
from rlgen.analysis import convergence, one_policy, unseen
from rlgen.analysis.bounds import above_oracle, beyond, beyond_oracle
from rlgen.analysis.claims import Margins
from rlgen.analysis.compared import Compared
from rlgen.analysis.measurements import Measurements
from rlgen.analysis.ordering import in_order
from rlgen.analysis.stats.choices import Group, groups
from rlgen.analysis.stats.estimates import POOLS, SHOWN, by_key, estimates
from rlgen.analysis.stats.grouped import Groups, by_group
from rlgen.analysis.stats.intervals import Estimate
from rlgen.analysis.stats.plateau import Trend
from rlgen.analysis.stats.tables import CELL, NEEDED, by_cell, cell_key, fold, fold_tables
from rlgen.analysis.verdicts import Verdict, judge, words_of
from rlgen.papers import Paper
from rlgen.protocol.schema import Protocol
from rlgen.store.imported import Imported
from rlgen.store.preparing import not_counted
from rlgen.store.run_store import RunStore

#: The condition by which cells are judged; if the study lacks it, the first of the protocol.
MAIN = "plain"


@dataclass(frozen=True)
class Results:
    """Everything that a report is made of, read from a store.

    Attributes:
        protocol: The declared protocol; for imported results what stands in its place.
        records: One row a run, level and condition; folded (``stats.tables``) if read from a store.
        curves: One row a run, checkpoint and pool, with the run's columns of ``CELL``.
        plan: Every planned cell.
        provenance: Versions, machine and times of each run, by run id.
        trajectories: Recorded episodes of each run, by run id.
        failures: Traceback of each failed cell, by cell id.
        accesses: The log of who read which pool, and why.
        parts: The protocols of a suite, by part.
        claims_declared: ``sha256`` of the claims' margins, and when they were ``declared``.
        margins: Margins of each claim that the study decides.
        clones: Readings of detectors on networks cloned from the planner.
        recorded: Contents of the files that the study's paper adds to runs, by file and run.
        others: Ids of the finished cells that hold no records, such as cloned networks.
        measurements: What the cells of experiments measured.
        probed: What probes measured of each run's policy, by run and probe.
        not_counted: Why stored runs are no part of the answer (``store.preparing``), a line each.
        under_way: Learning curves so far of runs that have not ended, by their id.
        level_groups: Groups of levels by split and pool, where whole ones are held out.
    """

    protocol: Protocol | Imported
    records: pd.DataFrame
    curves: pd.DataFrame
    plan: list[dict[str, Any]]
    provenance: Mapping[str, dict[str, Any]]
    trajectories: Mapping[str, list[dict[str, Any]]]
    failures: Mapping[str, str]
    accesses: Sequence[Mapping[str, Any]] = ()
    parts: Mapping[str, Protocol] = field(default_factory=dict)
    claims_declared: Mapping[str, str] = field(default_factory=dict)
    clones: Sequence[Mapping[str, Any]] = ()
    margins: Margins = field(default_factory=dict)
    recorded: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    others: Sequence[str] = ()
    not_counted: Sequence[str] = ()
    measurements: Measurements = field(default_factory=Measurements)
    probed: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    under_way: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    level_groups: Groups = field(default_factory=dict)

    @classmethod
    def load(cls, store: RunStore) -> "Results":
        """Read a store.

        Raises:
            StoreError: If it is damaged, or no store.
        """
        declared, everything = store.declared(), store.plan()
        reasons = not_counted(everything, store.inventory().runs)
        plan = [entry for entry in everything if entry["id"] not in reasons]
        level_groups = unseen.groups_of(store, declared)
        curves = store.curves().astype({"run_id": "str"})
        folded = fold_tables(store.record_tables(NEEDED), convergence.watched(curves))
        records = by_group(folded, level_groups)
        runs = records[["run_id", "seed", *CELL]].drop_duplicates("run_id")
        paper = papers.catalogue()[declared.paper] if declared.paper else Paper()
        return cls(
            declared,
            records,
            curves.merge(runs.astype({"run_id": "str"}), on="run_id", validate="many_to_one"),
            plan,
            store.provenance(),
            store.trajectories(),
            store.failures(),
            store.accesses(),
            store.parts(),
            store.claims_declared(),
            store.clones(),
            store.margins(),
            {n: own for n, s in paper.checks().items() if (own := store.recorded(n, s))},
            [c["id"] for c in plan if not c.get("records", True) and store.has(c["id"])],
            sorted(reasons.values()),
            Measurements.read(store),
            store.probed(),
            store.checkpoints.curves(),
            level_groups,
        )

    @cached_property
    def paper(self) -> Paper | None:
        """The paper that the study reproduces."""
        return papers.catalogue()[self.protocol.paper] if self.protocol.paper else None

    @cached_property
    def estimates(self) -> pd.DataFrame:
        """Means and intervals by cell, condition and quantity; see ``stats.estimates``."""
        return self._estimates[SHOWN]

    @cached_property
    def _estimates(self) -> pd.DataFrame:
        return estimates(self.folded)

    @cached_property
    def folded(self) -> pd.DataFrame:
        """The records with one row a run, condition and pool; see ``stats.tables``."""
        return fold(self.records)

    @cached_property
    def main(self) -> str:
        """The condition by which cells are judged."""
        faced = list(dict.fromkeys(map(str, self.records["condition"])))
        ordered = [*(name for name in self.protocol.conditions if name in faced), *faced]
        return MAIN if MAIN in faced or not ordered else ordered[0]

    @cached_property
    def main_records(self) -> pd.DataFrame:
        """The folded records of the main condition."""
        return self.folded[self.folded["condition"] == self.main]

    @cached_property
    def compared(self) -> Compared:
        """Its agents, networks and regularisers beside each other, in the protocol's order."""
        return Compared.of(self.main_records, self.protocol)

    @cached_property
    def groups(self) -> list[Group]:
        """Groups of runs with the same task; see ``stats.choices``."""
        return groups(self.main_records)

    def records_of(self, cell: Mapping[str, Any]) -> pd.DataFrame:
        """Folded records of one cell under the main condition."""
        rows = self.main_records
        return rows[np.logical_and.reduce([rows[name] == cell[name] for name in CELL])]

    def facts(self, cell: Mapping[str, Any]) -> Mapping[str, Any]:
        """Facts about a cell's family (``rlgen.study.facts``); empty for older stores."""
        return self._facts.get(cell_key(cell), {})

    def settings_of(self, cell: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        """Settings of the planned runs of a cell of the grid, in their order."""
        return self._settings.get(cell_key(cell), ())

    @cached_property
    def _settings(self) -> Mapping[tuple[Any, ...], Sequence[Mapping[str, Any]]]:
        return by_cell(self.plan)

    @cached_property
    def _facts(self) -> dict[tuple[Any, ...], Mapping[str, Any]]:
        own = [c for c in self.plan if "facts" in c and c.get("records", True)]
        return {tuple(c["settings"].get(name) for name in CELL): c["facts"] for c in own}

    @cached_property
    def beyond(self) -> dict[tuple[Any, ...], str]:
        """Of each cell, by its values, which return is beyond its scale; see ``bounds``."""
        return {cell_key(cell): beyond(self, cell) for cell in self.cells}

    @cached_property
    def alarms(self) -> dict[str, int]:
        """Step of the first alarm of each run that had one, ``training.overfitting_alarm``."""
        first = self.curves[self.curves["gap_low"] > 0].groupby("run_id")["step"].min()
        return {str(run): int(step) for run, step in first.items()}

    @cached_property
    def trends(self) -> dict[str, Trend]:
        """Whether the training of each run had ended, by run id; see ``convergence``."""
        return convergence.trends(self)

    @cached_property
    def conditions(self) -> list[str]:
        """All conditions: the main one, then in the order of the protocol."""
        measured = sorted(set(self.folded["condition"]))
        declared = [name for name in self.protocol.conditions if name in measured]
        return list(dict.fromkeys([self.main, *declared, *measured]))

    @cached_property
    def pools(self) -> list[str]:
        """Names of the further pools: those declared, in their order, then others with records."""
        declared = () if isinstance(self.protocol, Imported) else self.protocol.pools
        measured = [str(pool) for pool in self.folded["split"].unique()]
        return [pool for pool in dict.fromkeys([*declared, *measured]) if pool not in POOLS]

    def measured(self, experiment: str) -> pd.DataFrame:
        """What an experiment of the study's paper measured: see ``Measurements.table``."""
        members = self.paper.experiments if self.paper else {}
        return self.measurements.table(experiment, members[experiment], self.plan)

    @property
    def trains(self) -> bool:
        """Whether the study is of agents, which have returns; not of experiments alone."""
        return isinstance(self.protocol, Imported) or self.protocol.trains

    @cached_property
    def imported(self) -> bool:
        """Whether the results were measured elsewhere: there are no policies and no family."""
        return isinstance(self.protocol, Imported)

    @cached_property
    def missing(self) -> list[dict[str, Any]]:
        """Planned cells that have not been computed."""
        done = {*self.provenance, *self.others}
        return [cell for cell in self.plan if cell["id"] not in done]

    def estimate(
        self, cell: Mapping[str, Any], condition: str, quantity: str, part: str
    ) -> Estimate:
        """An estimate with its interval; nan, "not measured", where there is none.

        Args:
            cell: Values of ``CELL``.
            condition: A name in ``conditions``.
            quantity: "return", "normalised" or "solved".
            part: "train", "validation", "test" or "gap"; of a further pool its name, or
                ``estimates.gap_to`` of it.
        """
        key = (*cell_key(cell), condition, quantity, part)
        return self._by_key.get(key, Estimate(float("nan"), reason="not measured"))

    @cached_property
    def _by_key(self) -> dict[tuple[Any, ...], Estimate]:
        return by_key(self._estimates)

    @cached_property
    def cells(self) -> list[dict[str, Any]]:
        """Every combination of ``CELL`` that was computed, ``runs`` and ``assumed`` too."""
        counts = self.main_records.groupby(CELL, observed=True, sort=True)["run_id"].nunique()
        pairs = zip(counts.index, counts, strict=True)
        cells = [dict(zip(CELL, key, strict=True)) | {"runs": int(n)} for key, n in pairs]
        cells = in_order(cells, self.protocol)
        return [cell | {"assumed": one_policy.is_assumed(self, cell)} for cell in cells]

    @cached_property
    def varying(self) -> list[str]:
        """The columns of ``CELL`` in which the study's cells differ; always the pool size."""
        return [
            key
            for key in CELL
            if key == "n_train_levels" or len({cell[key] for cell in self.cells}) > 1
        ]

    def short(self, cell: Mapping[str, Any], *, size: bool = True) -> str:
        """Describe a cell by the columns in which cells differ.

        Args:
            cell: Values of ``CELL``; columns may be missing.
            size: Whether to name the size of its training pool.
        """
        return words_of({key: cell.get(key) for key in self.varying}, size=size)

    @cached_property
    def common(self) -> str:
        """Agent, network and family, as far as all cells share them."""
        if not self.cells:
            return ""
        cell = self.cells[0]
        shared = [key for key in ("agent", "network", "family") if key not in self.varying]
        return ", ".join(str(cell[key]) for key in shared)

    def verdict(self, cell: Mapping[str, Any]) -> Verdict:
        """The verdict on one cell; of a single policy made elsewhere on it (``one_policy``)."""
        if one_policy.is_one_policy(self, cell):
            return one_policy.verdict(self, cell)
        verdict = self.judged(cell, self.estimate(cell, self.main, "normalised", "gap"))
        return verdict.and_because(convergence.of_cell(self, cell).moving)

    def judged(self, cell: Mapping[str, Any], gap_score: Estimate) -> Verdict:
        """What a normalised gap of a cell means, by the rule, if its scores are right."""
        if reason := beyond(self, cell) or beyond_oracle(self, cell):
            return Verdict("undecided", reason)
        train = self.estimate(cell, self.main, "normalised", "train")
        return judge(train, gap_score, self.protocol.margin).and_because(above_oracle(self, cell))
