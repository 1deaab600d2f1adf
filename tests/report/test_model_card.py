"""Model cards: what the hub reads of them, and what they say."""

import json

import pytest
import yaml
from commands import rlgen as command

import rlgen

ROWS = [
    f"evil*_<b>|agent,{seed},{pool},{level},{value}"
    for seed in (0, 1)
    for pool, levels, value in (("train", (1, 2), 1), ("test", (3, 4, 5), 0.25 + seed / 8))
    for level in levels
]


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("card")
    table = "\n".join(["agent,seed,pool,level,return", *ROWS])
    (folder / "r.csv").write_text(f"{table}\n")
    command("import", folder / "r.csv", "-o", folder / "store", "--set", "family=a: - {b}")
    return folder / "store"


def test_its_head_is_yaml_and_its_numbers_are_those_of_the_summary(store):
    out, _ = command("card", store)
    _, head, body = out.split("---\n", 2)
    read = yaml.safe_load(head)
    (model,) = read["model-index"]
    values = {r["dataset"]["name"]: r["metrics"][0]["value"] for r in model["results"]}
    (cell,) = json.loads((store / "summary.json").read_text())["cells"]
    assert values == {
        "a: - {b}, training levels": cell["train"]["mean"],
        "a: - {b}, held-out levels": cell["test"]["mean"],
    }
    assert "| 1.00 |" in body
    assert "<b>" not in body
    assert "evil\\*\\_\\<b\\>\\|agent" in body
    row = next(line for line in body.splitlines() if line.startswith("| evil"))
    assert row.replace("\\|", "").count("|") == 9


@pytest.mark.slow
def test_it_says_what_the_page_says_of_its_scope(store, tmp_path):
    whole, _ = command("card", store)
    known = "for new training runs on new levels of the same family"
    assert f"with 95 % intervals {known}:" in whole
    assert whole.endswith("that pools share no levels is checked by their names only.\n")
    rows = [row.split(",") for row in ROWS]
    text = "\n".join(["agent,seed,pool,return", *(",".join([*r[:3], r[4]]) for r in rows)])
    (tmp_path / "r.csv").write_text(f"{text}\n")
    command("import", tmp_path / "r.csv", "-o", tmp_path / "s")
    blind, _ = command("card", tmp_path / "s")
    unknown = "for new training runs measured in the same way (which levels were played is not"
    assert unknown in blind.replace("\\", "")
    assert unknown in (tmp_path / "s" / "report.html").read_text()
    assert known not in blind
    assert blind.endswith("that pools share no levels is taken on trust.\n")


def test_a_bundle_has_the_same_card_and_no_file_is_replaced(store, tmp_path):
    rlgen.bundle(store, tmp_path / "b.tar.xz")
    own, _ = command("card", store)
    command("card", tmp_path / "b.tar.xz", "-o", tmp_path / "README.md")
    assert (tmp_path / "README.md").read_text() == own
    _, err = command("card", store, "-o", tmp_path / "README.md", code=2)
    assert "README.md: is there already" in err


@pytest.mark.slow
def test_no_two_cells_look_alike_and_what_is_missing_is_said(tmp_path):
    lines = [
        f"a,{kept},{p},{seed},{pool},{level},{level + seed / 8}"
        for kept in ("none", "dropout:0.1")
        for p in (0, 0.5)
        for seed in (0, 1)
        for pool, levels in (("train", (1, 2)), ("test", (3, 4)))
        for level in levels
    ]
    text = "\n".join(["agent,regulariser,flip_p,seed,pool,level,return", *lines, ""])
    (tmp_path / "r.csv").write_text(text)
    command("import", tmp_path / "r.csv", "-o", tmp_path / "s", "--set", "n_train_levels=2")
    whole, _ = command("card", tmp_path / "s")
    head, body = whole.split("---\n", 2)[1:]
    names = [model["name"] for model in yaml.safe_load(head)["model-index"]]
    assert len(set(names)) == 4
    rows = [line.split(" | ") for line in body.splitlines() if line.startswith("| ")]
    assert rows[0][3:5] == ["regulariser", "flip probability"]
    assert sorted(row[3:5] for row in rows[1:]) == [
        ["dropout:0.1", "0"],
        ["dropout:0.1", "0.5"],
        ["none", "0"],
        ["none", "0.5"],
    ]
    assert "missing" not in body
    next((tmp_path / "s" / "runs").iterdir()).rename(tmp_path / "away")
    assert "\n- 1 cell is missing.\n" in command("card", tmp_path / "s")[0]


@pytest.mark.slow
def test_further_pools_are_there(tiny, tmp_path):
    keys = tiny | {"n_train_levels": 3, "network": "linear", "steps": 500, "seeds": [0]}
    rlgen.evaluate(keys | {"pools": {"others": {"n_levels": 2}}}, tmp_path / "s", jobs=1)
    told, _ = command("report", tmp_path / "s")
    (line,) = (each.strip() for each in told.splitlines() if each.startswith("  others"))
    assert f"\n  - {line}\n" in command("card", tmp_path / "s")[0].replace("\\", "")
