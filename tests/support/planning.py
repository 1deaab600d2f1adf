"""From protocols to cells and tasks, as tests write it."""

from rlgen.study import plan
from rlgen.study.resolve import resolve


def cells_of(protocol, where):
    """The cells of a protocol."""
    return plan.cells(resolve(protocol, where))


def tasks_of(parts):
    """The tasks of protocols, each with the words that messages about it begin with."""
    return plan.tasks(resolve(protocol, where) for protocol, where in parts)
