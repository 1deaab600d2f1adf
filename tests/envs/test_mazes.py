"""What is particular to the mazes of Zhang et al. 2018."""

from itertools import combinations, pairwise, permutations

import numpy as np
import pytest

from rlgen import draw_split
from rlgen.errors import LevelError
from rlgen.evaluation import planner
from rlgen_envs import FAMILIES
from rlgen_envs.maze import geometry, rewards

BASIC, BLOCKS, TUNNEL = (FAMILIES[name] for name in ("maze-basic", "maze-blocks", "maze-tunnel"))


def test_rescale_as_worked(worked_examples):
    for case in worked_examples["rescale"]["cases"]:
        flipped = np.array([[*map(bool, case["flip"]), False]])
        values, usable = rewards.values(flipped)
        assert usable[0] == (case["expect"] is not None)
        if case["expect"]:
            assert values[0, :4] == pytest.approx(case["expect"], abs=1e-12)
            assert values[0, 4] == 0.1


@pytest.mark.parametrize(
    ("flip_key", "rescale"), [(False, "objects"), (False, "all"), (True, "all")]
)
def test_every_usable_level_pays_2_1(flip_key, rescale):
    patterns = np.array(np.meshgrid(*[[False, True]] * 5)).reshape(5, -1).T
    patterns = patterns if flip_key else patterns[~patterns[:, 4]]
    values, usable = rewards.values(patterns, rescale)
    best = np.maximum(values[:, :4], 0).sum(axis=1) + values[:, 4]
    assert best[usable] == pytest.approx(2.1, abs=1e-12)
    assert (values[usable, :4] > 0).any(axis=1).all()
    assert not usable.all()
    if rescale == "objects":
        # the paper clips training rewards to [-2, 2], which then changes nothing
        assert np.abs(values[usable]).max() == 2


@pytest.mark.slow
def test_flips_occur_as_often_as_worked(worked_examples):
    ids = np.arange(8_000)
    for row in worked_examples["type_policy_ceiling"]:
        p = row["p"]
        values, usable = rewards.draw(ids, ("test",), p, discard="level")
        share = 1 - usable.mean()
        assert abs(share - row["p_discard"]) <= 4 * np.sqrt(row["p_discard"] / len(ids)) + 1e-12
        values, usable = rewards.draw(ids, ("test",), p)
        assert usable.all()
        for column, expected in ((0, "E_good"), (1, "E_good"), (2, "E_bad"), (3, "E_bad")):
            error = 4 * values[:, column].std() / np.sqrt(len(ids)) + 1e-12
            assert abs(values[:, column].mean() - row[expected]) <= error
        # The ceiling of a policy that knows types but not levels, from the same draws.
        ceiling = 0.1 + np.maximum(values[:, :4].mean(axis=0), 0).sum()
        spread = np.sqrt((values[:, :4].var(axis=0) / len(ids)).sum())
        assert abs(ceiling - row["C_train"]) <= 4 * spread + 1e-9


def test_an_object_flipped_at_one_p_is_flipped_at_every_higher_one():
    ids = np.arange(500)
    before = np.zeros((500, 5), bool)
    for p in (0.05, 0.1, 0.2, 0.35, 0.5, 0.8):
        values, _ = rewards.draw(ids, ("test",), p, flip_key=True, rescale="all", discard="level")
        base = np.array([1, 1, -1, -1, 0.1])
        flipped = np.sign(values) != np.sign(base)
        assert (flipped >= before).all()
        before = flipped


def test_the_paper_s_two_readings_differ_in_the_key():
    literal = BASIC.configure({"flip_key": True, "rescale": "all"})
    values = literal.generate(range(300), 0.5).values
    assert (values[:, 4] < 0).any()
    assert (BASIC.generate(range(300), 0.5).values[:, 4] == 0.1).all()
    with pytest.raises(LevelError, match="needs rescale"):
        BASIC.configure({"flip_key": True})


def test_discarded_levels_stay_out_of_pools():
    family = BASIC.configure({"discard": "level"})
    drawn = family.generate(range(400), 0.5)
    assert 0 < (~drawn.usable).sum() < 100
    split = draw_split(family, 100, 0, 10, flip_p=0.5)
    assert split.train.usable.all()
    by_default = draw_split(BASIC, 100, 0, 10, flip_p=0.5)
    assert not np.array_equal(split.train.ids, by_default.train.ids)


def test_return_bounds_as_worked(worked_examples):
    told = worked_examples["return_bounds"]
    assert BASIC.return_bounds(0.0) == pytest.approx(told["base"])
    assert BASIC.return_bounds(0.3) == pytest.approx(told["flipped_worst_k1"])


