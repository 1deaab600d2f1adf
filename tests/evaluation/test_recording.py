"""Episodes step by step: how they are played, cut into panels, and drawn."""

import json
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from helpers import uniform
from paper_studies import asked, made, means

from rlgen import draw_split
from rlgen.evaluation import recording
from rlgen.levels import lookup
from rlgen.perturbations.condition import Condition
from rlgen.util.seeding import stream
from rlgen_envs import FAMILIES
from rlgen_protocols.zhang2018 import STRIPS
from rlgen_protocols.zhang2018.figures import draw, frames, panels
from rlgen_protocols.zhang2018.figures.selection import Selection
from rlgen_protocols.zhang2018.figures.strips import agents


def drawn(study, part, item, episodes):
    """The item where these episodes have been recorded."""
    return draw(replace(study, recorded={STRIPS: episodes}), part, item)


TUNNEL = FAMILIES["maze-tunnel"].configure({"size": 9})


@pytest.fixture(scope="module")
def split():
    return draw_split(TUNNEL, 3, 2, 3, flip_p=0.5)


@pytest.fixture(scope="module")
def played(split):
    return recording.strip_episodes(uniform(TUNNEL), split, 7)


# How they are played.


def test_each_pool_is_played_under_each_condition(split, played):
    kinds = [(e["split"], e["condition"]) for e in played]
    assert kinds == [(pool, c) for pool in ("train", "test") for c in recording.CONDITIONS]
    first = {"train": split.train.ids[0], "test": split.test.ids[0]}
    assert all(e["level"] == first[e["split"]] for e in played)


def test_an_episode_is_plain_data_and_the_same_twice(split, played):
    assert json.loads(json.dumps(played)) == played
    assert recording.strip_episodes(uniform(TUNNEL), split, 7) == played
    assert recording.strip_episodes(uniform(TUNNEL), split, 8) != played


def test_positions_follow_from_walls_moves_and_executed_actions(split, played):
    for episode in played:
        steps = len(episode["rewards"])
        lengths = [len(episode[k]) for k in ("proposed", "executed", "blocked", "positions")]
        assert lengths == [steps, steps, steps, steps + 1]
        for t, action in enumerate(episode["executed"]):
            (x, y), (dx, dy) = episode["positions"][t], episode["moves"][action]
            wall = episode["walls"][y + dy][x + dx] == "#"
            assert episode["blocked"][t] == wall
            assert episode["positions"][t + 1] == ([x, y] if wall else [x + dx, y + dy])
    starts = [e["positions"][0] for e in played[:3]]
    row, column = divmod(int(split.train.start[0]), 9)
    assert starts[0] == starts[2] == [column, row]


def test_only_sticky_actions_differ_and_then_are_the_one_before(played):
    for episode in played:
        proposed, executed = episode["proposed"], episode["executed"]
        before = [TUNNEL.noop, *proposed[:-1]]
        if not episode["condition"].startswith("sticky"):
            assert executed == proposed
            continue
        pairs = zip(executed, proposed, before, strict=True)
        assert all(done in (asked, last) for done, asked, last in pairs)
        if len(proposed) > 30:
            assert executed != proposed


def test_random_spawn_starts_anywhere(split):
    task = (split.train.take([0]), Condition.parse("random_spawn"))
    starts = {
        tuple(recording.strips(uniform(TUNNEL), TUNNEL, [task], seed=s)[0]["positions"][0])
        for s in range(6)
    }
    assert len(starts) > 2


def test_rewards_are_those_of_the_objects_on_the_way(split, played):
    for episode in played:
        there = {tuple(o["position"]): o["reward"] for o in episode["objects"]}
        taken = {tuple(p) for p in episode["positions"][1:]} & set(there)
        earned = sum(there[place] for place in taken) - 0.01 * sum(episode["blocked"])
        timeout = len(episode["rewards"]) == 200 and tuple(episode["positions"][-1]) not in {
            tuple(o["position"]) for o in episode["objects"] if o["name"] == "key"
        }
        assert sum(episode["rewards"]) == pytest.approx(earned - timeout)


def test_families_without_floor_plans_have_no_strips():
    family = lookup.family("CartPole-v1")
    assert recording.strip_episodes(uniform(family), draw_split(family, 2, 0, 2), 0) == []


# How they are cut.


def walk(seed, steps=60):
    """Positions of a random walk that often stands still."""
    moves = stream(seed, "walk").integers(0, 6, steps)
    steps = np.array([(0, 1), (0, -1), (1, 0), (-1, 0), (0, 0), (0, 0)])[moves]
    return np.cumsum([(5, 5), *steps], axis=0).tolist()


@pytest.mark.parametrize("seed", range(10))
def test_a_panel_never_comes_back_to_a_cell_and_panels_make_the_path(seed):
    positions = walk(seed)
    parts = frames.segments(positions)
    path = []
    for n, part in enumerate(parts):
        cells = [visit.cell for visit in part]
        assert len(set(cells)) == len(cells)
        assert n == 0 or cells[0] in {visit.cell for visit in parts[n - 1]}
        path += [(frame, list(visit.cell)) for visit in part for frame in visit.frames]
    assert path == list(enumerate(positions[:-1]))


def test_standing_still_is_no_coming_back():
    assert len(frames.segments([(1, 1)] * 5 + [(2, 1), (3, 1)])) == 1
    assert len(frames.segments([(1, 1), (2, 1), (1, 1), (1, 1)])) == 2


