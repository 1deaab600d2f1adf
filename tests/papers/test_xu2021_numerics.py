"""What xu2021 computes: the worked examples, graphs, networks, and algorithms as messages."""

import json
import math
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
import torch
from torch import nn

from rlgen.agents.cloning import reproducible
from rlgen.errors import ProtocolError
from rlgen.util.seeding import stream
from rlgen_protocols.xu2021 import (
    aggregation,
    bellman_ford,
    errors,
    fitting,
    max_degree,
    maze_distance,
    points,
    random_graphs,
    rays,
    shortest_path,
    tangent_kernel,
)
from rlgen_protocols.xu2021.directions import folded, positive_coordinates
from rlgen_protocols.xu2021.graph_network import GraphNetwork
from rlgen_protocols.xu2021.maze_network import Cells, MazeNetwork
from rlgen_protocols.xu2021.weighted import WeightedGraph, batched

EXAMPLES = json.loads((Path(__file__).parents[1] / "golden/probes_b_examples.json").read_text())


def rng(*path):
    return stream(0, "test", *path)


# the worked examples


def test_r2_along_a_ray_as_worked():
    example = EXAMPLES["S5.ray_r2"]
    t, y = (np.array(example[key]) for key in ("t", "y"))
    assert errors.line_fit(t, y[None])[0] == pytest.approx(example["r2"], abs=1e-12)
    assert errors.line_fit(t, np.stack([3 * t - 2, np.ones_like(t)])).tolist() == [1.0, 1.0]


def test_percentages_and_their_lower_median_as_worked():
    example = EXAMPLES["S5.mape"]
    prediction, target = (np.array(example[key]) for key in ("prediction", "target"))
    shares = errors.percentages(prediction, target)
    assert np.median(shares) == example["median_percent"]
    assert errors.lower_median(shares) == example["torch_lower_median_percent"]
    assert errors.lower_median(shares) == torch.from_numpy(shares).median().item()
    assert shares.mean() == example["mean_percent"]


def test_targets_near_zero_have_no_percentage():
    shares = errors.percentages(np.array([1.0, 1.0, 2.0]), np.array([1e-4, -1e-9, 1.0]))
    assert shares.tolist() == [100.0]
    assert math.isnan(errors.lower_median(np.zeros(0)))


@pytest.mark.parametrize("name", ["S5.ntk_basis_and_opposite", "S5.ntk_basis_only"])
def test_interpolation_with_the_tangent_kernel_as_worked(name):
    example = EXAMPLES[name]
    train, test, weights = (np.array(example[k]) for k in ("train", "test", "target_weights"))
    assert np.allclose(tangent_kernel.kernel(train, train), example["gram"], atol=1e-12)
    alpha, prediction = tangent_kernel.interpolated(train, train @ weights, test)
    assert np.allclose(alpha, example["alpha"], atol=1e-12)
    assert np.allclose(prediction, example["prediction"], atol=1e-12)
    assert np.allclose(test @ weights, example["truth"], atol=1e-12)


def test_bellman_and_ford_as_worked():
    example = EXAMPLES["S5.bellman_ford"]
    one_way = np.array([edge[:2] for edge in example["edges"]], np.int64).T
    lengths = np.array([edge[2] for edge in example["edges"]])
    expected = [[math.inf if d is None else d for d in row] for row in example["after_k_rounds"]]
    edges = np.concatenate([one_way, one_way[::-1]], axis=1)
    course = bellman_ford.relaxed(edges, np.tile(lengths, 2), 5, example["source"], 4)
    assert course.tolist() == expected


# the tangent kernel and rays


@pytest.mark.parametrize(
    ("training", "low", "high"),
    [("basis-and-opposites", 0, 1e-12), ("one-opposite-missing", 0.05, 1), ("basis", 0.3, 1)],
)
def test_linear_functions_take_the_opposites(training, low, high):
    error = tangent_kernel.run(seed=3, training=training, dimension=16, tests=300)["error"]
    assert low <= error <= high


def test_the_kernel_is_that_of_a_wide_network():
    x = rng("kernel").normal(size=(3, 4))
    directions = rng("units").normal(size=(400_000, 4))
    active = (x @ directions.T > 0).astype(float)
    sampled = (x @ x.T) * (active @ active.T) / len(directions)
    assert np.allclose(tangent_kernel.kernel(x, x), sampled, atol=0.02)


