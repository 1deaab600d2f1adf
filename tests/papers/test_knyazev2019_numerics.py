"""The paper's graphs, layers and attention: by its definitions and by independent computations."""

import json
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import networkx as nx
import numpy as np
import pytest
import torch
from torch import nn

from rlgen.levels import lookup
from rlgen.util.seeding import stream
from rlgen_protocols.graphs.mazes import of_levels
from rlgen_protocols.knyazev2019 import attention, maze_graphs, random_graphs, tasks, training
from rlgen_protocols.knyazev2019.chebygin import ChebyGIN, Laplacian
from rlgen_protocols.knyazev2019.modes import GLOBAL, MODES, TRUTH, UNSUPERVISED
from rlgen_protocols.knyazev2019.networks import Counter
from rlgen_protocols.knyazev2019.sets import GraphSet, ranges

EXAMPLES = json.loads((Path(__file__).parents[1] / "golden/probes_b_examples.json").read_text())


def of_networkx(graph, features=None, label=0, truth=None):
    """A set of one graph."""
    size = graph.number_of_nodes()
    adjacency = nx.to_numpy_array(graph, range(size), dtype=np.float32)
    sources, targets = np.nonzero(adjacency)
    return GraphSet(
        np.array([size]),
        np.array([len(sources)]),
        np.asarray(np.ones((size, 1)) if features is None else features, np.float32),
        np.stack([sources, targets]),
        np.array([label]),
        np.asarray(np.zeros(size) if truth is None else truth, np.float32),
        np.full((size, 2), -1),
    )


def networkx_of(graphs, place):
    one = graphs.take(np.array([place]))
    graph = nx.empty_graph(int(one.sizes[0]))
    graph.add_edges_from(one.edges.T.tolist())
    return graph


@pytest.fixture(scope="module")
def colors():
    return random_graphs.colors(stream(0, "colors"), 300, 4, 25)


@pytest.fixture(scope="module")
def triangles():
    return random_graphs.triangles(stream(0, "triangles"), 100, 4, 25)


def test_colors_have_one_colour_a_node_and_as_many_green_ones_as_they_say(colors):
    assert len(colors) == 300
    assert (colors.features.sum(axis=1) == 1).all()
    assert not colors.features[:, 3].any()  # the new colour
    green = colors.features[:, random_graphs.GREEN]
    counts = np.bincount(colors.graph, green)
    assert (counts == colors.labels).all()
    assert set(colors.labels) == set(range(11))
    assert colors.sizes.min() == 4
    assert colors.sizes.max() == 25
    # True attention is equal on green nodes, and sums to 1 where there is one.
    assert ((colors.truth > 0) == (green > 0)).all()
    sums = np.bincount(colors.graph, colors.truth)
    assert np.allclose(sums, colors.labels > 0)
    # The other colours are equally frequent.
    share = colors.features[green == 0, 0].mean()
    assert abs(share - 0.5) < 0.05


def test_colors_are_gnm_graphs_with_one_to_two_edges_a_node_and_none_twice(colors):
    nodes = colors.sizes[colors.sizes > 5]  # smaller ones may be complete
    edges = colors.links[colors.sizes > 5] / 2
    assert (edges >= nodes).all()
    assert (edges < 2 * nodes).all()
    assert abs((edges / nodes).mean() - 1.5) < 0.1
    contents = {
        colors.take(np.array([i])).features.tobytes() + colors.take(np.array([i])).edges.tobytes()
        for i in range(len(colors))
    }
    assert len(contents) == len(colors)
    per_size = np.bincount(colors.sizes)[4:]
    assert (per_size >= 1).all()


def test_every_pair_of_nodes_is_as_likely_an_edge():
    adjacency = random_graphs.gnm(stream(1, "gnm"), np.full(4000, 6), 5)
    assert (adjacency.sum(axis=(1, 2)) == 12).all()
    assert (adjacency == adjacency.transpose(0, 2, 1)).all()
    share = adjacency.mean(axis=0)
    assert not np.diag(share).any()
    # 6 of 10 pairs; four standard errors.
    assert np.abs(share[~np.eye(5, dtype=bool)] - 0.6).max() < 4 * np.sqrt(0.24 / 4000)
    complete = random_graphs.gnm(stream(1, "gnm"), np.array([99]), 4)
    assert complete.sum() == 12