def test_sizes_and_borders():
    assert BASIC.generate([0]).side == (9, 9)
    assert BLOCKS.generate([0]).side == TUNNEL.generate([0]).side == (13, 13)
    assert BASIC.configure({"border": "outside"}).generate([0]).side == (11, 11)
    assert TUNNEL.configure({"border": "outside"}).generate([0]).side == (15, 15)
    assert BASIC.configure({"size": 31}).generate([0]).side == (31, 31)


def test_layouts():
    basic, blocks, tunnel = (f.generate(range(50)).walls for f in (BASIC, BLOCKS, TUNNEL))
    for walls in (basic, blocks, tunnel):
        assert walls[:, [0, -1]].all()
        assert walls[:, :, [0, -1]].all()
    assert not basic[:, 1:-1, 1:-1].any()
    assert (blocks[:, 1:-1, 1:-1].sum(axis=(1, 2)) == 8).all()
    # rooms on the odd lattice are open, and corners between rooms are walls
    assert not tunnel[:, 1::2, 1::2].any()
    assert tunnel[:, 2:-1:2, 2:-1:2].all()
    # a spanning tree of 36 rooms has 35 openings; some of the 25 others are opened too
    openings = (~tunnel).sum(axis=(1, 2)) - 36
    assert openings.min() >= 35
    assert 1 < (openings - 35).mean() < 7  # 25 * 0.15 = 3.75 before solvability selects


def test_perfect_mazes_are_hardly_ever_strictly_solvable():
    """The reason for the braid (method 1.3, A-08), with this generator."""
    shares = {}
    for braid in (0.0, 0.15, 0.5):
        walls = np.stack([geometry.tunnels(_rng(i), 13, braid) for i in range(400)])
        places = np.stack(
            [_rng(i + 10**6).permutation(np.flatnonzero(~w))[:6] for i, w in enumerate(walls)]
        ).astype(np.int16)
        distance = geometry.strict_distances(walls, places)
        shares[braid] = np.isfinite(distance[:, 0]).all(axis=1).mean()
    assert shares[0.0] < 0.02
    assert abs(shares[0.15] - 0.21) < 4 * np.sqrt(0.21 * 0.79 / 400) + 0.02
    assert shares[0.5] > 0.75


def _rng(seed):
    from rlgen.util.seeding import stream

    return stream(seed, "test of the braid")


def test_distances_agree_with_a_plain_search():
    levels = TUNNEL.generate(range(20))
    places = np.column_stack([levels.start, levels.objects, levels.key])
    fast = geometry.strict_distances(levels.walls, places)
    for n in range(20):
        slow = [_search(levels.walls[n], places[n], i) for i in range(6)]
        assert np.array_equal(fast[n], slow)


def _search(walls, places, source):
    """Breadth first, cell by cell, that stops at every other place."""
    width = walls.shape[1]
    distance, queue = {int(places[source]): 0}, [int(places[source])]
    others = {int(p) for i, p in enumerate(places) if i != source}
    for cell in queue:
        if cell in others:
            continue
        for step in (1, -1, width, -width):
            if not walls.flat[cell + step] and cell + step not in distance:
                distance[cell + step] = distance[cell] + 1
                queue.append(cell + step)
    return [distance.get(int(p), np.inf) for p in places]


def test_the_longest_tour_is_that_of_all_orders_of_all_sets():
    rng = _rng(0)
    distance = rng.integers(1, 60, (200, 6, 6)).astype(float)
    distance[rng.random(distance.shape) < 0.05] = np.inf
    fast = geometry.longest_tour(distance)
    assert 0 < np.isinf(fast).sum() < 200
    sets = [some for count in range(1, 5) for some in combinations(range(1, 5), count)]
    for steps, length in zip(distance, fast, strict=True):
        tours = (
            min(sum(steps[pair] for pair in pairwise((0, *order, 5))) for order in orders)
            for orders in map(permutations, sets)
        )
        assert length == max(tours)


@pytest.mark.parametrize(
    ("family", "options", "message"),
    [
        (BASIC, {"size": 4}, "size = 4"),
        (BASIC, {"size": 200}, "size = 200"),
        (BASIC, {"size": "9"}, "size = '9'"),
        (BASIC, {"blocks": 3}, "unknown key 'blocks'"),
        (BASIC, {"border": "none"}, "border = 'none'"),
        (BASIC, {"rescale": "some"}, "rescale = 'some'"),
        (BLOCKS, {"size": 5, "blocks": 8}, "leaves 1 of 9 cells"),
        (BLOCKS, {"blocks": -1}, "blocks = -1"),
        (TUNNEL, {"size": 12}, "odd"),
        (TUNNEL, {"braid": 1.5}, "braid = 1.5"),
        (TUNNEL, {"braid": float("nan")}, "braid = nan"),
    ],
)
def test_wrong_options_are_refused_by_name(family, options, message):
    with pytest.raises(LevelError, match=message):
        family.configure(options)


