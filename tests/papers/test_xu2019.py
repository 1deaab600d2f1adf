"""The study of aggregations: what they make equal, training fits, the probe, and its page."""

import json
import math
from functools import partial
from itertools import combinations
from pathlib import Path
from types import SimpleNamespace

import measuring_papers
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import torch
from commands import rlgen
from torch import nn

from rlgen.agents.cloning import clone, reproducible
from rlgen.analysis import claims as deciding
from rlgen.errors import ProtocolError
from rlgen.levels.lookup import family
from rlgen.levels.split import draw_split
from rlgen.probes.subject import Subject
from rlgen.util.seeding import stream
from rlgen_protocols import PAPERS
from rlgen_protocols.graphs import classifying
from rlgen_protocols.graphs.graph import Graph, batched
from rlgen_protocols.graphs.refinement import weisfeiler_leman
from rlgen_protocols.xu2019 import aggregations, fitting, probes
from rlgen_protocols.xu2019.figures import fits as fits_drawn
from rlgen_protocols.xu2019.figures import sections
from rlgen_protocols.xu2019.networks import AGGREGATIONS, NORMS, UPDATES, GraphNetwork

PAPER = PAPERS["xu2019"]
EXAMPLES = json.loads((Path(__file__).parents[1] / "golden/probes_b_examples.json").read_text())
SMALL = {"mazes": 6, "width": 4, "rounds": 2, "epochs": 4, "size": 3}
TINY = {
    "aggregations": [{"mazes": 2, "width": 4, "rounds": 2}],
    "fit": [
        *(
            SMALL | {"aggregation": a, "update": u, "labels": "random"}
            for a in AGGREGATIONS
            for u in UPDATES
        ),
        SMALL | {"epsilon": True},
        *(SMALL | {"labels": "pairs", "aggregation": a} for a in AGGREGATIONS),
        SMALL | {"labels": "parity", "features": "degrees", "size": 0},
        SMALL | {"labels": "many", "readout": "mean", "norm": "both"},
        SMALL | {"labels": "many", "aggregation": "max", "norm": "none", "features": "objects"},
    ],
}


measure = partial(measuring_papers.measure, PAPER)


def drawn(seed, n=9):
    graph = nx.gnp_random_graph(n, 0.4, seed=seed)
    return Graph.of_networkx(graph, stream(seed, "features").random((n, 3)))


def test_published_numbers_say_where_they_were_read():
    printed = fits_drawn.published()
    assert printed["source"].str.contains("https://").all()
    assert printed["accuracy"].between(50, 100).all()


def test_multisets_as_worked():
    example = EXAMPLES["S11.multisets"]
    assert list(aggregations.MULTISETS) == example["sets"]
    assert len(list(combinations(example["sets"], 2))) == example["of"]
    pairs = {name: [list(p) for p in aggregations.confused(name)] for name in AGGREGATIONS}
    assert pairs["sum"] == example["sum_confuses"]
    assert pairs["mean"] == example["mean_confuses"]
    assert len(pairs["max"]) == example["max_confuses_pairs"]
    assert all(pair in pairs["max"] for pair in pairs["mean"])


def test_one_layer_as_worked():
    example = EXAMPLES["S11.one_layer"]
    assert [list(values) for values in aggregations.SAME_SUM] == [example["X1"], example["X2"]]
    with reproducible(0):
        assert (aggregations.one_layer(64, bias=False) < 1e-12) is (
            example["sum_relu_Wx_no_bias_equal"]
        )
        assert aggregations.one_layer(64, bias=True) > 1e-3
    worked = example["with_bias_1"]
    layer = nn.Linear(1, 2)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor(worked["W"], dtype=torch.float32)[:, None])
        layer.bias.copy_(torch.tensor([1.0, 0.0]))
        for name in ("X1", "X2"):
            values = torch.tensor(example[name], dtype=torch.float32)[:, None]
            total = layer(values).relu().sum(dim=0).tolist()
            assert total == worked[name]