def test_new_colours_come_with_others_and_never_with_green():
    graphs = random_graphs.colors(stream(2, "new"), 60, 26, 40, new=True)
    green = graphs.features[:, random_graphs.GREEN] > 0
    assert (graphs.features[green].sum(axis=1) == 1).all()
    others = graphs.features[~green]
    assert not others[:, random_graphs.GREEN].any()
    assert np.abs(others[:, [0, 2, 3]].mean(axis=0) - 0.5).max() < 0.05
    assert (np.bincount(graphs.graph, green) == graphs.labels).all()


def test_triangles_are_balanced_and_counted_as_networkx_counts_them(triangles):
    assert np.bincount(triangles.labels).tolist() == [0, *[10] * 10]
    for place in range(len(triangles)):
        own, graph = triangles.take(np.array([place])), networkx_of(triangles, place)
        at = nx.triangles(graph)
        assert sum(at.values()) == 3 * own.labels[0]
        weights = np.array([at[i] for i in range(len(at))])
        assert np.allclose(own.truth, weights / weights.sum())
        degrees = [degree for _, degree in graph.degree]
        assert own.features.argmax(axis=1).tolist() == degrees
    # Sizes as of the authors' log, 14.6 to 17.1 nodes by label: not the smallest that come first.
    many = random_graphs.triangles(stream(3, "sizes"), 600, 4, 25)
    assert 14.5 < many.sizes.mean() < 16.5


def test_triangles_of_the_example():
    example = EXAMPLES["S9.triangles"]
    graph = nx.Graph(example["edges"])
    adjacency = nx.to_numpy_array(graph, sorted(graph), dtype=np.float32)[None]
    corners = random_graphs.corners_of(adjacency)
    assert corners[0].tolist() == example["attention_counts"]
    assert corners.sum() / 3 == example["label"]


@pytest.mark.slow
def test_mazes_hold_as_many_diamonds_and_open_squares_as_they_say():
    rng = stream(0, "mazes")
    for new in (False, True):
        graphs = maze_graphs.diamonds(rng, 60, maze_graphs.SMALL, new=new)
        red = graphs.features[:, maze_graphs.RED]
        assert (np.bincount(graphs.graph, red) == graphs.labels).all()
        assert (graphs.features[red > 0].sum(axis=1) == 1).all()
        assert graphs.sizes.max() <= 25
        other = graphs.features[red == 0].sum(axis=1).mean()
        assert (other > 2) == new
    graphs = maze_graphs.loops(rng, 24, maze_graphs.SMALL_LOOPED)
    assert np.bincount(graphs.labels).tolist() == [0, 0, 0, *[4] * 6]
    for place in range(len(graphs)):
        own = graphs.take(np.array([place]))
        # Cycles of length four of a grid are its open squares.
        cycles = [c for c in nx.simple_cycles(networkx_of(graphs, place), 4) if len(c) == 4]
        assert len(cycles) == own.labels[0]
        weights = np.bincount(np.concatenate(cycles), minlength=int(own.sizes[0]))
        assert np.allclose(own.truth, weights / weights.sum())


def test_open_squares_of_a_room():
    family = lookup.family("maze-basic[size=5]")
    (room,) = of_levels(family, family.generate([0]))
    assert maze_graphs.squares(room).tolist() == [1, 2, 1, 2, 4, 2, 1, 2, 1]


