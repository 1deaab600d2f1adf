"""A task that is not done, and how far it has come."""

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
        self.missing, self.whole = missing(store, self.task), not store.has(self.cell.id)
        self.leaving = False
        if not self.whole:
            # Of a run that lies in a segment a folder, which executors can take elsewhere.
            compacting.bring_back(store, store.run_folder(self.cell.id))


def is_done(store: RunStore | Inventory, task: Task[Cell]) -> bool:
    """Whether a store has all that is wanted of a task."""
    return store.has(task.cell.id) and not missing(store, task)


def missing(store: RunStore | Inventory, task: Task[Cell]) -> list[str]:
    """Outputs that are wanted of a task and not there."""
    if not task.wanted or not store.has(task.cell.id):
        return list(task.wanted)
    there = store.conditions(task.cell.id)
    return [name for name in task.wanted if name not in there]