def test_a_relu_network_is_straight_far_away_and_bent_near_its_data():
    with reproducible(0):
        network = nn.Sequential(nn.Linear(3, 64), nn.ReLU(), nn.Linear(64, 1)).double().float()
    ways = points.drawn("sphere", 1.0, 20, 3, rng("ways"))
    far = rays.straightness(network, ways, np.full(20, 1e4), 1e5)
    near = rays.straightness(network, ways, np.zeros(20), 2.0)
    assert far.min() > 1 - 1e-6
    assert np.median(near) < 1 - 1e-5
    square = nn.Module()
    square.forward = lambda x: (x**2).sum(dim=-1, keepdim=True)
    assert rays.straightness(square, ways, np.full(20, 1.1), 50.0).max() < 0.96


# points


@pytest.mark.parametrize("name", points.TASKS)
def test_points_lie_where_the_task_says(name):
    task = points.TASKS[name]
    near, far = (draw(task, 400, rng(name)) for draw in (points.near, points.far))
    ends = points.exits(task, near / np.linalg.norm(near, axis=1, keepdims=True))
    lengths = np.linalg.norm(near, axis=1)
    if task.shape == "sphere":
        assert np.allclose(lengths, task.radius)
        assert np.linalg.norm(far, axis=1).max() <= task.far
    else:
        assert (lengths <= ends + 1e-12).all()
        assert np.abs(near).max() <= task.radius
    assert np.abs(far).max() > task.radius
    if task.positive:
        assert min(near.min(), far.min()) >= 0
    target = points.target_named(name, rng("matrix"))
    assert target(near).shape == (400,)
    assert np.isfinite(target(far)).all()


def test_targets_are_those_of_their_names():
    x = np.array([[0.25, 1.0, 4.0, 9.0, 0.0, 0.0, 0.0, 0.0]])
    assert points.target_named("root", rng())(x) == pytest.approx(6.5)
    assert points.target_named("l1", rng())(-x) == pytest.approx(14.25)
    assert points.target_named("cosine", rng())(np.array([[0.5, 2.0]])) == pytest.approx(1.0)
    quadratic = points.target_named("quadratic", rng())
    assert quadratic(3 * x) == pytest.approx(9 * quadratic(x))
    with pytest.raises(ProtocolError, match="unknown target"):
        points.task_named("quadratics")


@pytest.mark.parametrize(
    ("geometry", "positive"),
    [("all", 0), ("one-positive", 1), ("half-positive", 8), ("positive", 16)],
)
def test_geometries_fold_the_first_coordinates(geometry, positive):
    assert positive_coordinates(geometry, 16) == positive
    x = rng("fold").uniform(-1, 1, (200, 16))
    after = folded(x, positive)
    assert (after[:, :positive] >= 0).all()
    assert np.array_equal(after[:, positive:], x[:, positive:])
    assert np.array_equal(np.abs(after), np.abs(x))


# aggregation


@pytest.mark.parametrize("how", aggregation.HOW)
def test_aggregates_of_segments_are_those_of_numpy_and_zero_where_there_is_nothing(how):
    values = torch.from_numpy(rng(how).normal(size=(6, 3))).requires_grad_(True)
    lengths = torch.tensor([0, 2, 0, 1, 3, 0])
    put = aggregation.aggregate(values, lengths, how)
    parts = np.split(values.detach().numpy(), np.cumsum(lengths.numpy())[:-1])
    for row, part in zip(put.detach().numpy(), parts, strict=True):
        expected = getattr(np, how)(part, axis=0) if len(part) else np.zeros(3)
        assert np.allclose(row, expected)
    put.sum().backward()
    assert torch.isfinite(values.grad).all()


def test_aggregations_are_named():
    assert aggregation.pair("aggregates", "min-sum") == ("min", "sum")
    for wrong in ("min", "min-summ", "", "min-max-sum"):
        with pytest.raises(ProtocolError, match="aggregates = "):
            aggregation.pair("aggregates", wrong)


# graphs and their network