def test_sets_are_taken_joined_and_batched_graph_by_graph(colors):
    some = colors.take(np.array([7, 3]))
    assert some.sizes.tolist() == colors.sizes[[7, 3]].tolist()
    both = colors.take(np.array([7])).joined([colors.take(np.array([3]))])
    assert (both.edges == some.edges).all()
    assert (both.features == some.features).all()
    batch = some.batch()
    assert batch.graph.bincount().tolist() == some.sizes.tolist()
    second = batch.edges[:, int(some.links[0]) :]
    assert second.min() >= some.sizes[0]
    assert [b.size for b in colors.batches(128)] == [128, 128, 44]
    assert ranges(np.array([4, 4]), np.array([0, 2])).tolist() == [4, 5]
    assert colors.padded(6).features.shape[1] == 6


def test_a_removed_node_takes_its_edges_along(colors):
    some = colors.take(np.array([1, 5]))
    without = some.without_each_node()
    assert len(without) == some.sizes.sum()
    for place, (owner, node) in enumerate(
        (g, n) for g in range(2) for n in range(int(some.sizes[g]))
    ):
        expected = networkx_of(some, owner)
        expected.remove_node(node)
        expected = nx.convert_node_labels_to_integers(expected)
        own = networkx_of(without, place)
        assert own.edges == expected.edges
        kept = np.delete(some.take(np.array([owner])).features, node, axis=0)
        assert (without.take(np.array([place])).features == kept).all()


def test_a_layer_is_its_formula_in_dense_matrices(colors):
    some = colors.take(np.arange(6))
    batch, x = some.batch(), torch.randn(int(some.sizes.sum()), 5)
    adjacency = torch.zeros(len(x), len(x))
    adjacency[batch.edges[0], batch.edges[1]] = 1
    degrees = adjacency.sum(dim=1)
    roots = torch.where(degrees > 0, degrees.rsqrt(), 0)
    matrix = -roots[:, None] * adjacency * roots
    for aggregate, order, hidden in (("mean", 2, 0), ("sum", 4, 3)):
        layer = ChebyGIN(5, 7, order=order, hidden=hidden, aggregate=aggregate)
        terms = [x, matrix @ x]
        for _ in range(2, order):
            terms.append(2 * matrix @ terms[-1] - terms[-2])
        if aggregate == "sum":
            terms[1:] = [degrees[:, None] * term for term in terms[1:]]
        expected = layer.mlp(torch.cat(terms, dim=1))
        assert torch.allclose(layer(x, Laplacian.of(batch)), expected, atol=1e-5)


def test_the_gradient_of_a_layer_is_that_of_finite_differences():
    graphs = of_networkx(nx.lollipop_graph(4, 3))
    laplacian = Laplacian.of(graphs.batch())
    precise = Laplacian(laplacian.matrix.double(), laplacian.degrees.double())
    layer = ChebyGIN(2, 3, order=4, hidden=0, aggregate="sum", rectified=False).double()
    x = torch.randn(7, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda own: layer(own, precise), (x,))


@pytest.mark.slow
def test_a_layer_with_mean_is_a_chebyshev_convolution_of_torch_geometric(colors):
    from torch_geometric.nn import ChebConv

    some = colors.take(np.arange(9))
    batch = some.batch()
    layer = ChebyGIN(4, 6, order=3, hidden=0, aggregate="mean", rectified=False)
    theirs = ChebConv(4, 6, 3)
    (linear,) = layer.mlp
    with torch.no_grad():
        for place, own in enumerate(theirs.lins):
            own.weight.copy_(linear.weight[:, 4 * place : 4 * (place + 1)])
        theirs.bias.copy_(linear.bias)
    degrees = batch.edges[0].bincount(minlength=len(batch.x))
    connected = degrees > 0
    # Theirs has 1 on the diagonal of the Laplacian of a node without neighbours, ours 0.
    expected = theirs(batch.x, batch.edges, batch=batch.graph, lambda_max=torch.tensor(2.0))
    own = layer(batch.x, Laplacian.of(batch))
    assert torch.allclose(own[connected], expected[connected], atol=1e-5)


