"""The graph neural tangent kernel: worked examples, identities, and what it refuses."""

import json
from pathlib import Path

import networkx as nx
import numpy as np
import pytest

from rlgen.errors import ProtocolError
from rlgen.util.seeding import stream
from rlgen_protocols.du2019 import gntk, subtree, tasks, wide
from rlgen_protocols.du2019.gntk import Architecture, gram, relu_maps
from rlgen_protocols.graphs.graph import Graph, constant
from rlgen_protocols.graphs.pairs import dumbbell, theta

EXAMPLES = json.loads((Path(__file__).parents[1] / "golden/probes_b_examples.json").read_text())
ARCHITECTURES = [
    Architecture(blocks, layers, scaling, jumping)
    for blocks, layers in ((1, 1), (2, 3), (4, 1))
    for scaling in gntk.SCALINGS
    for jumping in (True, False)
]


def of_matrix(x, adjacency_with_self_loops):
    matrix = np.array(adjacency_with_self_loops) - np.eye(len(x))
    edges = np.stack(np.nonzero(matrix)).astype(np.int64)
    return Graph(edges, np.array(x, np.float32))


def drawn(n=7, seed=0):
    return tasks.theorem(seed, "", n, 0).graphs


def apart(one, other):
    return np.abs(one - other).max() / np.abs(other).max()


def by_kronecker(one, other, architecture):
    """The kernel of two graphs as the authors write it: a Kronecker product times a vector."""

    def closed(graph):
        matrix = np.eye(graph.n)
        matrix[graph.edges[1], graph.edges[0]] = 1
        return matrix

    def recursion(a, b, deviations):
        left, right = closed(a), closed(b)
        scale = 1.0
        if architecture.scaling == "degree":
            scale = 1 / np.outer(left.sum(axis=1), right.sum(axis=0))
        step = np.kron(left, right)

        def aggregated(values):
            return (step @ values.reshape(-1)).reshape(values.shape) * scale

        sigma = a.features.astype(float) @ b.features.astype(float).T
        total = sigma
        sigma = aggregated(sigma)
        tangent, found = sigma, []
        for block in range(architecture.blocks):
            if block:
                sigma, tangent = aggregated(sigma), aggregated(tangent)
            for _ in range(architecture.layers):
                found.append(np.sqrt(np.diag(sigma)) if deviations is None else None)
                k = len(found) - 1
                rows, columns = (
                    (found[k],) * 2 if deviations is None else (d[k] for d in deviations)
                )
                cosine = np.clip(sigma / rows[:, None] / columns, -1, 1)
                derivative = (np.pi - np.arccos(cosine)) / np.pi
                sigma = (cosine * (np.pi - np.arccos(cosine)) + np.sqrt(1 - cosine**2)) / np.pi
                sigma = sigma * rows[:, None] * columns
                tangent = tangent * derivative + sigma
            total = total + tangent
        return found, 2 * (total if architecture.jumping else tangent).sum()

    own = [recursion(graph, graph, None)[0] for graph in (one, other)]
    return recursion(one, other, own)[1]


def test_gram_matrices_as_worked():
    example = EXAMPLES["S8.gntk"]
    graphs = [of_matrix(**example["graphs"][name]) for name in ("path3", "path2")]
    assert len(example["gram"]) == 24
    for name, expected in example["gram"].items():
        blocks, layers, scaling, jumping = name.split(",")
        architecture = Architecture(
            int(blocks.removeprefix("blocks")),
            int(layers.removeprefix("mlp")),
            scaling,
            jumping == "jk=True",
        )
        assert gram(graphs, architecture) == pytest.approx(np.array(expected), rel=1e-12), name


def test_maps_of_relu_as_worked():
    example, one = EXAMPLES["S8.relu_maps"], np.ones(1)
    covariance, derivative = relu_maps(np.array([[example["rho"]]]), one, one)
    assert covariance.item() == pytest.approx(example["covariance"], rel=1e-12)
    assert derivative.item() == pytest.approx(example["derivative"], rel=1e-12)
    example = EXAMPLES["S8.relu_maps_2"]
    sigma = np.array(example["sigma"], float)
    deviation = np.sqrt(np.diag(sigma))
    covariance, derivative = relu_maps(sigma, deviation, deviation)
    assert covariance == pytest.approx(np.array(example["covariance"]), rel=1e-12)
    assert derivative == pytest.approx(np.array(example["derivative"]), rel=1e-12)


