"""A run as the page shows it: its returns on the levels that are drawn, and what it does there."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from rlgen.errors import RlgenError
from rlgen.evaluation import can_be_exact
from rlgen.levels.capabilities import as_tabular
from rlgen.levels.family import Family
from rlgen.perturbations.condition import Condition
from rlgen.policies.base import Categorical, Policy
from rlgen.store import records
from rlgen.store.run_store import RunStore
from rlgen.study import probing
from rlgen.study.kinds.policy_cell import PolicyCell
from rlgen.view.plans import Plan, is_walked, plan
from rlgen.view.selecting import chosen_levels
from rlgen.view.twins import Twin, twins
from rlgen.view.walks import times, walks

#: Columns of a level's numbers under a condition, in the order in which the page reads them.
NUMBERS = ("ret_mean", "p_solved", "p_timeout", "len_mean", "oracle_ret", "random_ret")

Wanted = Mapping[str, Collection[int]]


@dataclass
class Plans:
    """Drawings of levels, each once, whatever number of runs play it.

    Attributes:
        drawn: The drawings; None for levels that have none.
    """

    drawn: list[Plan | None] = field(default_factory=list)
    _numbers: dict[tuple[str, float, int], int] = field(default_factory=dict)

    def number(self, world: str, family: Family, level: int, flip_p: float) -> int:
        """The number of a level's drawing."""
        key = (world, flip_p, level)
        if key not in self._numbers:
            self._numbers[key] = len(self.drawn)
            self.drawn.append(plan(family, family.generate([level], flip_p)))
        return self._numbers[key]


@dataclass(frozen=True)
class Drawn:
    """A run.

    Attributes:
        levels: Its levels, see ``_entries``.
        walked: Conditions under which what it does is known, in the order of ``walks``.
        times: Steps of ``walks``, by pool.
        walks: What it does on each level that has a drawing of cells, in their order.
        notes: What is not shown, and why.
    """

    levels: list[dict[str, Any]]
    walked: list[str] = field(default_factory=list)
    times: dict[str, list[int]] = field(default_factory=dict)
    walks: bytes = b""
    notes: list[str] = field(default_factory=list)