def test_attention_of_the_example():
    example = EXAMPLES["S9.attention"]
    x = torch.tensor(example["x"])
    graphs = of_networkx(nx.path_graph(4), x, 2, example["ground_truth"])
    batch = graphs.batch()
    alpha = attention.coefficients(x @ torch.tensor(example["p"]), batch)
    assert alpha.tolist() == pytest.approx(example["alpha"], abs=1e-7)
    kept = attention.pooled(batch, alpha, 0.05)
    assert (alpha > 0.05).tolist() == example["kept_at_0.05"]
    assert torch.allclose(kept.x, (x * alpha[:, None])[[1, 3]])
    assert kept.edges.shape == (2, 0)
    term = training.WEIGHT * attention.divergence(alpha, batch)
    assert term.item() == pytest.approx(example["kl_term_weight_100"], rel=1e-5)


def test_attention_is_a_softmax_in_each_graph_of_clamped_logits(colors):
    batch = colors.take(np.arange(8)).batch()
    logits = 100 * torch.randn(len(batch.x))
    alpha = attention.coefficients(logits, batch)
    assert torch.allclose(batch.total(alpha), torch.ones(8))
    for graph in range(8):
        own = batch.graph == graph
        expected = logits[own].clamp(-60, 60).softmax(dim=0)
        assert torch.allclose(alpha[own], expected, rtol=1e-5)


def test_pooling_may_leave_nothing_of_a_graph_and_brings_true_attention_to_one(colors):
    batch = colors.take(np.arange(40)).batch()
    everything = attention.pooled(batch, torch.ones(len(batch.x)), 0.5)
    assert torch.equal(everything.edges, batch.edges)
    nothing = attention.pooled(batch, torch.zeros(len(batch.x)), 0.5)
    assert len(nothing.x) == 0
    assert nothing.size == 40
    half = attention.pooled(batch, (torch.arange(len(batch.x)) % 2).float(), 0.5)
    left = half.total(half.truth)
    assert ((left - 1).abs().lt(1e-6) | (left == 0)).all()
    assert half.edges.max() < len(half.x)


def test_a_graph_without_true_attention_adds_no_divergence():
    path = nx.path_graph(3)
    none = of_networkx(path).batch()
    assert attention.divergence(torch.tensor([0.2, 0.3, 0.5]), none).item() == 0
    equal = of_networkx(path, truth=[0.2, 0.3, 0.5]).batch()
    assert abs(attention.divergence(torch.tensor([0.2, 0.3, 0.5]), equal).item()) < 1e-7
    some = of_networkx(path, truth=[1.0, 0.0, 0.0]).batch()
    certain = attention.divergence(torch.tensor([0.0, 1.0, 0.0]), some)
    assert certain.item() == pytest.approx(-np.log(1e-14) / 3, rel=1e-5)


def test_weak_labels_of_the_example():
    example = EXAMPLES["S9.weak_supervision"]
    graphs = of_networkx(nx.path_graph(4), [[0.5], [2.0], [0.0], [2.0]], 4)

    def counter(batch):
        return SimpleNamespace(counts=batch.total(batch.x)[:, 0])

    labels = training.occlusion(counter, graphs)
    assert labels.tolist() == pytest.approx(example["alpha_ws"], abs=1e-6)


def test_weak_labels_do_not_depend_on_how_many_graphs_are_looked_at_together(colors, monkeypatch):
    torch.manual_seed(0)
    counter = Counter(4, 8, tasks.COLORS, GLOBAL)
    some = colors.take(np.arange(30))
    whole = training.occlusion(counter, some)
    monkeypatch.setattr(training, "NODES", 300)
    assert np.allclose(training.occlusion(counter, some), whole, atol=1e-5)
    assert np.allclose(np.bincount(some.graph, whole), 1, atol=1e-4)


@pytest.mark.slow
def test_auc_with_ties_is_that_of_the_example_and_of_scikit_learn():
    example = EXAMPLES["S9.auc_ties"]
    assert attention.auc(example["score"], example["truth"]) == pytest.approx(example["auc"])
    from sklearn.metrics import roc_auc_score

    rng = stream(0, "auc")
    for levels in (2, 4, 1000):
        score, truth = rng.integers(0, levels, 200), rng.random(200) < 0.3
        assert attention.auc(score, truth) == pytest.approx(roc_auc_score(truth, score))
    assert np.isnan(attention.auc([1, 2], [0, 0]))
    assert attention.auc([1, 1], [0, 1]) == 0.5