def test_a_layer_as_worked():
    # Here, since it takes three seconds to import.
    from torch_geometric.nn import GINConv

    example = EXAMPLES["S11.gin_layer"]
    edges = torch.tensor(np.argwhere(example["adjacency"]).T)
    layer = GINConv(nn.Identity()).double()
    layer.eps.fill_(example["eps"])
    values = torch.tensor(example["h"], dtype=torch.float64)[:, None]
    assert layer(values, edges)[:, 0].tolist() == pytest.approx(example["pre_mlp"], abs=1e-12)


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
def test_a_round_is_that_of_the_authors_code(aggregation):
    """Node and neighbours together: the sum, its share of degree + 1, the maximum with itself."""
    graph = drawn(1)
    with reproducible(0):
        net = GraphNetwork(3, 2, aggregation=aggregation, rounds=1, norm="none").double()
    batch = batched([graph], torch.float64)
    adjacency = torch.tensor(nx.to_numpy_array(graph.networkx()) + np.eye(graph.n))
    if aggregation == "max":
        together = torch.stack([batch.x[row > 0].amax(dim=0) for row in adjacency])
    else:
        together = adjacency @ batch.x
        if aggregation == "mean":
            together = together / adjacency.sum(dim=1, keepdim=True)
    expected = net.rounds[0].nn(together).relu()
    assert torch.allclose(net.nodes(batch)[1], expected, atol=1e-12)
    scores = sum(
        head(nodes.sum(dim=0)) for head, nodes in zip(net.heads, net.nodes(batch), strict=True)
    )
    assert torch.allclose(net(batch)[0], scores, atol=1e-12)


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
def test_with_epsilon_a_node_stands_beside_its_neighbours(aggregation):
    graph = drawn(2)
    with reproducible(0):
        net = GraphNetwork(3, 2, aggregation=aggregation, rounds=1, norm="none", epsilon=True)
    net.double()
    with torch.no_grad():
        net.rounds[0].eps.fill_(0.25)
    batch = batched([graph], torch.float64)
    neighbours = [batch.x[list(graph.networkx()[node])] for node in range(graph.n)]
    gather = {
        "sum": lambda x: x.sum(dim=0),
        "mean": lambda x: x.mean(dim=0),
        "max": lambda x: x.amax(dim=0),
    }[aggregation]
    around = torch.stack([gather(x) if len(x) else torch.zeros(3).double() for x in neighbours])
    expected = net.rounds[0].nn(1.25 * batch.x + around).relu()
    assert torch.allclose(net.nodes(batch)[1], expected, atol=1e-12)


@pytest.mark.parametrize("norm", NORMS)
def test_scores_do_not_depend_on_the_order_of_nodes_nor_on_the_batch(norm):
    graphs = [drawn(seed, n) for seed, n in ((3, 5), (4, 8), (5, 6))]
    copies = [
        graph.permuted(stream(0, "order", i).permutation(graph.n)) for i, graph in enumerate(graphs)
    ]
    with reproducible(0):
        net = GraphNetwork(3, 2, norm=norm).double().eval()
    together = net(batched(graphs, torch.float64))
    alone = torch.cat([net(batched([graph], torch.float64)) for graph in copies])
    assert torch.allclose(together, alone, atol=1e-10)


def test_mean_and_maximum_see_nothing_in_mazes_without_features():
    with reproducible(0):
        row = measure("aggregations", mazes=4)
    assert max(row["mean_spread"], row["max_spread"]) <= 1e-12
    assert row["sum_spread"] > 1e-3


def test_the_ceiling_is_the_majority_in_each_class():
    labels = np.array([0, 0, 1, 1, 1, 0])
    assert fitting.ceiling(["a", "a", "a", "b", "b", "c"], labels) == pytest.approx(5 / 6)
    graphs, opposite = fitting.wl_equal(12)
    multisets = weisfeiler_leman(graphs).multisets
    assert multisets[::2] == multisets[1::2]
    assert len(set(multisets)) == 6
    assert fitting.ceiling(multisets, opposite) == 0.5


def test_a_star_has_dead_ends():
    assert fitting.dead_ends(Graph.of_networkx(nx.star_graph(4))) == 4
    assert fitting.dead_ends(Graph.of_networkx(nx.cycle_graph(4))) == 0


