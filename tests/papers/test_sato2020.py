"""The study of expressive power: pairs, impossibilities, remedies, copies, and its page."""

import json
import math
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import measuring_papers
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import torch
from commands import rlgen

from rlgen.agents.cloning import clone, reproducible
from rlgen.analysis import claims as deciding
from rlgen.errors import LevelError, PolicyError, ProtocolError
from rlgen.levels.lookup import family
from rlgen.levels.split import draw_split
from rlgen.probes.subject import Subject
from rlgen.util.seeding import stream
from rlgen_protocols import PAPERS
from rlgen_protocols.graphs.graph import Graph
from rlgen_protocols.graphs.pairs import dumbbell, theta
from rlgen_protocols.graphs.refinement import folklore2, weisfeiler_leman
from rlgen_protocols.graphs.symmetries import SYMMETRIES, Symmetry
from rlgen_protocols.sato2020 import drawing, ladder, networks, probes, telling
from rlgen_protocols.sato2020.figures import sections

PAPER = PAPERS["sato2020"]
EXAMPLES = json.loads((Path(__file__).parents[1] / "golden/probes_b_examples.json").read_text())
TINY = {
    "telling": [{"model": m, "width": 4, "rounds": 3} for m in telling.BLIND],
    "ladder": [
        {"model": m, "graphs": 8, "tests": 8, "width": 4, "rounds": 2, "epochs": 2, "size": 4}
        for m in networks.MODELS
    ]
    + [{"model": "rgin", "task": "copies", "graphs": 8, "tests": 8, "epochs": 1, "width": 4}],
    "cloning": [{"network": m, "n": 2, "tests": 3, "steps": 5} for m in ("mlp-64-64", "conv-a")],
}


measure = partial(measuring_papers.measure, PAPER)


def build(model, **options):
    with reproducible(3):
        return networks.build(model, **({"width": 8, "rounds": 6} | options)).eval()


def pair(name):
    length, corridor = map(int, name.removeprefix("L").split("c"))
    return [Graph.of_networkx(make(length, corridor)) for make in (dumbbell, theta)]


@pytest.mark.parametrize("readout", networks.READOUTS)
@pytest.mark.parametrize("model", networks.MESSAGE_PASSING)
def test_message_passing_gives_equal_scores_to_graphs_that_1wl_cannot_tell_apart(model, readout):
    """The fixtures' pairs, in float64 to 1e-12 and in float32 to 1e-5 of the largest score."""
    net = build(model, readout=readout)
    pairs = [pair(name) for name in EXAMPLES["S6.pairs"]]
    assert max(telling.difference(net, both) for both in pairs) <= 1e-5
    net.double()
    assert max(telling.difference(net, both) for both in pairs) <= 1e-12


@pytest.mark.parametrize("model", ["distances", "fwl2"])
def test_remedies_tell_the_pairs_apart_and_not_a_graph_from_its_copies(model):
    net = build(model, width=16, rounds=3).double()
    rng = stream(0, "copies")
    for name in EXAMPLES["S6.pairs"]:
        one, two = pair(name)
        copy = one.permuted(rng.permutation(one.n))
        assert telling.difference(net, [one, copy]) < 1e-12
        assert telling.difference(net, [one, two]) > 1e-6


def test_a_gin_tells_a_path_from_a_star():
    graphs = [Graph.of_networkx(make) for make in (nx.path_graph(5), nx.star_graph(4))]
    assert telling.difference(build("gin").double(), graphs) > 1e-3


def test_batches_change_no_score():
    mazes = [
        drawing.draw(kind, shape, stream(1, str(kind), shape))
        for kind in drawing.kinds((8,))[::4]
        for shape in ("dumbbell", "theta")
    ]
    for model in networks.MODELS:
        net = build(model, width=6, rounds=3).double().eval()
        with torch.no_grad():
            if model == "rgin":  # the same draws one by one and together
                single = [net([maze], stream(2, "x", i)) for i, maze in enumerate(mazes)]
                inputs = [net.inputs([m], stream(2, "x", i))[0] for i, m in enumerate(mazes)]
                together = net.of(inputs)
            else:
                single, together = [net([maze]) for maze in mazes], net(mazes)
        assert torch.allclose(torch.cat(single), together, atol=1e-12)


def test_random_features_are_drawn_anew():
    maze = drawing.of_cells(drawing.Kind(8, 2), "theta")
    net, rng = build("rgin"), stream(0, "rgin")
    with torch.no_grad():
        assert not torch.equal(net([maze], rng), net([maze], rng))


