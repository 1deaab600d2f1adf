"""What is to be computed for several protocols: each cell once, with all it is to face."""

from collections.abc import Iterable

from rlgen.protocol.schema import Protocol
from rlgen.study.cell import Task, conditions
from rlgen.study.kinds.policy_cell import PolicyCell
from rlgen.study.plan import plan


def agenda(parts: Iterable[tuple[Protocol, str]]) -> list[Task[PolicyCell]]:
    """The tasks in the order in which they run: part after part, each ordered as its plan.

    Args:
        parts: Protocols, each with the words that messages about it begin with.
    """
    tasks: dict[str, Task[PolicyCell]] = {}
    for protocol, where in parts:
        faced = tuple(condition.name for condition in conditions(protocol))
        for cell in plan(protocol, where):
            before = tasks[cell.id].wanted if cell.id in tasks else ()
            tasks[cell.id] = Task(cell, tuple(dict.fromkeys((*before, *faced))))
    return list(tasks.values())
