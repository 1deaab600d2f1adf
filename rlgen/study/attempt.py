"""A task that is not done, and how far it has come."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from rlgen.store import compacting
from rlgen.store.inventory import Inventory
from rlgen.store.run_store import RunStore
from rlgen.study.cell import Cell, Task


@dataclass
class Attempt:
    """A task on its way, through as many attempts as it takes.

    Attributes:
        task: What is to be done.
        missing: Outputs that are wanted of the attempt under way.
        whole: Whether the attempt gives the cell's run, not a further part of it.
        killed: How often its worker was killed.
        nodes: How often the machine that it was on was lost.
        leaving: Whether the worker has written everything.
    """

    task: Task[Cell]
    missing: list[str] = field(default_factory=list)
    whole: bool = True
    killed: int = 0
    nodes: int = 0
    leaving: bool = False

    @property
    def cell(self) -> Cell:
        """Of the task."""
        return self.task.cell

    def begin(self, store: RunStore) -> None:
        """Note what is missing now."""
        cell = self.cell.id
        self.missing, self.whole = missing(store, cell, self.task.wanted), not store.has(cell)
        self.leaving = False
        if not self.whole:
            # Of a run that lies in a segment a folder, which executors can take elsewhere.
            compacting.bring_back(store, store.run_folder(self.cell.id))


def is_done(store: RunStore | Inventory, cell: str, wanted: Sequence[str]) -> bool:
    """Whether a store has a cell's run, with all outputs that are wanted."""
    return store.has(cell) and not missing(store, cell, wanted)


def missing(store: RunStore | Inventory, cell: str, wanted: Sequence[str]) -> list[str]:
    """Outputs that are wanted of a cell and not there."""
    if not wanted or not store.has(cell):
        return list(wanted)
    there = store.conditions(cell)
    return [name for name in wanted if name not in there]