class Drawer:
    """Draws the runs of a store.

    Args:
        store: The store.
        name: As the user named it, which is what may be trusted.
        conditions: Of the study.
        imported: Whether its returns were measured elsewhere.
        plans: Receives the drawings of levels.
        trusted: See ``probing.cell_of``.
    """

    def __init__(
        self,
        store: RunStore,
        name: str,
        conditions: Sequence[str],
        plans: Plans,
        trusted: Collection[str] = (),
        *,
        imported: bool = False,
    ) -> None:
        self._store, self._name, self._plans = store, name, plans
        self._conditions, self._trusted, self._imported = conditions, trusted, imported

    def draw(self, run: str, world: str, wanted: Wanted, most: int) -> Drawn:
        """One run.

        Args:
            run: Its id.
            world: Of its cell.
            wanted: Ids of the levels by pool, but for training levels: those are the run's own.
            most: How many training levels at most.
        """
        rows = self._rows(run)
        chosen = {pool: sorted(levels) for pool, levels in wanted.items()}
        chosen["train"] = chosen_levels([self._returns(rows, "train")], most)
        return self._drawn(run, world, rows, chosen)

    def draw_level(self, run: str, world: str, pool: str, level: int) -> Drawn | None:
        """One level of a run, and its nearest training level.

        Args:
            run: Its id.
            world: Of its cell.
            pool: Of the level.
            level: Its id.

        Returns:
            The level, and then its twin; None where it is no level of the run.
        """
        rows = self._rows(run)
        evaluated = rows.loc[rows["split"] == pool, "level_id"].tolist()
        if level not in evaluated and (pool != "train" or level not in self._trained_on(rows)):
            return None
        return self._drawn(run, world, rows, {pool: [level]})

    def numbers(
        self, run: str, pools: Sequence[str], most: int
    ) -> tuple[list[dict[str, Any]], dict[str, int]]:
        """All levels of a run, undrawn.

        Args:
            run: Its id.
            pools: Those that are shown.
            most: How many levels of a pool at most; of more a third each as ``chosen_levels``.

        Returns:
            See ``_entries``; and how many levels each pool has.
        """
        rows = self._rows(run)
        returns = {pool: self._returns(rows, pool) for pool in pools}
        chosen = {pool: chosen_levels([own], most) for pool, own in returns.items()}
        return self._entries(rows, chosen), {pool: len(own) for pool, own in returns.items()}

    def _rows(self, run: str) -> pd.DataFrame:
        files = self._store.inventory(run).files(run, "records.parquet")
        rows = records.read(files, records.RECORDS)
        return rows[rows["condition"].isin(self._conditions)]

    def _returns(self, rows: pd.DataFrame, pool: str) -> dict[int, float]:
        """Returns under the first condition, by level id."""
        own = rows[(rows["split"] == pool) & (rows["condition"] == self._conditions[0])]
        return dict(zip(own["level_id"].tolist(), own["ret_mean"].tolist(), strict=True))

    def _drawn(
        self, run: str, world: str, rows: pd.DataFrame, chosen: dict[str, list[int]]
    ) -> Drawn:
        folder = self._store.run_folder(run)
        try:
            cell = self._cell(folder)
        except RlgenError as error:
            return Drawn(self._entries(rows, chosen), notes=[self._plain(error)])
        nearest = self._twins(rows, cell, chosen.get("test", ()))
        beside = {twin.level for twin in nearest.values()}
        chosen["train"] = sorted({*chosen.get("train", ()), *beside})
        entries = self._entries(rows, chosen, nearest)
        worlds = _worlds(cell)
        for entry in entries:
            family, flip_p = worlds[entry["pool"]]
            place = world if family is cell.pools.world else f"{world}/{entry['pool']}"
            entry["plan"] = self._plans.number(place, family, int(entry["id"]), flip_p)
        return self._walked(folder, cell, entries)

    def _plain(self, error: RlgenError) -> str:
        """What is wrong, where the user knows it: a bundle has been unpacked somewhere else."""
        return "not drawn: " + " ".join(error.args).replace(str(self._store.path), self._name)

    def _cell(self, folder: Path) -> PolicyCell:
        if self._imported or not probing.is_run(folder):
            raise RlgenError("the returns were measured elsewhere: there are no levels, no policy")
        return probing.cell_of(folder, self._trusted, self._name)

    def _entries(
        self, rows: pd.DataFrame, chosen: Wanted, nearest: Mapping[int, Twin] | None = None
    ) -> list[dict[str, Any]]:
        """Of each level its ``pool``, ``id``, ``numbers`` by condition, and its ``twin``.

        Ids are texts: scripts have no whole numbers beyond 2**53.
        """
        index = rows.set_index(["split", "level_id", "condition"])[list(NUMBERS)]
        numbers = dict(zip(index.index, index.to_numpy().tolist(), strict=True))
        entries = []
        for pool, levels in chosen.items():
            for level in levels:
                own = [numbers.get((pool, level, name)) for name in self._conditions]
                entry: dict[str, Any] = {"pool": pool, "id": str(level), "numbers": own}
                if pool == "test" and nearest and level in nearest:
                    twin = nearest[level]
                    entry["twin"] = [str(twin.level), twin.differing, twin.cells]
                entries.append(entry)
        return entries

    def _twins(
        self, rows: pd.DataFrame, cell: PolicyCell, test: Collection[int]
    ) -> dict[int, Twin]:
        return twins(cell.pools.world, self._trained_on(rows), list(test), cell.flip_p)

    def _trained_on(self, rows: pd.DataFrame) -> Sequence[int]:
        """Ids of all training levels; none where the split is not here."""
        manifests = {str(row) for row in rows.loc[rows["split"] == "train", "manifest"].unique()}
        paths = [self._store.path / "splits" / f"{name}.json" for name in sorted(manifests)]
        if len(paths) != 1 or not paths[0].is_file():
            return []
        ids: Sequence[int] = self._store.split(paths[0])["pools"]["train"]["ids"]
        return ids

    def _walked(self, folder: Path, cell: PolicyCell, entries: list[dict[str, Any]]) -> Drawn:
        """What the policy does, where it can be computed."""
        family = cell.pools.world
        if not is_walked(family):
            why = (
                f"levels of {family.name} are not square cells whose states can be listed: what a "
                "policy does on them cannot be computed, and is not drawn"
            )
            return Drawn(entries, notes=[why])
        if not probing.is_kept(folder):
            why = (
                "the weights of this run are not here (rlgen bundle --weights keeps them): what "
                "its policy does cannot be computed"
            )
            return Drawn(entries, notes=[why])
        try:
            policy = probing.policy_of(cell, folder, cell.split(), self._trusted)
        except RlgenError as error:
            return Drawn(entries, notes=[self._plain(error)])
        return self._walks(policy, cell, entries)

    def _walks(self, policy: Policy, cell: PolicyCell, entries: list[dict[str, Any]]) -> Drawn:
        family = cell.pools.world
        if not isinstance(policy, Categorical) or not policy.memoryless:
            why = "what this policy does is not decided by what it observes now: it is not drawn"
            return Drawn(entries, notes=[why])
        every = [Condition.parse(name) for name in self._conditions]
        exact = [c for c in every if can_be_exact(policy, family, c)]
        notes = [f"{c.name}: played, not computed: not drawn" for c in every if c not in exact]
        packed, steps = bytearray(), {}
        for pool, (own_family, flip_p) in _worlds(cell).items():
            own = [entry for entry in entries if entry["pool"] == pool]
            other = own_family is not family and type(cell).fitted is not PolicyCell.fitted
            if not own or other or not is_walked(own_family):
                continue
            levels = own_family.generate([int(entry["id"]) for entry in own], flip_p)
            one = as_tabular(own_family, "visits").tabular(levels.take([0]))
            if one.situate is None:
                notes.append(
                    f"states of {own_family.name} do not say where the agent is: not drawn"
                )
                continue
            for entry, walk in zip(own, walks(policy, own_family, levels, exact), strict=True):
                entry["walk"] = len(packed)
                packed += walk
            steps[pool] = times(one.horizon)
        return Drawn(entries, [c.name for c in exact], steps, bytes(packed), notes)


def _worlds(cell: PolicyCell) -> dict[str, tuple[Family, float]]:
    """Family and flip probability of the levels of each pool."""
    own = cell.pools.world
    further = {source.name: (source.world, 0.0) for source in cell.further}
    return {"train": (own, cell.flip_p), "test": (own, 0.0), **further}
