"""Tasks, networks and curves of Xu et al. 2020: worked examples, and what each can and cannot."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from rlgen.errors import ProtocolError
from rlgen.levels import lookup
from rlgen.util.seeding import stream
from rlgen_protocols.xu2020 import animals, maze_models, maze_tasks, models, monsters, subset_sum
from rlgen_protocols.xu2020.animals import Animals
from rlgen_protocols.xu2020.curves import Curve
from rlgen_protocols.xu2020.examples import batches, until_full
from rlgen_protocols.xu2020.tasks import FORMS, NAMES, task
from rlgen_protocols.xu2020.training import Pool, answered, chance, fit

EXAMPLES = json.loads((Path(__file__).parents[1] / "golden/probes_b_examples.json").read_text())
FAMILY = lookup.family("maze-tunnel[size=9]")


# worked examples


def test_the_worked_example_of_a_monster_trainer():
    example = EXAMPLES["S7.monster_trainer"]
    places = np.array([example["positions"]])
    costs, _ = monsters.shortest(places)
    assert costs[0].tolist() == example["minimal_cost_by_target"]
    expected = [
        [np.inf if v is None else v for v in values] for values in example["bellman_ford_rounds"]
    ]
    after = monsters.rounds(places, len(expected) - 1)
    assert after[:, 0].tolist() == expected
    # The predecessors are those of a shortest path.
    for target, before in enumerate(example["predecessor"][1:], 1):
        step = monsters.edges(places)[0, before, target]
        assert costs[0, before] + step == costs[0, target]


def test_the_worked_example_of_a_subset_sum():
    example = EXAMPLES["S7.subset_sum"]
    numbers = np.array([example["numbers"]])
    subsets = subset_sum.members(6)
    assert len(subsets) == example["n_subsets"]
    zero_subsets = [numbers[0][own].tolist() for own in subsets if numbers[0][own].sum() == 0]
    assert sorted(zero_subsets) == sorted(example["zero_subsets"])
    zero = subset_sum.zeros(numbers)
    assert int(zero.any[0]) == example["label"]
    assert not zero.single[0]
    assert not zero.short[0]


def test_the_worked_example_of_a_furthest_pair():
    example = EXAMPLES["S7.furthest_pair"]
    places = np.array([example["coordinates"]])
    pairs, equal = animals.furthest(places)
    assert pairs[0].tolist() == example["pair"]
    assert equal[0] == 1
    one, other = places[0][pairs[0]]
    assert np.abs(one - other).sum() == example["distance"]
    types = np.array([example["types"]])
    own = Animals(animals.FURTHEST_PAIR, 4, 2, 9, 9, 3)
    rows = np.concatenate([places, np.zeros((1, 4, 1), int), types[:, :, None]], axis=2)
    expected = animals.pair_index(np.array([example["label_types_sorted"]]), 3)
    assert own.labels(rows).tolist() == expected.tolist() == [2]


def test_the_worked_example_of_a_learning_curve():
    example = EXAMPLES["S7.n90"]
    curve = Curve(example["n"], example["accuracy"])
    assert curve.isotonic == pytest.approx(example["isotonic"], abs=1e-12)
    assert curve.reaching() == pytest.approx(example["n90_log_interpolated"], rel=1e-12)
    assert curve.area == pytest.approx(example["normalised_area"], rel=1e-12)


# curves


def test_a_curve_that_never_or_always_reaches():
    assert Curve([10, 100], [0.1, 0.8]).reaching() == np.inf
    assert Curve([10, 100], [0.95, 0.99]).reaching() == 10
    assert Curve([10], [0.4]).area == 0.4


@given(st.lists(st.floats(0, 1), min_size=2, max_size=8))
def test_isotonic_curves_do_not_fall_and_keep_their_mean(values):
    curve = Curve([10.0 * 2**k for k in range(len(values))], values)
    assert (np.diff(curve.isotonic) >= -1e-12).all()
    assert curve.isotonic.mean() == pytest.approx(np.mean(values), abs=1e-9)
    assert curve.isotonic.min() - 1e-12 <= curve.area <= curve.isotonic.max() + 1e-12


# generators


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("form", FORMS)
def test_tasks_draw_what_they_say(name, form):
    own = task(name, form)
    if (name, form) == ("monster-trainer", "authors"):
        own = monsters.Monsters(10, 10, (3, 4))
    one, two = (own.draw(stream(0, "test"), 60) for _ in range(2))
    assert np.array_equal(one.inputs, two.inputs)
    assert len(one) == 60
    assert one.inputs.dtype == np.float32
    assert one.labels.dtype == np.int64
    assert np.abs(one.inputs).max() <= {"subset-sum": {"small": 20, "authors": 200}[form]}.get(
        name, 1
    )
    assert one.labels.min() >= 0
    assert one.labels.max() < own.classes


def test_the_authors_sizes():
    shapes = {name: task(name, "authors").draw(stream(0), 2).inputs.shape for name in NAMES[:2]}
    assert shapes == dict.fromkeys(NAMES[:2], (2, 25, 8 + 1 + 6))
    assert [task(name, "authors").classes for name in NAMES] == [101, 21, 201, 2, 6]


def test_labels_of_animals_follow_from_what_networks_see():
    own = task("value-difference", "small")
    some = own.draw(stream(0, "test"), 50)
    ages = np.rint(some.inputs[:, :, 2] * 10).astype(int)
    assert np.array_equal(some.labels, ages.max(axis=1) - ages.min(axis=1))
    first = task("position", "small").draw(stream(0, "test"), 50)
    assert np.array_equal(first.labels, first.inputs[:, 0, 3:].argmax(axis=1))


def test_furthest_pairs_are_unique_in_the_small_form_and_the_first_else():
    small = task("furthest-pair", "small").draw(stream(0, "test"), 200)
    places = np.rint(small.inputs[:, :, :2] * 10).astype(int)
    assert (animals.furthest(places)[1] == 1).all()
    tied = np.array([[[0, 0], [2, 0], [0, 2]]])
    pairs, equal = animals.furthest(tied)
    assert pairs.tolist() == [[1, 2]]
    assert equal.tolist() == [1]
    square = np.array([[[0, 0], [0, 2], [2, 0], [2, 2]]])
    assert animals.furthest(square)[0].tolist() == [[0, 3]]
    assert animals.furthest(square)[1].tolist() == [2]


def test_pairs_of_types_are_numbered_without_order():
    pairs = [(a, b) for a in range(6) for b in range(a, 6)]
    numbers = animals.pair_index(np.array(pairs), 6)
    assert numbers.tolist() == list(range(21))
    assert np.array_equal(numbers, animals.pair_index(np.array(pairs)[:, ::-1], 6))


def test_paths_of_monsters_have_equally_many_examples_of_each_length():
    own = task("monster-trainer", "small")
    some = own.draw(stream(0, "test"), 300)
    monster = np.rint(some.inputs * [2, 2, 4, 4]).astype(int)
    by_level = np.take_along_axis(monster, monster[:, :, 2].argsort(axis=1)[:, :, None], axis=1)
    costs, steps = monsters.shortest(by_level[:, :, :2])
    target = by_level[:, 0, 3]
    rows = np.arange(300)
    assert np.array_equal(costs[rows, target], some.labels)
    assert np.bincount(steps[rows, target]).tolist() == [0, 100, 100, 100]
    # Rows are shuffled: level 0 is not always the first.
    assert len({*monster[:, :, 2].argmin(axis=1)}) == 5
    # No two monsters share a point.
    assert all(len({*map(tuple, own)}) == 5 for own in by_level[:, :, :2].tolist())


@given(st.integers(0, 10_000))
def test_shortest_paths_are_those_of_scipy_and_of_enough_rounds(seed):
    from scipy.sparse.csgraph import shortest_path

    places = stream(seed, "test").permutation(36)[:6]
    places = np.stack(np.divmod(places, 6), axis=1)[None]
    costs, steps = monsters.shortest(places)
    graph = np.triu(monsters.edges(places)[0], 1)
    assert costs[0].tolist() == shortest_path(graph, indices=0).tolist()
    after = monsters.rounds(places, 5)
    # As many rounds as a path has steps find it.
    for target in range(6):
        assert after[steps[0, target], 0, target] == costs[0, target]


def test_subset_sums_are_balanced_and_short_solutions_thinned():
    some = task("subset-sum", "authors").draw(stream(0, "test"), 2000)
    numbers = some.inputs[:, :, 0].astype(int)
    zero = subset_sum.zeros(numbers)
    assert np.array_equal(zero.any, some.labels == 1)
    assert some.labels.mean() == 0.5
    plain = stream(1, "test").integers(-200, 201, (100_000, 6))
    every = subset_sum.zeros(plain)
    share, before = (z.short[z.any].mean() for z in (zero, every))
    assert share < before / 4


def test_a_group_that_cannot_be_filled_is_an_error():
    def block():
        return np.zeros((1000, 1)), np.zeros(1000, np.int64)

    with pytest.raises(ValueError, match="group 1: 0 of"):
        until_full(block, np.array([1, 1]))


def test_batches_go_through_all_examples_before_one_comes_again():
    order = batches(stream(0, "test"), 7, 3)
    first = np.concatenate([next(order), next(order)])
    assert len({*first}) == 6
    assert sorted(next(batches(stream(0, "test"), 2, 9))) == [0, 1]


# networks


@pytest.mark.parametrize("name", ["deep-sets", "gnn-1", "gnn-3", "gnn-max-2", "exhaustive"])
def test_networks_of_sets_do_not_see_the_order(name):
    torch.manual_seed(0)
    net = models.build(name, 5, 3, 4, 8)
    x = torch.randn(6, 5, 3)
    order = torch.randperm(5, generator=torch.Generator().manual_seed(1))
    assert torch.allclose(net(x), net(x[:, order]), atol=1e-5)


def test_an_mlp_sees_the_order():
    torch.manual_seed(0)
    net = models.build("mlp", 5, 3, 4, 8)
    x = torch.randn(6, 5, 3)
    assert not torch.allclose(net(x), net(x.flip(1)), atol=1e-3)


def test_a_round_is_that_of_the_definition():
    torch.manual_seed(0)
    own = models.PairRound(3, 4, "max")
    h = torch.randn(2, 5, 3)
    pairs = [
        [torch.relu(own.pair(torch.relu(own.sender(a) + own.receiver(b)))) for a in h[0]]
        for b in h[0]
    ]
    expected = torch.stack([torch.stack(row).amax(dim=0) for row in pairs])
    assert torch.allclose(own(h)[0], expected, atol=1e-6)
    own.aggregate = "sum"
    expected = torch.stack([torch.stack(row).sum(dim=0) / 5**0.5 for row in pairs])
    assert torch.allclose(own(h)[0], expected, atol=1e-6)


@pytest.mark.parametrize("name", ["gnn", "gnn-0", "gnn-min-1", "deepsets", "GNN-1"])
def test_an_unknown_network_is_refused_by_name(name):
    with pytest.raises(ProtocolError, match=f"model = '{name}'"):
        models.build(name, 5, 3, 4, 8)


# training


def line(n, seed=0):
    rng = stream(seed, "line")
    inputs = rng.normal(size=(n, 1, 2)).astype(np.float32)
    return Pool.of(inputs, (inputs[:, 0, 0] > 0).astype(np.int64))


def trained(**options):
    torch.manual_seed(0)
    net = models.build("mlp", 1, 2, 2, 8)
    base = {"seed": 0, "steps": 60, "batch": 16, "rate": 0.02}
    return fit(net, line(200), line(100, 1), line(100, 2), **base | options)


def test_training_learns_and_reports_the_best_validation():
    out = trained()
    assert out.test > 0.9
    assert out.train > 0.9
    assert out.taken == 60
    assert 0 < out.best_step <= 60
    assert 0.4 < out.chance < 0.6
    assert out.plain == trained().plain
    assert "answers" not in out.plain


def test_few_examples_are_gone_through_150_times_at_most():
    assert trained(steps=10**6, batch=200).taken == 150


def test_chance_is_what_permuted_answers_get():
    rng = stream(0, "test")
    answers, labels = rng.integers(0, 3, 50), rng.integers(0, 4, 50)
    permuted = [(rng.permutation(answers) == labels).mean() for _ in range(4000)]
    assert chance(answers, labels) == pytest.approx(np.mean(permuted), abs=0.005)


def test_answers_do_not_depend_on_how_many_at_a_time():
    torch.manual_seed(0)
    net = models.build("mlp", 1, 2, 2, 8)
    pool = line(50)
    assert np.array_equal(answered(net, pool, rows=7), answered(net, pool))


# mazes


@pytest.fixture(scope="module")
def levels():
    return FAMILY.generate(np.arange(60), flip_p=0.5)


@pytest.mark.parametrize("question", maze_tasks.NAMES)
def test_answers_about_mazes_follow_from_what_networks_see(question, levels):
    own = maze_tasks.mazes(question, FAMILY, levels)
    assert own.labels.min() >= 0
    assert own.labels.max() < own.classes
    n = len(own.labels)
    assert own.pictures.shape == (n, 8, *levels.side)
    assert own.things.shape == (n, 6, 9)
    # The six things are one of each kind.
    assert np.array_equal(own.things[:, :, :6], np.broadcast_to(np.eye(6), (n, 6, 6)))
    rewards = own.things[:, 1:5, 6]
    assert own.pictures[:, 7].sum(axis=(1, 2)) == pytest.approx(rewards.sum(axis=1), abs=1e-5)
    if question == maze_tasks.VALUE_RANGE:
        range_ = rewards.max(axis=1) - rewards.min(axis=1)
        by_class = [{*np.round(range_[own.labels == c], 5)} for c in range(4)]
        assert all(len(values) <= 1 for values in by_class)


def test_neighbours_are_those_of_the_maze(levels):
    own = maze_tasks.mazes(maze_tasks.STEPS_TO_KEY, FAMILY, levels)
    side = levels.side[0]
    for cells, neighbours in zip(own.cells[:10], own.neighbours[:10], strict=True):
        places = np.rint(cells[:, 7:] * side)
        for row, others in enumerate(neighbours):
            for other in others[others > 0]:
                assert np.abs(places[row] - places[other]).sum() == 1
                assert row in neighbours[other]
    # No row leads from or to the row of no cell.
    assert (own.neighbours[:, 0] == 0).all()


def test_steps_to_the_key_are_those_of_a_search(levels):
    import networkx as nx

    from rlgen_protocols.graphs.mazes import of_levels

    own = maze_tasks.mazes(maze_tasks.STEPS_TO_KEY, FAMILY, levels)
    for graph, steps, label in zip(
        of_levels(FAMILY, levels), own.distances, own.labels, strict=True
    ):
        key, agent = graph.features[:, 0].argmax(), graph.features[:, 5].argmax()
        assert nx.shortest_path_length(graph.networkx(), agent, key) == steps
        assert label == (min(steps, maze_tasks.FARTHEST) - 1) // 2


def test_tours_and_best_subsets_of_a_line():
    # key, objects at 1 to 4, agent at 0, on a line; the key at 5
    where = np.array([5, 1, 2, 3, 4, 0])
    tours = maze_tasks.shortest_tours(np.abs(where[:, None] - where[None, :]).astype(float))
    assert tours.tolist() == [5] * 16
    # Within the budget only where the whole tour is long: objects far behind the agent.
    where = np.array([2, -1, 1, 8, 1, 0])
    tours = maze_tasks.shortest_tours(np.abs(where[:, None] - where[None, :]).astype(float))
    assert tours[0b0000] == 2
    assert tours[0b0001] == 4
    assert tours[0b0100] == 14
    assert tours[0b1111] == 16
    rewards = np.array([[2 / 3, 2 / 3, 2 / 3, -2 / 3]])
    assert maze_tasks.best_subset(tours[None], rewards).tolist() == [0b0011]
    # Nothing good can be reached: nothing is taken.
    assert maze_tasks.best_subset(tours[None], np.array([[-2.0, -2, 2, -2]])).tolist() == [0]


@pytest.mark.parametrize("name", [*maze_models.TAKES, "gnn-1", "gnn-10"])
def test_networks_take_mazes_and_rows_of_no_cell_do_not_matter(name, levels):
    own = maze_tasks.mazes(maze_tasks.BEST_SUBSET, FAMILY, levels.take(slice(0, 8)))
    shapes = {k: getattr(own, k).shape[1:] for k in ("pictures", "cells", "subsets")}
    torch.manual_seed(0)
    net = maze_models.build(name, shapes, own.classes, 8)
    takes = maze_models.TAKES.get(name, maze_models.GRAPH)
    arrays = [torch.from_numpy(getattr(own, one)) for one in takes]
    scores = net(*arrays)
    assert scores.shape == (8, own.classes)
    if takes[0] == "cells":
        padded = [nn.functional.pad(a, (0, 0, 0, 3)) for a in arrays]
        size = (arrays[0].shape[1], arrays[0].shape[1] + 3)
        # A sum is over the square root of the number of rows.
        net.readout[0].weight.data *= (size[1] / size[0]) ** 0.5
        assert torch.allclose(net(*padded), scores, atol=1e-5)


def test_a_cell_knows_what_is_as_far_as_there_are_rounds():
    torch.manual_seed(0)
    net = maze_models.Rounds(9, 3, 16, rounds=2)
    nn.init.normal_(net.out.weight)
    # A corridor of six cells, seen at the first by making the sum that cell alone.
    cells = torch.zeros(1, 7, 9)
    cells[0, 1:, 7] = torch.arange(1, 7) / 9
    neighbours = torch.zeros(1, 7, 4, dtype=torch.int64)
    for row in range(1, 7):
        neighbours[0, row, 0] = row - 1
        neighbours[0, row, 1] = (row + 1) % 7
    reached = []
    for marked in range(1, 7):
        x = cells.clone().requires_grad_()
        h = hidden(net, x, neighbours)[0, 1]
        (gradient,) = torch.autograd.grad(h.sum(), x)
        reached.append(bool(gradient[0, marked].abs().sum() > 0))
    assert reached[3:] == [False] * 3
    assert any(reached[1:3])


def hidden(net, x, neighbours):
    """What the readout's sum is of, ``(n, N + 1, width)``."""
    summed = []
    original, net.readout = net.readout, nn.Identity()
    import rlgen_protocols.xu2020.maze_models as module

    scaled, module.scaled_sum = (
        module.scaled_sum,
        lambda values, dim: summed.append(values) or values,
    )
    try:
        net(x, neighbours)
    finally:
        net.readout, module.scaled_sum = original, scaled
    return summed[0]


def test_drawn_for_relu_signals_do_not_fade():
    torch.manual_seed(0)
    net = models.build("gnn-max-3", 5, 4, 3, 64)
    x = torch.randn(50, 5, 4)
    before = net.rounds(x).std()
    models.he(net)
    assert net.rounds(x).std() > 5 * before
    # The last layer is 0: at first all classes are alike.
    assert (net(x) == 0).all()