@pytest.mark.slow
def test_sums_count_dead_ends_and_maxima_do_not():
    options = {"mazes": 40, "labels": "many", "epochs": 60, "size": 8}
    one, other = (measure("fit", aggregation=name, **options) for name in ("sum", "max"))
    assert one["train"] > 0.9
    assert one["test"] > 0.8
    assert other["train"] < 0.85


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"aggregation": "men"}, "aggregation = 'men': must be sum or mean or max"),
        ({"features": "one"}, "features = 'one': must be ones"),
        ({"labels": "none"}, "labels = 'none': must be random"),
        ({"norm": "inner"}, "norm = 'inner': must be none or outer or both"),
    ],
)
def test_unknown_words_are_refused(options, words):
    with pytest.raises(ProtocolError, match=words):
        measure("fit", **(SMALL | options))


def test_minibatches_hold_every_graph_once_and_never_one_alone():
    numbers = np.arange(9)
    parts = list(classifying.minibatches(numbers, 4))
    assert [len(part) for part in parts] == [4, 5]
    assert np.concatenate(parts).tolist() == numbers.tolist()
    assert [len(part) for part in classifying.minibatches(numbers, 3)] == [3, 3, 3]


def test_scores_that_differ_by_rounding_are_the_same_class():
    values = torch.tensor([[0.3, 0.3 + 1e-9], [0.3 + 1e-9, 0.3], [0.1, 0.2]])
    chosen = classifying.predicted(lambda numbers: values[torch.from_numpy(numbers)], 3)
    assert chosen.tolist() == [0, 0, 1]


def test_pairs_of_states_have_no_common_optimal_action():
    optimal = np.array([[1, 0, 0], [1, 1, 0], [0, 0, 1], [0, 1, 0]], bool)
    pairs = probes.disjoint(optimal, stream(0, "pairs"))
    assert sorted(map(tuple, pairs.tolist())) == [(0, 2), (0, 3), (1, 2), (2, 3)]


def test_constant_features_collapse_and_those_of_a_clone_do_not():
    split = draw_split(family("maze-basic[size=5]"), 3, 0, 3)

    class Constant(nn.Module):
        def forward(self, observations):
            return torch.ones(len(observations), 4, dtype=observations.dtype)

    flat = Subject.of_layers(Constant(), nn.Linear(4, 5), split)
    assert probes.collapse_rate(flat, seed=0)["collapse_rate"].value == 1
    policy = clone(split.family, split.train, "mlp-64-64", 0, steps=60)
    own = probes.collapse_rate(Subject(policy, split), seed=0)
    assert own["collapse_rate"].value < 0.2
    assert own["median_distance"].value > 0


@pytest.fixture(scope="module")
def measured():
    return measuring_papers.tables(PAPER, TINY)


@pytest.mark.slow
def test_pairs_that_1wl_cannot_tell_apart_are_fitted_by_half(measured):
    own = measured["fit"]
    own = own[own["labels"] == "pairs"]
    assert (own[["train", "best", "test", "ceiling_stable"]] == 0.5).all(axis=None)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bits_whatever_was_drawn_before():
    options = TINY["fit"][0]
    first = json.dumps(measure("fit", 5, **options))
    torch.manual_seed(99)
    torch.randn(3)
    assert json.dumps(measure("fit", 5, **options)) == first
    assert json.dumps(measure("fit", 6, **options)) != first


@pytest.mark.slow
def test_figures_are_drawn_of_all_of_it_and_of_nothing(measured):
    tables = measured | {"policies": policies(0.05, 0.1, 0.2)}
    results = SimpleNamespace(measured=tables.__getitem__)
    sections_drawn = {section.name: section for section in sections(results)}
    assert set(sections_drawn) == {"exact", "fit", "counts", "policies"}
    for section in sections_drawn.values():
        assert section.svg.startswith("<svg")
        assert len(section.data)
    assert {claim.section for claim in PAPER.claims().values()} <= set(sections_drawn)
    nothing = SimpleNamespace(measured=lambda name: tables[name].head(0))
    assert list(sections(nothing)) == []


@pytest.mark.slow
def test_policies_say_what_their_networks_aggregate():
    row = measure(
        "policies",
        family="maze-basic[size=5]",
        network="message-passing[width=4,rounds=2]",
        n=2,
        tests=3,
        steps=3,
    )
    assert set(row) == set(PAPER.experiments["policies"].measures)
    assert (row["aggregate"], row["update"]) == ("max", "mlp")
    assert row["gap"] == row["train"] - row["test"]


