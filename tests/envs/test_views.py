"""Mazes of which the agent sees a square around itself, and its last action."""

import numpy as np
import pytest

from rlgen import draw_split
from rlgen.errors import LevelError, ProtocolError
from rlgen.evaluation import planner
from rlgen.levels.capabilities import Graphed, vector_env
from rlgen.networks import network_named
from rlgen.util.seeding import stream
from rlgen_envs import FAMILIES
from rlgen_envs.maze.rules import VIEW_CHANNELS

NAMES = ("maze-basic", "maze-blocks", "maze-tunnel")
SIZES = {"maze-basic": 5, "maze-blocks": 7, "maze-tunnel": 9}


def viewed(name, view=3, **options):
    return FAMILIES[name].configure({"size": SIZES[name], "view": view, **options})


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("view", [3, 5])
def test_one_environment_a_batch_and_the_listed_states_are_the_same_game(name, view):
    family = viewed(name, view, **({"blocks": 4} if name == "maze-blocks" else {}))
    levels, n = family.generate(range(8), 0.5), 6
    table = family.tabular(levels)
    batch, single = vector_env(family, levels, n, random_spawn=False), family.env(levels)
    assert batch.single_observation_space == single.observation_space == family.observation_space
    positions = {int(level): i for i, level in enumerate(levels.ids)}
    observations, info = batch.reset(seed=1)
    start = lambda i, info: int(table.start[positions[int(info["level"][i])]])  # noqa: E731
    states, ends = [start(i, info) for i in range(n)], 0
    first, _ = single.reset(options={"level": int(info["level"][0])})
    assert np.array_equal(first, observations[0])
    rng = stream(0, "views", name)
    for _ in range(450):
        actions = rng.integers(5, size=n)
        assert np.array_equal(table.observe(np.array(states, np.int32)), observations)
        alone, reward, over, _, _ = single.step(actions[0])
        observations, rewards, ended, _, info = batch.step(actions)
        last = info["final_obs"][0] if ended[0] else observations[0]
        assert (reward, over) == (rewards[0], ended[0])
        assert np.array_equal(alone, last)
        states = [
            start(i, info) if ended[i] else int(table.next_state[states[i], actions[i]])
            for i in range(n)
        ]
        ends += int(ended.sum())
        if ended[0]:
            single.reset(options={"level": int(info["level"][0])})
    assert ends > 6


def test_what_is_seen_is_cut_from_the_whole_maze():
    part, whole = viewed("maze-basic"), viewed("maze-basic", 0)
    levels = part.generate([2])
    cut, full = part.env(levels), whole.env(levels)
    (cut_out, info), (all_, _) = (env.reset(options={"level": 2}) for env in (cut, full))
    assert cut_out.shape == (len(VIEW_CHANNELS), 3, 3)
    assert not cut_out[6:].any()
    for action in (0, 3, 4, 1):
        column, row = info["position"]
        assert np.array_equal(cut_out[:6], all_[:6, row - 1 : row + 2, column - 1 : column + 2])
        (cut_out, _, over, _, info), (all_, *_) = cut.step(action), full.step(action)
        assert not over
        assert cut_out[6:, 1, 1].tolist() == np.eye(5)[action].tolist()
        assert cut_out[6:].sum() == 1


def test_outside_the_maze_all_is_wall():
    family = viewed("maze-basic", 7)
    observation, info = family.env(family.generate([0])).reset(options={"level": 0})
    column, row = info["position"]
    rows, columns = np.indices((7, 7)) - 3 + np.array([row, column])[:, None, None]
    inside = (rows > 0) & (rows < 4) & (columns > 0) & (columns < 4)
    assert np.array_equal(observation[0], ~inside)


@pytest.mark.parametrize("name", NAMES)
def test_levels_and_best_returns_are_those_of_the_whole_maze(name):
    options = {"blocks": 4} if name == "maze-blocks" else {}
    part, whole = viewed(name, **options), viewed(name, 0, **options)
    assert "view" not in whole.options
    assert part.options == whole.options | {"view": 3}
    one, other = (family.generate(range(5), 0.5) for family in (part, whole))
    assert one.content_hash() == other.content_hash()
    plans = [planner.plan(family.tabular(one)) for family in (part, whole)]
    assert np.allclose(plans[0].returns, plans[1].returns)
    assert np.array_equal(plans[0].optimal[::6], plans[1].optimal)


def test_a_view_is_no_graph_and_its_walls_are_its_layout():
    family = viewed("maze-basic")
    assert isinstance(viewed("maze-basic", 0), Graphed)
    assert not isinstance(family, Graphed)
    with pytest.raises(ProtocolError, match="needs a family whose pictures show a graph"):
        network_named("message-passing").for_family(family)
    assert family.layout == slice(0, 1)
    assert draw_split(family, 3, n_test=5).manifest["options"]["view"] == 3


@pytest.mark.parametrize(("view", "answer"), [(4, "must be odd, or 0"), (-1, "view"), (33, "view")])
def test_views_that_are_none_are_refused(view, answer):
    with pytest.raises(LevelError, match=answer):
        viewed("maze-basic", view)
