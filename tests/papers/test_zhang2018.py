"""The paper's figures and tables in its own form: which runs, which numbers, what is missing."""

import csv
import re
from html.parser import HTMLParser
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from paper_studies import CHECKS, PARTS, asked, made, means

from rlgen.analysis.stats import intervals
from rlgen.analysis.verdicts import number
from rlgen.networks.lists import resolve
from rlgen.report.template import signed
from rlgen_protocols import zhang2018
from rlgen_protocols.zhang2018 import PAPER
from rlgen_protocols.zhang2018.figures import ITEMS, draw
from rlgen_protocols.zhang2018.figures.selection import Selection


class Table(HTMLParser):
    """Rows of cells as text, and the tags."""

    def __init__(self, html):
        super().__init__()
        self.rows, self.tags = [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_data(self, data):
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += f" {data.strip()}"


# Which runs belong to a part.


@pytest.mark.slow
def test_every_item_of_the_paper_is_drawn_and_says_how_to_read_it():
    assert set(ITEMS) == {*PARTS, "fig8-17"}
    for item in ("fig2a", "fig3a", "fig3b", "fig18", "table2"):
        part = asked(item)
        study = made(part)
        drawing = draw(study, part, item)
        assert drawing.svg.startswith("<svg role=") or drawing.html.startswith("<table>")
        assert f'id="zhang2018-{item}-title"' in drawing.svg or drawing.html
        assert not drawing.data.empty
        assert drawing.note == ""
    assert all(item.reading.count(". ") >= 1 for item in ITEMS.values())


@pytest.mark.slow
def test_a_figure_is_the_same_twice():
    part = asked("fig2b", family="maze-basic")
    study = made(part)
    one, two = draw(study, part, "fig2b"), draw(study, part, "fig2b")
    assert one.svg == two.svg


def test_only_the_part_s_runs_belong_to_it():
    whole = asked("table2", n_train_levels=[10, 100], flip_p=[0.0, 0.2])
    study = made(whole)
    part = asked("table2", n_train_levels=10, flip_p=0.2, network="MLP", seeds=[1, 3, 4])
    jobs = Selection(study, part).jobs
    assert sorted(jobs["seed"]) == [1, 3, 4]
    assert set(jobs["n_train_levels"]) == {10}
    assert set(jobs["flip_p"]) == {0.2}
    assert set(jobs["requested"]) == {"MLP"}
    drawn = {seed: resolve("MLP", seed) for seed in (1, 3, 4)}
    assert dict(zip(jobs["seed"], jobs["network"], strict=True)) == drawn
    assert len(set(drawn.values())) == 2


def test_an_architecture_that_another_seed_drew_does_not_count():
    part = asked("fig2b", family="maze-basic", network="mlp-512-128")
    study = made(part)
    family = asked("fig2b", family="maze-basic", network="MLP")
    seeds = set(Selection(study, family).jobs["seed"])
    assert seeds == {s for s in range(5) if resolve("MLP", s) == "mlp-512-128"}
    assert 0 < len(seeds) < 5


def test_a_study_without_runs_of_the_part_has_no_drawing():
    study = made(asked("fig2b"))
    assert draw(study, asked("fig2b", n_train_levels=7), "fig2b") is None
    assert draw(study, asked("table2", agent="ppo"), "table2") is None


# The numbers.


@pytest.mark.slow
def test_the_paper_s_form_is_the_mean_of_the_best_three_by_training_return():
    part = asked("fig2b")
    study = made(part)
    data = draw(study, part, "fig2b").data
    assert len(data) == 2 * 2 * 2 * 2
    for row in data.to_dict("records"):
        where = {key: row[key] for key in ("family", "n_train_levels", "flip_p")}
        train = means(study, "train", **where)
        best = sorted(train, key=train.get)[-3:]
        values = means(study, row["split"], **where)
        assert row["top"] == pytest.approx(np.mean([values[run] for run in best]))
        assert row["kept"] == 3
        assert row["runs"] == 5
        assert row["mean"] == pytest.approx(np.mean(list(values.values())))
        assert row["low"] < row["mean"] < row["high"]


def test_our_intervals_are_those_of_the_report():
    part = asked("fig2b", family="maze-basic", n_train_levels=10, flip_p=0.0)
    study = made(part)
    data = draw(study, part, "fig2b").data.set_index("split")
    of = {pool: study.folded[study.folded["split"] == pool] for pool in ("train", "test")}
    test = intervals.crossed_mean(np.stack(list(of["test"]["ret_mean"])))
    train = intervals.run_mean(np.array([r.mean() for r in of["train"]["ret_mean"]]))
    for pool, told in (("train", train), ("test", test)):
        assert tuple(data.loc[pool, ["mean", "low", "high"]]) == pytest.approx(
            (told.mean, told.low, told.high)
        )


def test_checks_are_played_on_training_levels():
    part = asked("fig3b", flip_p=0.0, n_train_levels=10)
    study = made(part)
    data = draw(study, part, "fig3b").data.set_index(["condition", "split"])
    assert set(data.index) == {
        ("plain", "train"),
        ("plain", "test"),
        *((c, "train") for c in CHECKS),
    }
    for condition in CHECKS:
        values = means(study, "train", condition)
        assert data.loc[(condition, "train"), "mean"] == pytest.approx(
            np.mean(list(values.values()))
        )


def test_stickiness_starts_where_actions_do_not_stick():
    part = asked("fig18", n_train_levels=10)
    study = made(part)
    data = draw(study, part, "fig18").data
    plain = np.mean(list(means(study, "train").values()))
    for mode in ("sticky_proposed", "sticky_executed"):
        of = data[data["mode"] == mode]
        assert list(of["stickiness"]) == [0, 0.25, 1]
        assert of["mean"].iloc[0] == pytest.approx(plain)
        at_one = means(study, "train", f"{mode}:1")
        assert of["mean"].iloc[2] == pytest.approx(np.mean(list(at_one.values())))
    (test,) = data[data["mode"] == "test set"].to_dict("records")
    assert test["mean"] == pytest.approx(np.mean(list(means(study, "test").values())))


@pytest.mark.slow
def test_curves_are_of_the_best_runs_by_rank():
    part = asked("fig2a", n_train_levels=10, seeds="0:7")
    study = made(part)
    data = draw(study, part, "fig2a").data
    assert set(data["rank"]) == {0, 1, 2, 3, 4, 5}
    train = means(study, "train")
    for rank, run in enumerate(sorted(train, key=lambda r: -train[r])[:5], 1):
        mine = data[(data["rank"] == rank) & (data["split"] == "test")]
        rows = study.curves[(study.curves["run_id"] == run) & (study.curves["split"] == "test")]
        assert list(mine["mean"]) == list(rows["ret_mean"])
    mean = data[(data["rank"] == 0) & (data["split"] == "test") & (data["step"] == 20)]
    at = study.curves[(study.curves["step"] == 20) & (study.curves["split"] == "test")]
    assert mean["mean"].item() == pytest.approx(at["ret_mean"].mean())


# What is missing.


@pytest.mark.slow
def test_settings_without_a_run_are_named():
    part = asked("fig2b")
    gone = {("maze-blocks", 100, 0.0), ("maze-blocks", 100, 0.5), ("maze-basic", 10, 0.5)}
    study = made(part, lambda c: (c["family"], c["n_train_levels"], c["flip_p"]) not in gone)
    drawing = draw(study, part, "fig2b")
    assert "25 of 40 runs are there." in drawing.note
    assert "Left out: 3 cells, 15 runs of 1 steps: maze-basic (10 levels at" in drawing.note
    assert "maze-basic (10 levels at p = 0.5)" in drawing.note
    assert "maze-blocks (100 levels at p = 0, 0.5)" in drawing.note
    there = set(
        zip(*(drawing.data[k] for k in ("family", "n_train_levels", "flip_p")), strict=True)
    )
    assert len(there) == 5
    assert not there & gone


@pytest.mark.slow
@pytest.mark.parametrize(
    ("item", "gone", "title"),
    [
        ("fig2b", {"family": "maze-blocks"}, "maze-blocks"),
        ("fig3b", {"n_train_levels": 100}, "100 levels"),
        ("fig18", {"n_train_levels": 100}, "100 levels"),
    ],
)
def test_panels_without_data_are_not_drawn(item, gone, title):
    part = asked(item)
    whole = draw(made(part), part, item)
    ((key, value),) = gone.items()
    rest = draw(made(part, lambda c: c[key] != value), part, item)
    panels = [len(re.findall(rf">[^<]*{title}[^<]*<", one.svg)) for one in (whole, rest)]
    assert panels[0] > panels[1] == 0
    assert "Left out:" in rest.note
    width, height = (
        [float(n) for n in re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', one.svg).groups()]
        for one in (whole, rest)
    )
    assert height[0] < width[0] or height[1] < width[1], "no room is left for them"


@pytest.mark.slow
def test_fewer_than_three_runs_are_told():
    part = asked("fig2b", family="maze-basic")
    study = made(part, lambda c: c["seed"] < 2)
    drawing = draw(study, part, "fig2b")
    assert set(drawing.data["kept"]) == {2}
    assert "fewer than 3 runs" in drawing.note
    part = asked("table2", seeds="0:2", n_train_levels=10)
    drawing = draw(made(part), part, "table2")
    assert set(drawing.data["kept"]) == {0, 2}
    assert "fewer than 3 runs" in drawing.note


@pytest.mark.slow
def test_conditions_that_were_not_evaluated_are_named():
    part = asked("fig3b", conditions=["plain", "random_spawn"], n_train_levels=10, flip_p=0.0)
    assert (
        "Not evaluated: trainset + sticky, trainset + both." in draw(made(part), part, "fig3b").note
    )
    part = asked("fig18", conditions=["plain", "sticky_proposed:0.5"], n_train_levels=10)
    assert "Not evaluated: alternative" in draw(made(part), part, "fig18").note


# The tables.


@pytest.mark.slow
@pytest.mark.parametrize("item", ["table2", "table3"])
def test_each_cell_of_a_table_has_its_published_value_and_the_difference(item):
    flips = [0.0, 0.2, 0.4, 0.5]
    part = asked(item, n_train_levels=[10, 100, 1000, 10000], flip_p=flips, seeds="0:4")
    study = made(part, levels=3)
    drawing = draw(study, part, item)
    folder = Path(zhang2018.__file__).parent
    printed = list(csv.DictReader((folder / "reference" / f"{item}.csv").read_text().splitlines()))
    assert len(drawing.data) == len(printed) == 64
    other = part.network[0]
    assert {row["arch"] for row in printed} == {"MLP", other}
    shown = Table(drawing.html).rows[2:]
    lines = list(product([10, 100, 1000, 10000], ["MLP", other]))
    keys = ("n_train_levels", "flip_p", "network", "split")
    cells = {tuple(c[key] for key in keys): c for c in drawing.data.to_dict("records")}
    for row in printed:
        n, p, network = int(row["n_train_levels"]), float(row["flip_p"]), row["arch"]
        cell = cells[n, p, network, row["split"]]
        where = {"n_train_levels": n, "flip_p": p}
        members = {resolve(network, seed) for seed in part.seeds}
        train, mine = {}, {}
        for member in members:
            train |= means(study, "train", network=member, **where)
            mine |= means(study, row["split"], network=member, **where)
        top = np.mean([mine[run] for run in sorted(train, key=train.get)[-3:]])
        assert cell["published"] == row["episode_reward"]
        assert cell["top"] == pytest.approx(top)
        assert cell["difference"] == pytest.approx(top - float(row["episode_reward"]))
        line = shown[lines.index((n, network))]
        text = line[-8:][2 * flips.index(p) + (row["split"] == "test")]
        printed_as = row["episode_reward"].replace("-", "−")
        assert f"paper {printed_as}" in text
        assert f"Δ {signed(cell['difference'])}" in text
        assert text.split()[0] == number(cell["top"])


def test_a_cell_that_was_not_run_has_the_published_number_alone():
    part = asked("table2", n_train_levels=10, flip_p=0.0)
    drawing = draw(made(part), part, "table2")
    rest = drawing.data[(drawing.data["n_train_levels"] != 10) | (drawing.data["flip_p"] != 0)]
    assert len(rest) == 60
    assert rest["top"].isna().all()
    assert rest["difference"].isna().all()
    assert (rest["published"] != "").all()
    assert "nan" not in drawing.html


def test_a_cell_that_another_part_has_run_is_in_the_table():
    whole = asked("table2", n_train_levels=[10, 100], flip_p=0.0)
    part = asked("table2", n_train_levels=[100, 1000], flip_p=0.0)
    drawing = draw(made(whole), part, "table2")
    runs = drawing.data[drawing.data["flip_p"] == 0].groupby("n_train_levels")["runs"].unique()
    assert {n: list(own) for n, own in runs.items()} == {10: [5], 100: [5], 1000: [0], 10000: [0]}
    by_size = {row[0].strip(): row for row in Table(drawing.html).rows if len(row) == 10}
    assert "not run yet" in by_size["1,000"][2]
    assert "not asked for" in by_size["10,000"][2]
    assert "not" not in by_size["10"][2] + by_size["100"][2]
    assert "Left out: 2 cells, 10 runs" in drawing.note


def test_an_architecture_stands_beside_its_family_s_numbers():
    part = asked("table2", network=["conv-a", "mlp-512-128"])
    drawing = draw(made(part), part, "table2")
    beside = dict(zip(drawing.data["requested"], drawing.data["network"], strict=True))
    assert beside == {"mlp-512-128": "MLP", "conv-a": "ConvNet"}
    assert "ours: conv-a" in drawing.html


def test_networks_that_the_paper_does_not_have_stand_alone():
    part = asked("table2", network=["linear", "MLP"], n_train_levels=10, flip_p=0.0)
    data = draw(made(part), part, "table2").data
    linear = data[data["requested"] == "linear"]
    assert list(data["requested"].unique()) == ["MLP", "linear"]
    assert set(linear["published"]) == {""}
    assert linear["top"].notna().sum() == 2
    assert linear["difference"].isna().all()


def test_what_users_write_is_escaped():
    evil = "<script>alert(1)</script>"
    part = asked("table2", network=evil, family=evil, n_train_levels=10, flip_p=0.0)
    drawing = draw(made(part), part, "table2")
    assert "script" not in Table(drawing.html).tags
    assert "&lt;script&gt;" in drawing.html
    part = asked("fig2b", family=evil, n_train_levels=10, flip_p=0.0)
    assert "<script" not in draw(made(part), part, "fig2b").svg


def test_a_sign_is_shown_but_for_nothing():
    assert [signed(x) for x in (0.126, -0.126, 0.001, -0.001)] == [
        "+0.13",
        "−0.13",
        "0.00",
        "0.00",
    ]
    assert signed(float("nan")) == "–"


def test_the_paper_says_which_parts_its_page_draws():
    assert set(PAPER.parts) == set(ITEMS) - {"fig8-17"}, (
        "which is drawn of the runs of another part"
    )