def test_maps_of_relu_are_those_of_gaussian_inputs():
    rng = stream(0, "relu")
    sigma = np.array([[2.0, -0.7], [-0.7, 1.0]])
    inputs = rng.multivariate_normal([0, 0], sigma, size=400_000)
    deviation = np.sqrt(np.diag(sigma))
    covariance, derivative = relu_maps(sigma, deviation, deviation)
    positive = np.maximum(inputs, 0)
    assert 2 * positive.T @ positive / len(inputs) == pytest.approx(covariance, abs=0.02)
    active = (inputs > 0).astype(float)
    assert 2 * active.T @ active / len(inputs) == pytest.approx(derivative, abs=0.01)


def pair_with_another():
    return [Graph.of_networkx(g) for g in (dumbbell(4, 1), theta(4, 1), nx.path_graph(3))]


def test_rows_of_a_pair_are_equal_as_worked():
    expected = np.array(EXAMPLES["S8.wl_pair_uniform"]["gram"])
    found = gram(pair_with_another(), Architecture(2, 2))
    assert found == pytest.approx(expected, rel=1e-12)
    assert (found[0] == found[1]).all()


@pytest.mark.parametrize(("length", "corridor"), [(4, 1), (5, 3), (8, 2), (12, 4)])
def test_rows_of_pairs_are_equal(length, corridor):
    graphs = [Graph.of_networkx(make(length, corridor)) for make in (dumbbell, theta)]
    graphs += [Graph.of_networkx(nx.path_graph(5)), Graph.of_networkx(nx.star_graph(4))]
    tagged = [graph.with_features(np.eye(5)[graph.degrees]) for graph in graphs]
    for scaling in gntk.SCALINGS:
        rows = gram(tagged, Architecture(5, 2, scaling))
        assert (abs(rows[0] - rows[1]) / rows[0]).max() <= 1e-8
        assert (abs(rows[2] - rows[3]) / rows[2]).max() > 1e-3  # refinement tells these apart


def test_degree_scaling_of_constant_features_would_leave_sizes_alone_and_is_refused():
    expected, graphs = np.array(EXAMPLES["S8.wl_pair_degree"]["gram"]), pair_with_another()
    architecture = Architecture(2, 2, "degree")
    with pytest.raises(ProtocolError, match=r"^scaling = 'degree' with constant features") as no:
        gram(graphs, architecture)
    assert "\n" not in str(no.value)
    sizes = np.array([graph.n for graph in graphs])
    assert expected == pytest.approx(18.0 * np.outer(sizes, sizes))
    # what it would be: the same from features that differ by nothing but rounding
    nearly = [
        g.with_features(np.ones((g.n, 1)) + 1e-7 * (np.arange(g.n) == 0)[:, None]) for g in graphs
    ]
    assert gram(nearly, architecture) == pytest.approx(expected, rel=1e-5)


def test_a_name_that_is_no_scaling_is_refused():
    with pytest.raises(ProtocolError, match=r"scaling = .degrees. \(did you mean"):
        Architecture(scaling="degrees")


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=str)
def test_it_is_symmetric_positive_and_blind_to_the_order_of_nodes(architecture):
    graphs, rng = drawn(), stream(1, "order")
    whole = gram(graphs, architecture)
    assert (whole == whole.T).all()
    assert apart(gram(graphs[::-1], architecture)[::-1, ::-1], whole) <= 1e-8
    values = np.linalg.eigvalsh(whole)
    assert values[0] >= -1e-8 * values[-1]
    moved = [graph.permuted(rng.permutation(graph.n)) for graph in graphs]
    assert apart(gram(moved, architecture), whole) <= 1e-8


@pytest.mark.parametrize(
    "architecture", [one for one in ARCHITECTURES if one.scaling != "norm"], ids=str
)
def test_two_products_are_the_kronecker_product(architecture):
    graphs = drawn(3)
    expected = [[by_kronecker(a, b, architecture) for b in graphs] for a in graphs]
    assert apart(gram(graphs, architecture), np.array(expected)) <= 1e-9


