"""Pairs of mazes that message passing cannot tell apart (method P-05)."""

from collections import Counter

import networkx as nx
import pytest


def maze(cells):
    """Cells as a drawing with a border of walls, moved to the top left."""
    top, left = (min(cell[axis] for cell in cells) for axis in (0, 1))
    height, width = (max(cell[axis] for cell in cells) + 1 for axis in (0, 1))
    return [
        "".join(".#"[(r, c) not in cells] for c in range(left - 1, width + 1))
        for r in range(top - 1, height + 1)
    ]


def ring(height, width, left):
    box = {(r, left + c) for r in range(height) for c in range(width)}
    return box - {(r, left + c) for r in range(1, height - 1) for c in range(1, width - 1)}


def dumbbell(height, width, c):
    corridor = {(height // 2, width + k) for k in range(c - 1)}
    return maze(ring(height, width, 0) | corridor | ring(height, width, width + c - 1))


def theta(length, c):
    rise = (length - c) // 2
    straight = {(0, k) for k in range(c + 1)}
    ends = {(r, k) for r in range(-rise, rise + 1) for k in (0, c)}
    across = {(r, k) for r in (-rise, rise) for k in range(c + 1)}
    return maze(straight | ends | across)


def graph(rows):
    """Open cells, joined where an agent can step."""
    cells = {(r, c) for r, row in enumerate(rows) for c, what in enumerate(row) if what == "."}
    edges = [((r, c), (r + a, c + b)) for r, c in cells for a, b in ((0, 1), (1, 0))]
    drawn = nx.Graph((here, there) for here, there in edges if there in cells)
    assert set(drawn) == cells
    return drawn


def colours(one, other):
    """Histograms of 1-WL colours after refining both graphs with one table of colours."""
    both = nx.disjoint_union(one, other)
    colour = dict.fromkeys(both, 0)
    for _ in both:
        told = {n: (colour[n], tuple(sorted(colour[m] for m in both[n]))) for n in both}
        table = {what: number for number, what in enumerate(sorted(set(told.values())))}
        colour = {n: table[told[n]] for n in both}
    first = range(len(one))
    return tuple(Counter(colour[n] for n in both if (n in first) == mine) for mine in (True, False))


def test_smallest_pair_as_worked(worked_examples):
    told = worked_examples["wl_pairs"]
    pair = [graph(told["smallest_dumbbell"]), graph(told["smallest_theta"])]
    for g, bridges, diameter in zip(pair, told["bridges"], told["diameter"], strict=True):
        assert (len(g), g.number_of_edges()) == (told["nodes"], told["edges"])
        assert len(list(nx.bridges(g))) == bridges
        assert nx.diameter(g) == diameter
    one, other = colours(*pair)
    assert (one == other) is told["wl1_equal"]
    assert nx.is_isomorphic(*pair) is told["isomorphic"]


def test_the_construction_draws_the_smallest_pair(worked_examples):
    told = worked_examples["wl_pairs"]
    assert dumbbell(3, 3, 2) == told["smallest_dumbbell"]
    assert nx.is_isomorphic(graph(theta(8, 2)), graph(told["smallest_theta"]))


@pytest.mark.parametrize("entry", range(7))
def test_family_as_worked(worked_examples, entry):
    told = worked_examples["wl_pairs"]["family"]
    assert len(told) == 7
    h, w, c, length = (told[entry][key] for key in ("ring_h", "ring_w", "c", "L"))
    pair = [graph(dumbbell(h, w, c)), graph(theta(length, c))]
    assert [len(g) for g in pair] == [2 * length + c - 1] * 2
    assert [g.number_of_edges() for g in pair] == [2 * length + c] * 2
    assert [len(list(nx.bridges(g))) for g in pair] == [c, 0]
    one, other = colours(*pair)
    assert one == other
    assert not nx.is_isomorphic(*pair)


def test_refinement_tells_what_it_can():
    """A path and a star of four cells differ after one round, so equal ones mean something."""
    path, star = graph(["...."]), nx.star_graph(3)
    one, other = colours(path, star)
    assert one != other
