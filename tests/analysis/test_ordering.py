"""Cells come in the order of their protocol."""

from types import SimpleNamespace

from rlgen.analysis.ordering import in_order
from rlgen.analysis.stats.tables import CELL


def cell(family, agent, n):
    values = (family, agent, "net", n, 0.0, "none")
    return dict(zip(CELL, values, strict=True))


def test_names_are_as_in_the_lists_and_numbers_ascend():
    protocol = SimpleNamespace(family=("b", "a"), agent=("ppo", "a2c"))
    wanted = [
        *(cell("b", agent, n) for agent in ("ppo", "a2c") for n in (10, 1000)),
        cell("a", "ppo", 10),
        cell("a", "unlisted", 10),
    ]
    assert in_order(wanted[::-1], protocol) == wanted
    assert in_order(in_order(wanted, protocol), protocol) == wanted


def test_what_no_list_names_keeps_its_order():
    cells = [cell("z", "later", 10), cell("y", "earlier", 10)]
    assert in_order(cells, object()) == cells
