"""Mazes as graphs, batches, colour refinement, and the pairs that it cannot tell apart."""

import json
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
import torch

from rlgen.errors import LevelError
from rlgen.levels.lookup import family
from rlgen.util.seeding import stream
from rlgen_envs import FAMILIES
from rlgen_protocols.graphs.graph import Graph, batched, constant
from rlgen_protocols.graphs.mazes import neighbours, of_levels, view_of
from rlgen_protocols.graphs.pairs import dumbbell, theta
from rlgen_protocols.graphs.refinement import folklore2, weisfeiler_leman

EXAMPLES = json.loads((Path(__file__).parents[1] / "golden/probes_b_examples.json").read_text())
PAIRS = EXAMPLES["S6.pairs"]
MOVES = [(-1, 0), (1, 0), (0, -1), (0, 1)]


def pair(name):
    length, corridor = map(int, name.removeprefix("L").split("c"))
    return dumbbell(length, corridor), theta(length, corridor)


def hashed(graph, rounds):
    nx.set_node_attributes(graph, 1, "label")  # the same of all nodes
    return nx.weisfeiler_lehman_graph_hash(graph, iterations=rounds, node_attr="label")


def test_neighbours_of_the_worked_board():
    example = EXAMPLES["board.edges"]
    walls = np.array([[cell == "#" for cell in row] for row in example["walls"]])
    there = neighbours(walls, MOVES)
    assert np.argwhere(~walls).tolist() == example["free_cells_in_reading_order"]
    expected = example["neighbours_up_down_left_right_numbered_from_1_zero_is_wall"]
    assert (there + 1).tolist() == expected


@pytest.mark.parametrize("name", ["maze-basic", "maze-blocks", "maze-tunnel"])
def test_a_maze_is_the_grid_graph_of_its_free_cells(name):
    member = FAMILIES[name]
    levels = member.generate(range(4))
    for i, graph in enumerate(of_levels(member, levels)):
        walls = levels.walls[i]
        assert graph.side == walls.shape
        grid = nx.grid_2d_graph(*walls.shape)
        grid.remove_nodes_from(map(tuple, np.argwhere(walls)))
        cells = [tuple(map(int, cell)) for cell in graph.cells]
        assert cells == sorted(grid)
        edges = {tuple(sorted((cells[a], cells[b]))) for a, b in graph.edges.T}
        assert edges == {tuple(sorted(edge)) for edge in grid.edges}
        assert graph.edges.shape[1] == 2 * len(edges)
        assert graph.features.sum(axis=0).tolist() == [1] * 6
        width = walls.shape[1]
        places = [levels.key[i], *levels.objects[i], levels.start[i]]
        at = graph.cells[graph.features.argmax(axis=0)]
        assert (at @ [width, 1]).tolist() == places


def test_pictures_of_a_family_without_a_graph_are_refused():
    part = family("maze-basic[size=5,view=3]")
    with pytest.raises(LevelError, match="show no graph of free cells"):
        view_of(part)


def test_a_batch_is_the_disjoint_union():
    member = FAMILIES["maze-tunnel"]
    graphs = of_levels(member, member.generate(range(3)))
    batch = batched(graphs, torch.float64)
    assert batch.x.dtype == torch.float64
    assert batch.size == 3
    union = nx.disjoint_union_all([graph.networkx() for graph in graphs])
    assert set(map(tuple, batch.edge_index.T.tolist())) == set(union.to_directed().edges)
    assert batch.batch.bincount().tolist() == [graph.n for graph in graphs]
    assert batch.x.numpy().tolist() == np.concatenate([g.features for g in graphs]).tolist()
    assert np.array_equal(constant(graphs)[0].features, np.ones((graphs[0].n, 1)))


def test_a_graph_of_networkx_and_back_and_permuted():
    drawn = nx.gnp_random_graph(9, 0.3, seed=4)
    graph = Graph.of_networkx(drawn, np.arange(9)[:, None])
    assert nx.utils.graphs_equal(graph.networkx(), drawn)
    assert graph.degrees.tolist() == [degree for _, degree in drawn.degree]
    order = stream(0, "order").permutation(9)
    copy = graph.permuted(order)
    assert copy.features[:, 0].tolist() == order.tolist()
    names = dict(enumerate(order.tolist()))
    assert nx.utils.graphs_equal(nx.relabel_nodes(copy.networkx(), names), drawn)
    lengths = dict(nx.all_pairs_shortest_path_length(drawn))
    for i, row in enumerate(graph.distances()):
        assert {j: int(d) for j, d in enumerate(row) if np.isfinite(d)} == lengths[i]