@pytest.mark.slow
def test_drawn_mazes_are_the_pairs_with_dead_ends_and_stay_equal_for_1wl():
    for kind in drawing.kinds((*drawing.IN_RANGE, *drawing.BEYOND)):
        rng = stream(0, "drawn", str(kind))
        mazes = [drawing.draw(kind, shape, rng) for shape in ("dumbbell", "theta")]
        equal = weisfeiler_leman(mazes).multisets
        assert equal[0] == equal[1], kind
        for maze, make in zip(mazes, (dumbbell, theta), strict=True):
            assert maze.n == mazes[0].n
            assert maze.cells.min() >= 0
            assert maze.cells.max() < drawing.SIDE
            core = maze.networkx()
            for _ in range(kind.depth):
                core.remove_nodes_from([node for node, degree in core.degree if degree == 1])
            assert nx.is_isomorphic(core, make(kind.length, kind.corridor)), kind


def test_2fwl_tells_drawn_pairs_apart():
    for kind in drawing.kinds((8,)):
        mazes = [drawing.of_cells(kind, shape) for shape in ("dumbbell", "theta")]
        apart = folklore2(mazes).multisets
        assert apart[0] != apart[1]


def test_training_kinds_are_not_held_out():
    pools = ladder._pairs(0, 40, 40)
    assert [len(pool.graphs) for pool in pools.values()] == [40, 40, 40]
    assert all(pool.labels.tolist() == [0, 1] * 20 for pool in pools.values())
    train, test = (
        {(g.n, tuple(sorted(g.distances().sum(axis=0)))) for g in pools[name].graphs}
        for name in ("train", "test")
    )
    assert not train & test


def test_symmetries_as_worked():
    example, moves = EXAMPLES["agent.symmetries"], family("maze-basic").graph.moves
    order = Symmetry(True, False, False).actions(moves)
    assert example["transpose"]["logits_of_image"].endswith(str(order).replace(" ", ""))
    assert Symmetry(False, True, False).actions(moves) == example["flip_rows"]
    assert Symmetry(False, False, True).actions(moves) == example["flip_columns"]
    with pytest.raises(LevelError, match="symmetries do not permute"):
        Symmetry(True, False, False).actions([(0, 1), (0, -1)])


def test_images_of_a_move_are_moves_of_images():
    moves = family("maze-basic").graph.moves
    for symmetry in SYMMETRIES:
        order = symmetry.actions(moves)
        assert sorted(order) == list(range(5))
        for action, move in enumerate(moves):
            board = np.zeros((5, 5))
            board[2 + move[0], 2 + move[1]] = 1
            there = np.argwhere(symmetry.boards(board))[0] - 2
            assert order[moves.index(tuple(there.tolist()))] == action
    images = {symmetry.boards(np.arange(9).reshape(3, 3)).tobytes() for symmetry in SYMMETRIES}
    assert len(images) == 8
    assert np.array_equal(SYMMETRIES[0].boards(board), board)


def test_agreement_shares_equally_probable_actions():
    labels = np.array([[0.5, 0.5, 0], [1, 0, 0], [0, 0, 1]])
    probabilities = np.array([[0.4, 0.2, 0.4], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]])
    assert probes.agreement(probabilities, labels) == pytest.approx((0.5 + 0 + 1) / 3)


@pytest.mark.slow
def test_a_clone_of_few_levels_has_a_copy_gap_and_a_graph_network_has_none():
    split = draw_split(family("maze-basic[size=5]"), 3, 0, 3)
    subjects = {
        name: Subject(clone(split.family, split.train, name, 0, steps=150), split)
        for name in ("mlp-64-64", "message-passing[width=8,rounds=4]")
    }
    gaps = [probes.copy_gap(subject, seed=0) for subject in subjects.values()]
    assert gaps[0]["copy_gap"].value > 0.2
    assert abs(gaps[1]["copy_gap"].value) < 1e-9
    assert gaps[1]["agreement"].value > 0.5


def test_pictures_without_a_graph_have_no_copy_gap():
    split = draw_split(family("maze-basic[size=5,view=3]"), 2, 0, 2)
    subject = Subject(clone(split.family, split.train, "mlp-64-64", 0, steps=2), split)
    with pytest.raises(PolicyError, match="show no graph of cells"):
        probes.copy_gap(subject, seed=0)


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("ladder", {"model": "gim"}, "'gim': must be gin or gcn .*did you mean 'gin'"),
        ("ladder", {"task": "bridges"}, "did you mean 'bridge'"),
        ("ladder", {"readout": "max"}, "readout = 'max': must be sum or mean"),
        ("telling", {"model": "coordinates"}, "'coordinates': must be gin"),
    ],
)
def test_unknown_words_are_refused(name, options, words):
    with pytest.raises(ProtocolError, match=words):
        measure(name, **(TINY[name][0] | options))


@pytest.fixture(scope="module")
def measured():
    return measuring_papers.tables(PAPER, TINY)


@pytest.mark.slow
def test_message_passing_is_right_in_exactly_half_of_the_mazes_after_training(measured):
    table = measured["ladder"]
    own = table[table["model"].isin(networks.MESSAGE_PASSING)]
    assert (own[["train", "test", "far"]] == 0.5).all(axis=None)
    assert (own["pair_difference"] < 1e-9).all()


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bits_whatever_was_drawn_before():
    for name, options in (("ladder", TINY["ladder"][5]), ("telling", TINY["telling"][0])):
        first = json.dumps(measure(name, 5, **options))
        torch.manual_seed(99)
        torch.randn(3)
        assert json.dumps(measure(name, 5, **options)) == first