@pytest.mark.parametrize("task", ["colors", "triangles"])
@pytest.mark.parametrize("mode", MODES)
def test_counts_do_not_depend_on_the_order_of_nodes_nor_on_other_graphs(task, mode, request):
    graphs = request.getfixturevalue(task).take(np.arange(5))
    torch.manual_seed(1)
    counter = Counter(graphs.features.shape[1], 8, tasks.TASKS[task].architecture, mode)
    with torch.no_grad():
        together = counter(graphs.batch()).counts
        for place in range(5):
            one = graphs.take(np.array([place]))
            alone = counter(one.batch()).counts
            assert torch.allclose(alone, together[place], atol=1e-4)
            order = stream(place, "order").permutation(int(one.sizes[0]))
            numbers = dict(enumerate(np.argsort(order).tolist()))
            again = of_networkx(
                nx.relabel_nodes(networkx_of(one, 0), numbers),
                one.features[order],
                int(one.labels[0]),
                one.truth[order],
            )
            assert torch.allclose(counter(again.batch()).counts, alone, atol=1e-4)


def test_true_attention_leaves_the_nodes_that_count(colors):
    counter = Counter(4, 8, tasks.COLORS, TRUTH)
    some = colors.take(np.arange(20))
    output = counter(some.batch())
    (alpha,), (batch,) = output.attentions, output.batches
    assert torch.equal(alpha, batch.truth)
    kept = attention.pooled(batch, alpha, 0.0)
    assert kept.total(torch.ones(len(kept.x))).tolist() == some.labels.tolist()


def test_the_direction_of_attention_can_be_turned_and_keeps_its_length():
    occurring = torch.tensor([True, True, True, False])
    for cosine in (-1.0, 0.3, 1.0):
        torch.manual_seed(3)
        counter = Counter(4, 8, tasks.COLORS, UNSUPERVISED)
        before = counter.direction.detach().clone()[0]
        counter.aim(1, occurring, cosine)
        after = counter.direction.detach()[0]
        assert after[3] == before[3]  # it is not seen in training
        assert after[:3].norm().item() == pytest.approx(before[:3].norm().item(), rel=1e-5)
        assert counter.cosines[0] == pytest.approx(cosine, abs=1e-5)
    assert all(np.isnan(Counter(4, 8, tasks.COLORS, GLOBAL).cosines))


def test_the_network_of_triangles_is_as_large_as_the_authors_log_says():
    counter = Counter(14, 64, tasks.TRIANGLES, UNSUPERVISED)
    assert sum(p.numel() for p in counter.parameters()) == 88_899
    shapes = [layer.mlp[0].weight.shape for layer in counter.layers]
    assert [tuple(shape) for shape in shapes] == [(64, 98), (64, 448), (64, 448)]


@pytest.mark.slow
def test_training_lowers_the_error_and_supervision_finds_the_attention(colors):
    torch.manual_seed(0)
    counter = Counter(4, 16, tasks.COLORS, "supervised")
    counter.aim(1, torch.tensor([True, True, True, False]), -0.8)
    before = training.measured(counter, colors)[1]
    curve = training.fit(counter, colors, 60, stream(0, "order"), (0.9,))
    after = training.measured(counter, colors)[1]
    assert curve[-1] < 0.5 * curve[0]
    assert before < after - 0.05
    assert all(b < 10 * a for a, b in pairwise(curve))


def test_a_graph_without_nodes_counts_as_the_last_layer_says():
    for task in ("colors", "triangles"):
        own = tasks.TASKS[task].architecture
        counter = Counter(4, 8, own, TRUTH)
        empty = of_networkx(nx.path_graph(3), np.eye(3, 4))  # no true attention: nothing is kept
        assert counter(empty.batch()).counts.item() == counter.last.bias.item()
    assert isinstance(counter.last, nn.Linear)