@pytest.mark.parametrize("family", random_graphs.FAMILIES)
def test_families_are_what_their_names_say(family):
    for n in (5, 8, 21):
        adjacency = random_graphs.draw(family, n, rng(family, n))
        graph = nx.from_numpy_array(adjacency)
        assert np.array_equal(adjacency, adjacency.T)
        assert not adjacency.diagonal().any()
        assert nx.is_connected(graph)
        same = {
            "path": nx.path_graph(n),
            "cycle": nx.cycle_graph(n),
            "ladder": nx.ladder_graph(n),
            "complete": nx.complete_graph(n),
        }.get(family)
        if same is not None:
            assert nx.is_isomorphic(graph, same)
        elif family == "tree":
            assert nx.is_tree(graph)
        elif family == "4-regular":
            assert {d for _, d in graph.degree} == {4}
    with pytest.raises(ProtocolError, match="unknown graphs"):
        random_graphs.draw("paths", 5, rng())


def test_general_graphs_have_all_densities():
    drawn = random_graphs.several("general", 90, (40, 60), rng("general"))
    density = [a.sum() / (len(a) * (len(a) - 1)) for a in drawn]
    assert np.allclose(np.reshape(density, (9, 10)).mean(axis=1), random_graphs.GENERAL, atol=0.03)
    sizes = {len(a) for a in drawn}
    assert min(sizes) >= 40
    assert max(sizes) < 60


def test_shortest_paths_are_those_of_networkx():
    for graph in shortest_path.drawn("general", 12, (20, 40), 5.0, rng("paths")):
        own = nx.Graph()
        own.add_weighted_edges_from(
            [(u, v, float(w)) for (u, v), w in zip(graph.edges.T, graph.weights, strict=True)]
        )
        source, target = (int(graph.features[:, k].argmax()) for k in (1, 2))
        assert graph.features[:, 1:].sum(axis=0).tolist() == [1, 1]
        assert source != target
        length, path = nx.single_source_dijkstra(own, source, target)
        assert length == pytest.approx(graph.label, rel=1e-5)
        assert 2 <= len(path) <= 4
        assert 1 <= graph.weights.min() <= graph.weights.max() <= 5
        assert (np.diff(graph.edges[1]) >= 0).all()


def test_largest_degrees_and_features():
    adjacency = random_graphs.draw("tree", 20, rng("tree"))
    for features, reach in (("constant", 1.0), ("random", 10.0)):
        count = max_degree.FEATURES[features][0]
        graph = max_degree._labelled(adjacency, features, count, reach, rng(features))
        assert graph.label == max(d for _, d in nx.from_numpy_array(adjacency).degree)
        assert graph.features.shape == (20, count)
        assert np.abs(graph.features).max() <= reach


def directly(network, graph, neighbours, readout):
    """The authors' formula, a message at a time."""
    put = {"sum": torch.sum, "mean": torch.mean, "min": torch.amin, "max": torch.amax}
    nodes = torch.from_numpy(graph.features)
    for first, second in zip(network.first, network.second, strict=True):
        rows = []
        for v in range(graph.n):
            messages = [
                second(first(torch.cat([nodes[u], nodes[v], torch.tensor([w])])).relu()).relu()
                for (u, to), w in zip(graph.edges.T, graph.weights, strict=True)
                if to == v
            ]
            none = torch.zeros(second.out_features)
            rows.append(put[neighbours](torch.stack(messages), dim=0) if messages else none)
        nodes = torch.stack(rows)
    return network.output(put[readout](network.nodes(nodes), dim=0))[0]


@pytest.mark.parametrize(
    ("neighbours", "readout"), [("min", "min"), ("sum", "max"), ("mean", "sum")]
)
@pytest.mark.parametrize("node_mlp", [False, True])
def test_the_network_is_the_authors_message_by_message(neighbours, readout, node_mlp):
    graphs = shortest_path.drawn("tree", 3, (5, 9), 5.0, rng("authors"))
    # A node without neighbours gets 0.
    alone = np.concatenate([graphs[0].features, np.ones((1, 3), np.float32)])
    graphs.append(WeightedGraph(graphs[0].edges, alone, graphs[0].weights, 0.0))
    with reproducible(1), torch.no_grad():
        network = GraphNetwork(3, 7, 2, neighbours, readout, node_mlp=node_mlp)
        together = network(batched(graphs))
        for graph, number in zip(graphs, together, strict=True):
            assert directly(network, graph, neighbours, readout).item() == pytest.approx(
                number.item(), abs=1e-5
            )


