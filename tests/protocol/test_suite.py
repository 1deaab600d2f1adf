"""Suites and budgets: which keys win, what is refused, and that a cell is shared by its content."""

import shutil
from importlib.resources import files
from pathlib import Path

import pytest
import tomli_w
from helpers import TINY
from planning import cells_of, tasks_of

from rlgen.errors import LevelError, ProtocolError
from rlgen.levels import lookup
from rlgen.networks import NETWORKS
from rlgen.networks.lists import resolve
from rlgen.protocol import suite as suites
from rlgen_protocols.zhang2018.networks import LISTS

BUDGETS = ("smoke", "cpu", "paper")
FIGURES = ("2a", "2b", "3a", "3b", "4", "5", "6", "7", "18")
ITEMS = [*(f"fig{number}" for number in FIGURES), "table2", "table3"]


@pytest.fixture
def suite(tmp_path):
    """Writes a suite of two parts; keys of the three files may be replaced."""

    def write(shared=None, first=None, second=None):
        common = {key: value for key, value in TINY.items() if key != "conditions"}
        texts = {
            "suite": {**common, "parts": ["one", "two"], **(shared or {})},
            "one": {"seeds": 0, "conditions": ["plain"], **(first or {})},
            "two": {"seeds": [0, 1], "conditions": ["greedy"], **(second or {})},
        }
        for name, keys in texts.items():
            told = {key: value for key, value in keys.items() if value is not None}
            (tmp_path / f"{name}.toml").write_text(tomli_w.dumps(told))
        return tmp_path

    return write


def test_a_cell_of_two_parts_is_planned_once_with_the_conditions_of_both(suite):
    told = suites.read(suite())
    assert told.names == ("one", "two")
    tasks = tasks_of(told.parts)
    assert [(t.cell.seed, t.wanted) for t in tasks] == [
        (0, ("plain", "greedy")),
        (0, ("plain", "greedy")),
        (1, ("greedy",)),
        (1, ("greedy",)),
    ]
    assert told.whole.seeds == (0, 1)
    assert told.whole.conditions == ("plain", "greedy")


def test_the_file_of_a_suite_is_not_the_study(suite):
    folder = suite()
    with pytest.raises(ProtocolError, match=rf"of a suite: its folder, {folder}, is"):
        suites.read(folder / "suite.toml")


@pytest.mark.parametrize("seeds", [3, "3", [3]])
def test_one_seed_need_not_be_listed(seeds, suite):
    assert suites.read(suite(), seeds=seeds).whole.seeds == (3,)


def test_a_byte_order_mark_is_no_key(tmp_path):
    (tmp_path / "bom.toml").write_text(tomli_w.dumps(TINY), encoding="utf-8-sig")
    assert suites.read(tmp_path / "bom.toml").whole.name == TINY["name"]


def test_one_part_is_asked_for_by_its_file_or_name(suite):
    folder = suite({"description": "of all"}, {"description": "of one"})
    alone = suites.read(folder / "one.toml")
    assert alone.names == ("one",)
    assert alone.whole.description == "of all"
    assert alone.parts[0][0].description == "of one"


def test_a_budget_replaces_the_keys_of_its_own_file_and_later_files_win(suite):
    folder = suite(
        {"budget": "b", "budgets": {"a": {"steps": 10}, "b": {"steps": 20, "curve_points": 5}}},
        {"steps": 30},
        {"budgets": {"b": {"steps": 40}}},
    )
    default, other = suites.read(folder / "one.toml"), suites.read(folder / "two.toml", budget="a")
    assert (default.whole.name, default.whole.steps) == ("tiny-b", 30)
    assert default.whole.curve_points == 5
    assert (other.whole.name, other.whole.steps) == ("tiny-a", 10)
    assert suites.read(folder / "two.toml").whole.steps == 40


def test_a_budget_of_a_suite_may_name_the_parts_that_are_run(suite):
    folder = suite({"budgets": {"few": {"parts": ["two"]}, "all": {}}})
    assert suites.read(folder, budget="few").names == ("two",)
    assert suites.read(folder, budget="all").names == ("one", "two")
    assert suites.read(folder / "one.toml", budget="few").names == ("one",), "by its own name"