@pytest.mark.slow
def test_figures_are_drawn_of_all_of_it_and_of_nothing(measured):
    results = SimpleNamespace(measured=measured.__getitem__)
    drawn = {section.name: section for section in sections(results)}
    assert set(drawn) == {"pair", "telling", "ladder", "draws", "copies"}
    for section in drawn.values():
        assert section.svg.startswith("<svg")
        assert len(section.data)
    pair = drawn["pair"].data
    assert pair["dumbbell"].tolist() == pair["theta"].tolist()
    assert {claim.section for claim in PAPER.claims().values()} <= set(drawn)
    nothing = SimpleNamespace(measured=lambda name: measured[name].head(0))
    assert list(sections(nothing)) == []


def table(name, **columns):
    """Rows with all columns of an experiment; those that are left out are nan."""
    experiment = PAPER.experiments[name]
    frame = pd.DataFrame(columns)
    for key in ("seed", *experiment.options, *experiment.measures):
        if key not in frame:
            frame[key] = experiment.options.get(key, math.nan)
    return frame


def trained(model, seeds=8, task="bridge", graphs=400, **shares):
    rng = stream(0, "trained", model, graphs)
    noise = {k: v if v == 0.5 else v + 0.004 * rng.normal(size=seeds) for k, v in shares.items()}
    return table("ladder", seed=range(seeds), task=task, model=model, graphs=graphs, **noise)


def cloned(sign):
    rng = stream(0, "cloned")
    gap = rng.random(60)
    return table(
        "cloning",
        seed=np.arange(60) % 10,
        n=np.repeat([10, 100], 30),
        gap=gap,
        copy_gap=sign * gap + 0.05 * rng.normal(size=60),
        chance=rng.random(60),
    )


def untrained(**values):
    columns = {"largest": 1e-16, "largest32": 1e-7, "copies": 1e-16, "path_star": 0.1} | values
    return table("telling", seed=range(7), model=list(telling.BLIND), **columns)


def verdicts(members, **tables):
    whole = {name: tables.get(name, table(name, seed=[])) for name in PAPER.experiments}
    results = SimpleNamespace(measured=whole.__getitem__)
    decided = deciding.decide(members, results, deciding.declared(members))
    return {one.name: one.word for one in decided}


def ladders(half, remedy, random, coordinates):
    return pd.concat(
        [
            *(trained(m, train=0.5, test=0.5, far=half) for m in networks.MESSAGE_PASSING),
            *(trained(m, train=0.999, test=remedy, far=remedy) for m in ("distances", "fwl2")),
            trained("rgin", train=0.9, test=random, far=0.6),
            trained("rgin", task="copies", train=0.9, test=0.501, far=0.5),
            trained("coordinates", graphs=100, gap=coordinates),
            trained("distances", graphs=100, gap=0.02),
        ]
    )


def test_claims_are_supported_refuted_or_neither():
    true = verdicts(
        PAPER.claims(),
        telling=untrained(),
        ladder=ladders(0.5, 0.99, 0.8, 0.3),
        cloning=cloned(1),
    )
    assert set(true.values()) == {"supported"}
    false = verdicts(
        PAPER.claims(),
        telling=untrained(largest=1e-6),
        ladder=ladders(0.7, 0.7, 0.51, -0.3),
        cloning=cloned(-1),
    )
    assert set(false.values()) == {"refuted"}
    assert set(verdicts(PAPER.claims()).values()) == {"inconclusive"}


def test_controls_come_out_as_they_must_and_not_otherwise():
    members = {name: control.claim for name, control in PAPER.controls().items()}
    expected = {name: control.expected for name, control in PAPER.controls().items()}
    good = {
        "telling": untrained(),
        "ladder": ladders(0.5, 0.99, 0.8, 0.3),
        "cloning": cloned(1),
    }
    assert verdicts(members, **good) == expected
    lucky = cloned(1)
    bad = {
        "telling": untrained(copies=0.1, path_star=1e-9),
        "ladder": trained("rgin", task="copies", test=0.8),
        "cloning": lucky.assign(chance=lucky["gap"]),
    }
    words = verdicts(members, **bad)
    assert all(words[name] != expected[name] for name in members)


@pytest.mark.slow
def test_the_smoke_budget_runs_with_its_page(tmp_path):
    out = tmp_path / "store"
    said, _ = rlgen("evaluate", "sato2020", "--budget", "smoke", "-o", out, "--json", "-j", 1)
    answer = json.loads(said)
    assert not answer["failed"]
    claims = {one["name"]: one for one in answer["summary"]["claims"]["decisions"]}
    assert set(claims) == {*PAPER.claims()}
    page = (out / "report.html").read_text()
    for name in ("pair", "telling", "ladder", "draws", "copies"):
        assert f'id="sato2020-{name}"' in page