@pytest.mark.slow
def test_hopeless_options_end():
    with pytest.raises(LevelError, match="no solvable level"):
        TUNNEL.configure({"size": 7, "braid": 0.0}).generate(range(3))


@pytest.mark.parametrize("family", [BASIC, BLOCKS, TUNNEL])
def test_edits_change_what_they_say(family):
    levels = family.generate(range(30), 0.3)
    same = {edit: family.edited(levels, edit, 2) for edit in family.edits}
    for edit, changed in same.items():
        assert changed.content_hash() == family.edited(levels, edit, 2).content_hash()
        assert not set(changed.fingerprints()) & set(levels.fingerprints()), edit
        other = family.edited(levels, edit, 3)
        assert other.content_hash() != changed.content_hash()
        assert np.array_equal(changed.values, levels.values)
        one = family.edited(levels.take([7]), edit, 2)
        assert one.content_hash() == changed.take([7]).content_hash()
        if edit != "symmetry":
            assert np.array_equal(changed.start, levels.start)
            assert np.array_equal(changed.key, levels.key)
        things = np.column_stack([changed.start, changed.objects, changed.key])
        assert (np.diff(np.sort(things, axis=1), axis=1) > 0).all(), "two things on one cell"
        assert not changed.walls.reshape(30, -1)[np.arange(30)[:, None], things].any()
    assert ((same["wall"].walls.sum(axis=(1, 2)) - levels.walls.sum(axis=(1, 2))) == 1).all()
    assert ((same["object_move"].objects != levels.objects).sum(axis=1) == 1).all()
    assert ((same["object_swap"].objects != levels.objects).sum(axis=1) == 2).all()
    sorted_before = np.sort(levels.objects, axis=1)
    assert np.array_equal(np.sort(same["object_swap"].objects, axis=1), sorted_before)


def test_symmetries_are_the_seven_and_change_no_return():
    from rlgen import evaluate_policy

    levels = TUNNEL.generate(range(3))
    seen = {tuple(TUNNEL.edited(levels, "symmetry", v).fingerprints()) for v in range(7)}
    assert len(seen) == 7
    uniform = evaluate_policy(lambda o: np.full((len(o), 5), 0.2), TUNNEL, levels)
    best = planner.plan(TUNNEL.tabular(levels))
    for variant in range(7):
        turned = TUNNEL.edited(levels, "symmetry", variant)
        again = evaluate_policy(lambda o: np.full((len(o), 5), 0.2), TUNNEL, turned)
        assert again["ret_mean"].to_numpy() == pytest.approx(uniform["ret_mean"].to_numpy())
        plan = planner.plan(TUNNEL.tabular(turned))
        assert list(map(len, plan.paths)) == list(map(len, best.paths))
    with pytest.raises(LevelError, match="below 7"):
        TUNNEL.edited(levels, "symmetry", 7)
    with pytest.raises(LevelError, match="did you mean 'wall'"):
        TUNNEL.edited(levels, "walls", 0)


def test_the_planner_s_paths_solve_a_batch():
    levels = BASIC.generate(range(40), 0.5)
    plan = planner.plan(BASIC.tabular(levels))
    batch = BASIC.vector_env(levels, 40)
    batch.reset(seed=0, options={"level": levels.ids})
    returns, alive = np.zeros(40), np.ones(40, bool)
    for step in range(max(map(len, plan.paths))):
        actions = [path[step] if step < len(path) else 4 for path in plan.paths]
        _, rewards, ended, _, info = batch.step(actions)
        returns[alive] += rewards[alive]
        over = np.array([step + 1 == len(path) for path in plan.paths])
        assert np.array_equal(alive & ended, over)
        if over.any():
            assert info["final_info"]["solved"][over].all()
            assert not info["final_info"]["timeout"][over].any()
        alive &= ~over
    assert returns == pytest.approx(plan.returns)
    assert returns == pytest.approx(2.1)


def test_a_batch_refuses_what_is_no_action():
    batch = BASIC.vector_env(BASIC.generate(range(3)), 6)
    with pytest.raises(LevelError, match="reset the environment"):
        batch.step(np.zeros(6, np.int64))
    first, _ = batch.reset(seed=0)
    for wrong in (-1, 5):
        with pytest.raises(LevelError, match="actions must be from 0 to 4"):
            batch.step(np.array([0, 1, 2, 3, 4, wrong]))
    with pytest.raises(ValueError, match="broadcast"):
        batch.step(np.zeros(7, np.int64))
    with pytest.raises(TypeError, match="float"):
        batch.step(np.zeros(6))
    after, *_ = batch.step(np.full(6, 4, np.int32))
    assert np.array_equal(first, after), "a refused action moved something"
    fixed = np.full(6, 4)
    fixed.flags.writeable = False
    assert np.array_equal(batch.step(fixed)[0], first)
