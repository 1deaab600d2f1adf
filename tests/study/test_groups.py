"""A study that holds out whole groups of levels: from the protocol to the page."""

import json

import pytest
import tomli_w
from commands import rlgen

from rlgen import api
from rlgen.analysis.results import Results
from rlgen.errors import RlgenError
from rlgen.protocol import suite
from rlgen.protocol.level_groups import LevelGroups
from rlgen.store.run_store import RunStore
from rlgen.study.plan import plan

GROUPED = {
    "name": "grouped",
    "family": "maze-basic",
    "family_options": {"size": 7},
    "n_train_levels": [6],
    "n_validation_levels": 2,
    "n_test_levels": 12,
    "network": "mlp-512-128",
    "agent_options": {"n_envs": 8, "batch_size": 64, "n_steps": 16},
    "seeds": "0:2",
    "steps": 256,
    "curve_points": 1,
    "levels": {"group": "corner", "test": ["upper left", "lower right"]},
    "pools": {"same": {"n_levels": 5, "only": "train"}},
}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return api.evaluate(GROUPED, tmp_path_factory.mktemp("grouped") / "study", quiet=True, jobs=1)


@pytest.mark.slow
def test_intervals_are_over_held_out_groups(study):
    results = Results.load(RunStore(study.store))
    rows = results.main_records
    sizes = {pool: {len(v) for v in own["ret_mean"]} for pool, own in rows.groupby("split")}
    assert sizes == {"train": {6}, "validation": {2}, "test": {2}, "same": {5}}
    held_out = results.estimates.query("part == 'test' and quantity == 'return'")
    by_level = api.load(study.store).query("split == 'test'").groupby("level_id")["ret_mean"].mean()
    groups = {row["group"]: row for row in study.summary["groups"]}
    assert sum(row["levels"] for row in groups.values()) == 12 == len(by_level)
    mean = sum(row["return"] for row in groups.values()) / 2
    assert held_out["mean"].item() == pytest.approx(mean)
    assert set(groups) == {"upper left", "lower right"}


def test_the_answer_and_the_page_say_so(study):
    assert "on 2 unseen groups of corner, gap" in study.summary["cells"][0]["sentence"]
    page = study.report.read_text()
    assert "Held-out groups" in page
    assert "upper left" in page


def test_a_certificate_counts_groups(study):
    for certificate in study.summary["certificates"]:
        assert certificate["levels"] == 2
        assert "over the group distribution" in certificate["sentence"]
    assert "each on a new group" in study.report.read_text()


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (
            {"group": "corner", "test": ["upper left", "lower right"]},
            "corner upper left, lower right",
        ),
        ({"group": "corner", "train": ["upper left"]}, "groups of corner but upper left"),
        ({"group": "info:rule", "held_out": 0.3}, "30 % of the groups of info:rule"),
        ({"axis": "distance", "train": ":4", "test": "4:"}, "distance 4:"),
        ({"group": "game"}, "groups of game, as the levels that are named have them"),
    ],
)
def test_what_is_held_out_is_said_in_words(table, words):
    assert LevelGroups(**table).words == words


@pytest.mark.slow
def test_a_plan_says_what_is_held_out(tmp_path):
    path = tmp_path / "grouped.toml"
    path.write_text(tomli_w.dumps(GROUPED))
    assert "held out: corner upper left, lower right\n" in rlgen("plan", path)[0]


def test_what_is_evaluated_again_is_the_same_and_nothing_is_computed_twice(study):
    again = api.evaluate(GROUPED, study.store, quiet=True)
    assert not again.computed
    assert again.summary == json.loads((study.store / "summary.json").read_text())


def test_cells_of_other_groups_are_other_cells():
    tables = ({}, {"levels": {"group": "corner", "test": ["upper left"]}}, {"levels": None})
    ids = [
        {task.cell.id for task in plan(suite.read(GROUPED | {"pools": {}} | table)).tasks}
        for table in tables
    ]
    assert not ids[0] & ids[1]
    assert not ids[0] & ids[2]


@pytest.mark.slow
def test_an_axis_is_said_and_its_levels_are_counted_singly(tmp_path):
    axis = {"levels": {"axis": "distance", "train": ":4", "test": "4:"}, "pools": {}}
    told = api.evaluate(GROUPED | axis, tmp_path / "axis", quiet=True, jobs=1)
    assert "at distance 4:, gap" in told.summary["cells"][0]["sentence"]
    assert "groups" not in told.summary
    assert set(Results.load(RunStore(told.store)).main_records["ret_mean"].map(len)) == {2, 6, 12}


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"levels": {"group": "corner"}}, "needs train, test or held_out"),
        (
            {"levels": {"group": "corner", "test": ["middle"]}},
            "levels.group = 'corner': .* of corner middle;",
        ),
        ({"levels": None}, "pools.same.only: goes with a table"),
        (
            {
                "levels": {"axis": "walls", "train": ":3", "test": "3:"},
                "pools": {"same": {"only": ["upper right"]}},
            },
            "pools.same.only = .*range",
        ),
        ({"pools": {"same": {"only": ["upper right"]}}}, "pools.same.kind: only = "),
        ({"pools": {"p": {"only": ["none"], "kind": "extrapolation"}}}, "corner none; those drawn"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_computed(keys, message):
    table = {key: value for key, value in (GROUPED | keys).items() if value is not None}
    with pytest.raises(RlgenError, match=message):
        plan(suite.read(table))