def table(name, **columns):
    """Rows with all columns of an experiment; those that are left out are nan."""
    experiment = PAPER.experiments[name]
    frame = pd.DataFrame(columns)
    for key in ("seed", *experiment.options, *experiment.measures):
        if key not in frame:
            frame[key] = experiment.options.get(key, math.nan)
    return frame


def fits(**accuracies):
    """By "AGGREGATION UPDATE [epsilon]" the mean of training accuracies."""
    parts = []
    for name, value in accuracies.items():
        aggregation, update, *rest = name.replace("one_layer", "one-layer").split("__")
        rng = stream(0, name)
        parts.append(
            table(
                "fit",
                seed=range(8),
                aggregation=aggregation,
                update=update,
                epsilon=bool(rest),
                train=value + 0.01 * rng.normal(size=8),
            )
        )
    return pd.concat(parts)


def policies(*gaps):
    """Clones whose gaps with maximum, mean and sum are these, and a little noise."""
    rng = stream(0, "policies")
    return pd.concat(
        [
            table(
                "policies",
                seed=range(8),
                aggregate=aggregate,
                update="mlp",
                train=0.9,
                test=0.9 - gap,
                gap=gap + 0.03 * rng.normal(size=8),
            )
            for aggregate, gap in zip(("max", "mean", "sum"), gaps, strict=True)
        ]
    )


def exact(**values):
    columns = {
        "sum_confuses": 0,
        "mean_confuses": 4,
        "max_confuses": 11,
        "mean_within_max": True,
        "one_layer": 1e-16,
        "one_layer_bias": 1.0,
        "sum_spread": 0.5,
        "mean_spread": 1e-16,
        "max_spread": 0.0,
    }
    return table("aggregations", seed=range(3), **(columns | values))


def verdicts(members, **tables):
    whole = {name: tables.get(name, table(name, seed=[])) for name in PAPER.experiments}
    results = SimpleNamespace(measured=whole.__getitem__)
    decided = deciding.decide(members, results, deciding.declared(members))
    return {one.name: one.word for one in decided}


def test_claims_are_supported_refuted_or_neither():
    good = fits(
        sum__mlp=0.9, sum__mlp__epsilon=0.9, sum__one_layer=0.8, mean__mlp=0.5, max__mlp=0.5
    )
    true = verdicts(
        PAPER.claims(), aggregations=exact(), fit=good, policies=policies(0.05, 0.06, 0.1)
    )
    assert set(true.values()) == {"supported"}
    bad = fits(sum__mlp=0.6, sum__mlp__epsilon=0.9, sum__one_layer=0.8, mean__mlp=0.7, max__mlp=0.5)
    wrong = exact(mean_confuses=3, one_layer=0.1, mean_spread=0.1)
    false = verdicts(
        PAPER.claims(), aggregations=wrong, fit=bad, policies=policies(0.1, 0.06, 0.05)
    )
    assert set(false.values()) == {"refuted"}
    assert set(verdicts(PAPER.claims()).values()) == {"inconclusive"}


def test_controls_come_out_as_they_must_and_not_otherwise():
    members = {name: control.claim for name, control in PAPER.controls().items()}
    expected = {name: control.expected for name, control in PAPER.controls().items()}
    easy = fits(sum__mlp=1.0).assign(train=1.0, labels="parity", features="degrees")
    pairs = fits(sum__mlp=0.5, max__one_layer=0.5).assign(train=0.5, labels="pairs")
    assert verdicts(members, fit=pd.concat([easy, pairs])) == expected
    words = verdicts(members, fit=pd.concat([easy.assign(train=0.6), pairs.assign(train=0.7)]))
    assert all(words[name] != expected[name] for name in members)


@pytest.mark.slow
def test_the_smoke_budget_runs_with_its_page(tmp_path):
    out = tmp_path / "store"
    said, _ = rlgen("evaluate", "xu2019", "--budget", "smoke", "-o", out, "--json", "-j", 1)
    answer = json.loads(said)
    assert not answer["failed"]
    claims = {one["name"]: one for one in answer["summary"]["claims"]["decisions"]}
    assert set(claims) == {*PAPER.claims()}
    page = (out / "report.html").read_text()
    for name in ("exact", "fit", "counts", "policies"):
        assert f'id="xu2019-{name}"' in page