def test_the_network_does_not_see_the_order_of_nodes():
    (graph,) = shortest_path.drawn("general", 1, (20, 21), 5.0, rng("order"))
    place = rng("places").permutation(graph.n)
    edges = place[graph.edges]
    order = np.argsort(edges[1], kind="stable")
    features = np.empty_like(graph.features)
    features[place] = graph.features
    other = WeightedGraph(edges[:, order], features, graph.weights[order], graph.label)
    with reproducible(1), torch.no_grad():
        network = GraphNetwork(3, 16, 3, "min", "sum", node_mlp=False)
        one, two = network(batched([graph, other]))
    assert one.item() == pytest.approx(two.item(), rel=1e-5)


def test_training_ends_with_the_best_epoch_and_halves_the_rate():
    weight = nn.Parameter(torch.zeros(()))
    model = nn.ParameterList([weight])
    course = iter([3.0, 1.0, 2.0, 5.0])
    after = []

    def validation():
        after.append(weight.item())
        return next(course)

    values = fitting.fit(
        model, 4, lambda some: -weight, validation, rng(), epochs=4, batch=2, rate=0.5, halve=2
    )
    assert values == [3.0, 1.0, 2.0, 5.0]
    assert weight.item() == after[1]
    steps = np.diff([0.0, *after])
    assert steps[0] == pytest.approx(1.0, rel=1e-3)  # two steps of Adam
    assert steps[3] == pytest.approx(0.5, rel=1e-2)


# mazes


@pytest.mark.slow
@pytest.mark.parametrize("size", [9, 13, 21])
def test_a_network_set_by_hand_is_exact_in_mazes_of_any_size(size):
    _, asked = maze_distance.drawn(size, 1, 5, 0)
    distances = [maze_distance.to_key(maze) for maze in asked]
    for maze, own in zip(asked, distances, strict=True):
        key = int(maze.features[:, maze_distance.KEY].argmax())
        lengths = nx.single_source_shortest_path_length(maze.networkx(), key)
        assert [lengths[v] for v in range(maze.n)] == own.tolist()
    cells = Cells.of(asked, distances)
    longest = int(max(own.max() for own in distances))
    network = bellman_ford.by_hand()
    with torch.no_grad():
        for rounds in (longest, 3 * longest):
            assert torch.equal(network(cells, rounds), cells.distances)
        reached = network(cells, longest // 2) < bellman_ford.FAR / 2
    assert torch.equal(reached, cells.distances <= longest // 2)


@pytest.mark.parametrize("aggregate", ["min", "mean", "sum"])
@pytest.mark.parametrize("message", maze_distance.MESSAGES)
def test_rounds_on_mazes_are_the_formula_cell_by_cell(aggregate, message):
    _, asked = maze_distance.drawn(9, 1, 2, 1)
    cells = Cells.of(asked, [maze_distance.to_key(maze) for maze in asked])
    with reproducible(2), torch.no_grad():
        network = MazeNetwork(6, 5, aggregate, message)
        together = network(cells, 2)
        put = {"sum": torch.sum, "mean": torch.mean, "min": torch.amin}[aggregate]
        place = 0
        for maze in asked:
            start = nodes = network.own(torch.from_numpy(maze.features))
            for _ in range(2):
                messages = network.messages(nodes)
                nodes = torch.stack(
                    [
                        put(
                            torch.cat(
                                [start[v, None], messages[maze.edges[0][maze.edges[1] == v]]]
                            ),
                            dim=0,
                        )
                        for v in range(maze.n)
                    ]
                )
            alone = network.output(nodes)[:, 0]
            assert torch.allclose(alone, together[place : place + maze.n], rtol=1e-4, atol=1e-4)
            place += maze.n


@pytest.mark.slow
def test_bellman_ford_is_exact_beside_other_algorithms():
    measured = bellman_ford.run(seed=1, nodes=15, graphs=9, size=9, mazes=3)
    assert measured["hops"] == measured["end"] == measured["maze"] == 0