def test_a_file_that_stands_alone_has_budgets_too(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(tomli_w.dumps({**TINY, "budgets": {"small": {"steps": 7}, "large": {}}}))
    assert suites.read(path, budget="small").whole.steps == 7
    with pytest.raises(ProtocolError, match=r"none is chosen; .*: large, small"):
        suites.read(path)


@pytest.mark.parametrize(
    ("changes", "budget", "told"),
    [
        ({}, "cpu", "has no budgets"),
        ({"shared": {"budgets": {"cpu": {}}}}, "cpv", "did you mean 'cpu'"),
        ({"shared": {"budgets": 3}}, None, "budgets must hold tables"),
        ({"shared": {"parts": []}}, None, "parts = \\[\\]"),
        ({"shared": {"parts": ["three"]}}, None, "no file three.toml"),
        ({"first": {"steps": 7}}, None, "two: key 'steps' is 7 in the parts before and 1500 now"),
        ({"first": {"stepps": 7}}, None, "one: unknown key 'stepps'"),
        ({"first": {"parts": ["one"]}}, None, "one: unknown key 'parts'"),
        ({"shared": {"budgets": {"b": {"parts": ["twoo"]}}}}, "b", "b.parts = 'twoo'.*mean 'two'"),
        ({"shared": {"budgets": {"b": {"parts": []}}}}, "b", "budgets.b.parts = \\[\\]"),
        (
            {"shared": {"budgets": {"b": {}}}, "second": {"budgets": {"b": {"parts": ["one"]}}}},
            "b",
            "two: unknown key 'parts'",
        ),
    ],
)
def test_mistakes_are_refused(suite, changes, budget, told):
    with pytest.raises(ProtocolError, match=told):
        _ = suites.read(suite(**changes), budget=budget).whole


def test_an_unknown_part_is_answered_with_the_nearest():
    with pytest.raises(ProtocolError, match=r"zhang2018 has no part 'fig2c'.*'fig2"):
        suites.read("zhang2018/fig2c")
    with pytest.raises(ProtocolError, match="did you mean 'zhang2018'"):
        suites.read("zhang2019")


def test_an_unknown_paper_is_answered_with_the_nearest(tiny):
    with pytest.raises(ProtocolError, match=r"paper = 'zhang2019' .did you mean 'zhang2018'"):
        suites.read({**tiny, "paper": "zhang2019"})


@pytest.mark.slow
@pytest.mark.parametrize("budget", BUDGETS)
def test_the_study_of_the_paper_can_be_planned_at_each_budget(budget):
    told = suites.read("zhang2018", budget=budget)
    assert set(told.names) > set(ITEMS) - {"fig8-17"}
    assert told.whole.paper == "zhang2018"
    assert told.whole.name == f"zhang2018-{budget}"
    assert all(part.description for part, _ in told.parts)
    if budget != "paper":  # thousands of cells
        tasks = tasks_of(told.parts)
        each = sum(len(cells_of(part, where)) for part, where in told.parts)
        assert len({task.cell.id for task in tasks}) == len(tasks) < each


def test_a_shipped_suite_runs_from_a_copy_too(tmp_path):
    shutil.copytree(Path(str(files("rlgen_protocols"))) / "zhang2018", tmp_path / "mine")
    mine, shipped = (suites.read(s, budget="smoke") for s in (tmp_path / "mine", "zhang2018"))
    assert [part for part, _ in mine.parts] == [part for part, _ in shipped.parts]


def test_jobs_draw_their_architecture_from_the_papers_lists():
    for name, members in LISTS.items():
        drawn = [resolve(name, seed) for seed in range(200)]
        assert set(drawn) == set(members)
        assert drawn == [resolve(name, seed) for seed in range(200)]
    assert all(resolve(name, 3) == name for name in NETWORKS)


def test_a_familys_options_may_stand_in_brackets(tiny):
    name = "maze-basic[border=outside]"
    assert lookup.family(name).options["border"] == "outside"
    told = suites.read({**tiny, "family": ["maze-basic", name]}).parts
    cells = [task.cell for task in tasks_of(told)]
    sizes = {
        cell.family: (cell.pools.world.options["size"], cell.pools.world.options["border"])
        for cell in cells
    }
    assert sizes == {"maze-basic": (5, "inside"), name: (5, "outside")}
    assert cells[0].split().family.observation_space.shape == (7, 5, 5)
    with pytest.raises(LevelError, match=r"\[key=value"):
        lookup.family("maze-basic[border]")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("steps", 1000),
        ("network", "mlp-64-64"),
        ("curve_points", 5),
        ("curve_levels", 10),
        ("agent_options", {"n_envs": 4}),
        ("regulariser", ["dropout:0.1"]),
    ],
)
def test_what_only_training_reads_is_refused_beside_policies(key, value):
    study = {"name": "s", "family": "CartPole-v1", "policy": "a.zip", "train_levels": "0:3"}
    study |= {"test_levels": "5:9"}
    spelt_out = suites.read(study).whole
    assert suites.read(spelt_out).whole == spelt_out
    with pytest.raises(ProtocolError, match=rf"{key} = .*goes with training"):
        suites.read(study | {key: value})
