"""A task that is not done, and how far it has come."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from rlgen.store.inventory import Inventory
from rlgen.store.run_store import RunStore
from rlgen.study.cell import Cell, Task


@dataclass
class Attempt:
    """A task on its way, through as many attempts as it takes.

    Attributes:
        task: What is to be done.
        cell: Of the task.
        missing: Outputs that are wanted of the attempt under way.
        whole: Whether the attempt gives the cell's run, not a further part of it.
        killed: How often its worker was killed.
        nodes: How often the machine that it was on was lost.
        leaving: Whether the worker has written everything.
    """

    task: Task[Cell]
    cell: Cell
    missing: list[str] = field(default_factory=list)
    whole: bool = True
    killed: int = 0
    nodes: int = 0
    leaving: bool = False


def is_done(store: RunStore | Inventory, cell: str, wanted: Sequence[str]) -> bool:
    """Whether a store has a cell's run and all that is wanted of it."""
    return store.has(cell) and not missing(store, cell, wanted)


def missing(store: RunStore | Inventory, cell: str, wanted: Sequence[str]) -> list[str]:
    """Outputs that are wanted of a cell and not there."""
    if not wanted or not store.has(cell):
        return list(wanted)
    there = store.conditions(cell)
    return [name for name in wanted if name not in there]