@pytest.mark.parametrize("name", PAIRS)
def test_the_pairs_as_worked(name):
    """``S6.pairs``: equal for 1-WL, different for 2-FWL, in distances and in bridges."""
    example, both = PAIRS[name], pair(name)
    for key, graph in zip(("dumbbell_edges", "theta_edges"), both, strict=True):
        assert len(graph) == example["nodes"]
        assert graph.number_of_edges() == example["edges"]
        assert sorted(degree for _, degree in graph.degree)[-3:] == [2, 3, 3]
        if example[key]:
            assert sorted(sorted(edge) for edge in graph.edges) == example[key]
    assert [sum(1 for _ in nx.bridges(graph)) for graph in both] == example["bridges"]
    graphs = [Graph.of_networkx(graph) for graph in both]
    lengths = [graph.distances() for graph in graphs]
    assert [d.sum() / 2 for d in lengths] == example["sum_of_distances"]
    assert [d.max() for d in lengths] == example["diameter"]
    colours = weisfeiler_leman(graphs)
    assert colours.rounds == example["wl_rounds_to_stable"]
    assert (colours.multisets[0] == colours.multisets[1]) is example["wl_equal"]
    sizes = sorted(np.bincount(colours.of(0))[np.unique(colours.of(0))].tolist())
    assert sizes == example["wl_class_sizes_sorted"]
    pairs = folklore2(graphs)
    assert (pairs.multisets[0] == pairs.multisets[1]) is example["fwl2_equal"]
    assert 2 <= pairs.rounds <= 5
    assert not nx.is_isomorphic(*both)


@pytest.mark.parametrize("name", ["L8c2", "L12c4", "L4c1"])
def test_networkx_cannot_tell_the_pairs_apart_either(name):
    one, two = pair(name)
    for rounds in range(1, 11):
        assert hashed(one, rounds) == hashed(two, rounds)
    assert hashed(nx.path_graph(5), 1) != hashed(nx.star_graph(4), 1)


def test_refinement_agrees_with_networkx_on_random_graphs():
    drawn = [nx.gnp_random_graph(7, 0.4, seed=seed) for seed in range(40)]
    colours = weisfeiler_leman([Graph.of_networkx(graph) for graph in drawn], rounds=4)
    hashes = [hashed(graph, 4) for graph in drawn]
    same = [[colours.multisets[i] == colours.multisets[j] for j in range(40)] for i in range(40)]
    assert same == [[hashes[i] == hashes[j] for j in range(40)] for i in range(40)]
    assert sum(map(sum, same)) > 40  # some are isomorphic


@pytest.mark.parametrize("refine", [weisfeiler_leman, folklore2])
def test_refinement_is_of_the_graph_and_not_of_its_numbers(refine):
    graphs = [Graph.of_networkx(nx.gnp_random_graph(n, 0.3, seed=n)) for n in (5, 8, 8)]
    orders = [stream(1, "order", i).permutation(g.n) for i, g in enumerate(graphs)]
    copies = [graph.permuted(order) for graph, order in zip(graphs, orders, strict=True)]
    multisets = refine([*graphs, *copies]).multisets
    assert multisets[:3] == multisets[3:]
    path, star = nx.path_graph(5), nx.star_graph(4)
    apart = refine([Graph.of_networkx(path), Graph.of_networkx(star)]).multisets
    assert apart[0] != apart[1]


def test_labels_and_rounds():
    ring = Graph.of_networkx(nx.cycle_graph(6))
    assert weisfeiler_leman([ring]).rounds == 0
    whole = weisfeiler_leman([ring, ring], [[7, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0]])
    assert len(set(whole.of(0).tolist())) == 4
    assert whole.rounds == 3  # until the node opposite knows of the labelled one
    assert whole.counts(0).tolist() == [[5, 1], [6, 0]]
    assert weisfeiler_leman([ring], rounds=3).rounds == 3
    lonely = Graph.of_networkx(nx.empty_graph(3))
    assert weisfeiler_leman([lonely]).multisets == [(0, 0, 0)]