def test_the_table_has_each_frame_once(played):
    for episode in played:
        table = frames.table(episode)
        assert list(table["frame"]) == list(range(len(episode["rewards"])))
        assert table["panel"].is_monotonic_increasing
        wrong = np.array(episode["executed"]) != np.array(episode["proposed"])
        assert list(table["boxed"]) == list(wrong | np.array(episode["blocked"]))


# How they are drawn.


def boxes(episode):
    """Centres of the red boxes, in cells, by panel."""
    drawn = panels.Drawn()
    panels.add(drawn, episode, 0.0)
    size = len(episode["walls"])
    corners = [floor[0] for floor in drawn.floors]
    found = []
    for box in drawn.boxes:
        x, y = np.mean(box[:4], axis=0)
        (n,) = [n for n, (a, b) in enumerate(corners) if a < x < a + 1 and b < y < b + 1]
        found.append((n, int((x - corners[n][0]) * size), int((y - corners[n][1]) * size)))
    return found, len(corners)


def test_red_boxes_are_where_another_action_was_executed_or_a_wall_was_met(played):
    long = [episode for episode in played if len(episode["rewards"]) > 20]
    assert len(long) > 2
    for episode in long:
        parts = frames.segments(episode["positions"])
        shown = parts if len(parts) <= panels.MOST else [*parts[: panels.MOST - 1], parts[-1]]
        odd = set(np.flatnonzero(frames.boxed(episode)))
        expected = [
            (n, *visit.cell)
            for n, part in enumerate(shown)
            for visit in part
            if odd & set(visit.frames)
        ]
        found, count = boxes(episode)
        assert count == len(shown)
        assert Counter(found) == Counter(expected)
        assert found


def test_objects_stay_until_they_are_taken(played):
    episode = max(played, key=lambda e: len(e["rewards"]))
    drawn = panels.Drawn()
    panels.add(drawn, episode, 0.0)
    parts = frames.segments(episode["positions"])
    shown = parts if len(parts) <= panels.MOST else [*parts[: panels.MOST - 1], parts[-1]]
    for thing in episode["objects"]:
        place = thing["position"]
        gone = episode["positions"].index(place) if place in episode["positions"] else 10**9
        there = sum(part[0].first <= gone for part in shown)
        assert len(drawn.sprites.get(thing["name"], [])) == there


@pytest.fixture(scope="module")
def part():
    return asked("fig2b", family="maze-basic", flip_p=[0.0, 0.5])


@pytest.fixture(scope="module")
def study(part):
    return made(part)


def test_the_agents_are_those_of_the_paper(study):
    def told(**keys):
        found = agents(Selection(study, asked("fig2b", **keys)))
        return [(a["name"], a["n_train_levels"], a["flip_p"]) for a in found]

    full = {"n_train_levels": [10, 100, 1000, 10000], "flip_p": [0.0, 0.2, 0.5]}
    assert told(**full) == [("Agent-1", 10, 0), ("Agent-2", 10000, 0), ("Agent-3", 1000, 0.5)]
    small = {"n_train_levels": [30, 3, 7], "flip_p": [0.0, 0.2]}
    assert told(**small) == [("Agent-1", 3, 0), ("Agent-2", 30, 0), ("Agent-3", 7, 0.2)]
    assert told(n_train_levels=5, flip_p=0.0) == [("Agent-1", 5, 0)]


def test_the_best_run_of_each_agent_is_shown(study, part, played):
    of = dict.fromkeys(means(study, "train"), played[:1])
    drawing = drawn(study, part, "fig8-17", of)
    assert drawing.svg.startswith("<svg role=")
    assert drawing.note == ""
    shown = drawing.data[["name", "n_train_levels", "flip_p", "run_id"]].drop_duplicates()
    assert list(shown["name"]) == ["Agent-1", "Agent-2", "Agent-3"]
    for row in shown.to_dict("records"):
        where = {key: row[key] for key in ("n_train_levels", "flip_p")}
        train = means(study, "train", **where)
        assert row["run_id"] == max(train, key=train.get)


def test_agents_without_an_episode_are_named(study, part, played):
    assert draw(study, part, "fig8-17") is None
    few = means(study, "train", n_train_levels=10)
    drawing = drawn(study, part, "fig8-17", dict.fromkeys(few, played[:1]))
    assert "No episode is stored of Agent-2." in drawing.note


@pytest.mark.slow
def test_figure_4_has_an_episode_above_its_curves(played):
    part = asked("fig4", n_train_levels=10)
    study = made(part)
    bare = draw(study, part, "fig4")
    assert "No episode is stored of Agent-1." in bare.note
    drawing = drawn(study, part, "fig4", dict.fromkeys(means(study, "train"), played))
    assert drawing.svg.count("<svg role=") == 2
    assert drawing.svg.endswith(bare.svg)
    assert "No episode" not in drawing.note


def test_names_in_an_episode_are_escaped(study, part, played):
    evil = "<script>alert(1)</script>"
    told = [
        e | {"level": evil, "objects": [o | {"name": evil} for o in e["objects"]]}
        for e in played[:1]
    ]
    drawing = drawn(study, part, "fig8-17", dict.fromkeys(means(study, "train"), told))
    assert "<script" not in drawing.svg