def test_pieces_of_any_size_give_the_same(monkeypatch):
    graphs, architecture = drawn(9), Architecture(3, 2, "degree")
    whole = gram(graphs, architecture)
    for entries in (1, 300, 2_000):
        monkeypatch.setattr(gntk, "ENTRIES", entries)
        assert apart(gram(graphs, architecture), whole) <= 1e-10


def test_without_blocks_it_is_linear_in_summed_features():
    graphs = drawn()
    sums = np.stack([graph.features.astype(float).sum(axis=0) for graph in graphs])
    assert apart(gram(graphs, Architecture(0)), 2 * sums @ sums.T) <= 1e-12


def test_of_constant_features_it_knows_numbers_of_walks_alone():
    graphs = constant(drawn())
    for blocks in (1, 2, 3):
        values = np.linalg.eigvalsh(gram(graphs, Architecture(blocks, 2, jumping=False)))
        assert abs(values[:-1]).max() <= 1e-9 * values[-1]  # of rank one
        matrices = [nx.to_numpy_array(graph.networkx()) + np.eye(graph.n) for graph in graphs]
        walks = np.array([np.linalg.matrix_power(m, blocks).sum() for m in matrices])
        ratio = gram(graphs, Architecture(blocks, 2, jumping=False)) / np.outer(walks, walks)
        assert ratio == pytest.approx(np.full_like(ratio, ratio[0, 0]), rel=1e-9)


def test_nodes_whose_features_are_0_have_no_part_in_it():
    one = Graph(np.zeros((2, 0), np.int64), np.array([[1.0, 0.0]], np.float32))
    two = Graph(np.zeros((2, 0), np.int64), np.array([[1.0, 0.0], [0.0, 0.0]], np.float32))
    for scaling in gntk.SCALINGS:
        found = gram([one, two], Architecture(2, 2, scaling))
        assert np.isfinite(found).all()
        if scaling != "degree":
            assert found == pytest.approx(np.full((2, 2), found[0, 0]))


def test_a_rooted_kernel_is_a_node_s_own_term():
    graphs, architecture = drawn(3), Architecture(2, jumping=False)
    by_root = [
        sum(gntk.rooted([a, b], [u, v], architecture)[0, 1] for u in range(a.n) for v in range(b.n))
        for a, b in ((graphs[0], graphs[1]), (graphs[1], graphs[2]))
    ]
    whole = gram(graphs, architecture)
    assert by_root == pytest.approx([whole[0, 1], whole[1, 2]], rel=1e-9)


@pytest.mark.slow
def test_the_tangent_kernel_of_a_wide_network_is_half_of_it():
    measured = [wide.run(seed=seed, graphs=5, width=100_000) for seed in range(2)]
    assert max(one["deviation"] for one in measured) < 0.05
    assert min(one["deviation_whole"] for one in measured) > 0.4


def test_gradients_of_hidden_units_are_those_of_the_network():
    import torch

    graphs = drawn(2)
    nodes = gntk.Nodes(graphs, Architecture())
    sums = torch.from_numpy(np.asarray(nodes.aggregate @ nodes.features))
    rng = stream(0, "units")
    inner, outer = (torch.from_numpy(v) for v in (rng.normal(size=(6, 4)), rng.normal(size=6)))
    inner.requires_grad_(True), outer.requires_grad_(True)
    rows = []
    for first, last in zip(nodes.starts[:-1], nodes.starts[1:], strict=True):
        out = ((sums[first:last] @ inner.T).relu() @ outer).sum()
        grads = torch.autograd.grad(out, (inner, outer))
        rows.append(torch.cat([grad.flatten() for grad in grads]))
    jacobian = torch.stack(rows)
    own = wide.tangent(sums.numpy(), nodes.starts[:-1], 6, stream(0, "units"))
    assert own == pytest.approx((jacobian @ jacobian.T).numpy(), rel=1e-9)


def test_the_subtree_kernel_counts_common_colours():
    path, star = (Graph.of_networkx(g) for g in (nx.path_graph(3), nx.star_graph(3)))
    none, one = subtree.grams([path, star], [np.zeros(3, int), np.zeros(4, int)], 1)
    assert none.tolist() == [[9, 12], [12, 16]]
    # after one round a path has 2 ends and a middle of degree 2; a star 3 ends and one of degree 3
    assert one.tolist() == [[9 + 5, 12 + 6], [12 + 6, 16 + 10]]
