"""Further pools of a study: refusals before anything is computed, and what is measured."""

import base64
import json
import re

import numpy as np
import pytest
from commands import rlgen as run_cli
from helpers import TINY
from planning import tasks_of

import rlgen
from rlgen import report
from rlgen.analysis.further import shifts
from rlgen.analysis.one_policy import is_one_policy
from rlgen.analysis.results import Results
from rlgen.diagnostics.verification import differences
from rlgen.errors import DamagedStoreError, ProtocolError, RlgenError
from rlgen.protocol import suite
from rlgen.store.run_store import RunStore
from rlgen.study.cost import RECORD_BYTES


def all_cells(page):
    """The columns of the table of cells for download."""
    link = re.search(r'-cells.csv" href="data:text/csv;charset=utf-8;base64,([^"]*)"', page)
    return base64.b64decode(link[1]).decode().splitlines()[0].split(",")


SAME = {"n_levels": 6}
#: The same observations, other walls.
BLOCKS = {"family": "maze-blocks", "family_options": {"size": 5, "blocks": 0}, "n_levels": 5}
LARGER = {"family_options": {"size": 7}, "n_levels": 4, "optional": True}


def study(**keys):
    return {**TINY, "seeds": [0, 1], "n_train_levels": [3], "conditions": ["plain"], **keys}


@pytest.mark.parametrize(
    ("pools", "message"),
    [
        ({"test": {}}, "pools.test = 'test': is no name for a further pool"),
        ({"gap_a": {}}, "results use it for something else"),
        ({"../a": {}}, "a pool's name is 1 to 32 letters"),
        ({"a": {"n_levels": 0}}, "pools.a.n_levels = 0"),
        ({"a": {"family_option": {}}}, "unknown key 'pools.a.family_option' (did you mean"),
        ({"a": {"family_options": {"sise": 7}}}, "unknown key 'sise' (did you mean 'size'?)"),
        ({"a": {"family": "maze-blok"}}, "did you mean 'maze-blocks'?"),
        ({"a": {"family": "rlgen/CartPole-v0"}}, "its actions are Discrete(2), and those of"),
        ({"a": {"levels": "0:3", "n_levels": 4}}, "n_levels = 4, but 3 levels are named"),
        ({"a": {"levels": "0:3,2"}}, "a level is named twice"),
        ({"a": {"levels": "0:3"}}, "pools.a.kind: its levels are named"),
        ({"a": {"family_options": {"size": 7}}}, "takes observations of shape (7, 5, 5), on which"),
        ({"a": {"n_levels": 60_470}}, "has at most 60,480 distinct levels"),
        ({"a": {"n_levels": 10**6}}, "has at most 60,480 distinct levels"),
        (
            {name: {"levels": "0:3", "kind": "interpolation"} for name in ("a", "b")},
            "pools.b.levels = '0:3': level 0 is in the a pool too (3 levels are)",
        ),
        (
            {"a": {"family": "maze-blocks", "family_options": {"size": 5, "blocks": 3}}},
            "pools.a.n_levels = 100: no solvable level",
        ),
    ],
)
def test_refused_in_one_line_before_anything_is_computed(write_protocol, tmp_path, pools, message):
    path = write_protocol(**study(pools=pools))
    _, said = run_cli("evaluate", path, "-o", tmp_path / "store", code=2)
    assert message in said
    assert len(said.strip().splitlines()) == 1
    assert not (tmp_path / "store").exists()


@pytest.mark.slow
def test_pools_change_no_id_and_no_record(tmp_path, undrawn):
    bare = rlgen.evaluate(study(), tmp_path / "bare", jobs=1)
    pools = {"same": SAME, "blocks": BLOCKS, "larger": LARGER}
    full = rlgen.evaluate(study(pools=pools), tmp_path / "full", jobs=1)
    assert sorted(bare.computed) == sorted(full.computed)
    assert "pools" not in (bare.store / "protocol.toml").read_text()
    keys = ["run_id", "split", "level_id"]
    ours, theirs = (rlgen.load(each.store).sort_values(keys) for each in (bare, full))
    shared = theirs[theirs["split"].isin(["train", "validation", "test"])]
    assert np.array_equal(ours["ret_mean"], shared["ret_mean"])
    assert np.array_equal(ours["manifest"].astype(str), shared["manifest"].astype(str))
    counts = theirs[~theirs.index.isin(shared.index)]["split"].value_counts()
    assert {pool: n for pool, n in counts.items() if n} == {"same": 12, "blocks": 10}
    assert not list(differences(RunStore(full.store)))


@pytest.mark.slow
def test_kinds_gaps_and_what_is_left_out(tmp_path):
    pools = {"same": SAME, "blocks": BLOCKS, "larger": LARGER}
    full = rlgen.evaluate(study(pools=pools), tmp_path / "full", jobs=1)
    (cell,) = full.summary["cells"]
    kinds = {name: own["kind"] for name, own in cell["pools"].items()}
    assert kinds["same"] == "in distribution"
    assert kinds["blocks"] == kinds["larger"] == "extrapolation"
    assert "takes observations of shape (7, 5, 5)" in cell["pools"]["larger"]["left_out"]
    rows = rlgen.load(full.store)
    means = rows.groupby(["split", "run_id"], observed=True)["ret_mean"].mean()
    gap = means["train"].mean() - means["same"].mean()
    assert cell["pools"]["same"]["return"]["gap"]["mean"] == pytest.approx(gap)
    page = full.report.read_text()
    for name in pools:
        sentence = cell["pools"][name]["sentence"]
        assert sentence.split(":")[0] in page
    assert "left out: the network" in page
    assert "Gap to each pool" in page
    assert "same_kind" in all_cells(page)
    estimates = Results.load(RunStore(full.store)).estimates
    assert {"same", "gap_same", "blocks", "gap_blocks"} < set(estimates["part"])
    lines = run_cli("check", full.store, "--max-gap", "9", "--max-gap", "same=9")[0].splitlines()
    assert [line.split(" of ")[0] for line in lines] == ["passed  gap", "passed  gap to same"]
    out, _ = run_cli("check", full.store, "--max-gap", f"same={gap - 0.01}", code=1)
    assert out.startswith("FAILED  gap to same of ppo/mlp-512-128 trained on 3 levels")
    out, _ = run_cli("check", full.store, "--max-gap", "larger=9", code=2)
    assert "cannot be judged, the pool is left out" in out
    _, said = run_cli("check", full.store, "--max-gap", "blokcs=9", code=2)
    assert said.endswith("no further pool 'blokcs' (did you mean 'blocks'?)\n")


@pytest.mark.slow
def test_the_price_counts_further_pools(write_protocol):
    pools = {"same": {"n_levels": 500}}
    bare, full = (
        json.loads(run_cli("plan", write_protocol(**study(**keys)), "--json")[0])
        for keys in ({}, {"pools": pools})
    )
    assert full["bytes"] - bare["bytes"] == 2 * 500 * RECORD_BYTES
    _, said = run_cli("plan", write_protocol(**study(pools={"a": {"n_levels": 0}})), code=2)
    assert "pools.a.n_levels = 0" in said


@pytest.mark.slow
def test_pools_that_come_later_are_measured_from_the_weights(tmp_path, undrawn):
    out = tmp_path / "store"
    first = rlgen.evaluate(study(pools={"same": SAME}), out, jobs=1)
    files = {path: path.read_bytes() for path in (out / "runs").rglob("*") if path.is_file()}
    both = study(pools={"same": SAME, "blocks": BLOCKS})
    second = rlgen.evaluate(both, out, jobs=1)
    assert sorted(second.computed) == sorted(first.computed)
    assert {path: path.read_bytes() for path in files} == files
    at_once = rlgen.evaluate(both, tmp_path / "at-once", jobs=1)
    keys = ["run_id", "split", "level_id"]
    later, whole = (
        rlgen.load(each.store).sort_values(keys, ignore_index=True) for each in (second, at_once)
    )
    assert np.array_equal(later["ret_mean"], whole["ret_mean"])
    assert second.summary["cells"] == at_once.summary["cells"]
    said, _ = run_cli("verify", out)
    assert "S2" not in said
    assert not rlgen.evaluate(study(), out, jobs=1).computed
    assert rlgen.evaluate(study(), out, jobs=1).summary["cells"] == second.summary["cells"]
    # What has its place in the list keeps it.
    with pytest.raises(RlgenError, match="new pools follow those that are there"):
        rlgen.evaluate(study(pools={"blocks": BLOCKS, "new": SAME}), out, jobs=1)
    with pytest.raises(RlgenError, match=r"key 'pools.same' is .*n_levels = 6.* 7"):
        rlgen.evaluate(study(pools={"same": {"n_levels": 7}}), out, jobs=1)


@pytest.mark.slow
def test_a_run_without_weights_says_so(tmp_path, undrawn):
    out = tmp_path / "store"
    run = rlgen.evaluate(study(seeds=[0]), out, jobs=1).computed[0]
    (out / "runs" / run / "policy.safetensors").unlink()
    failed = rlgen.evaluate(study(seeds=[0], pools={"same": SAME}), out, jobs=1).failed
    assert "its weights have not been kept" in failed[run]
    (cell,) = Results.load(RunStore(out)).cells
    assert not is_one_policy(Results.load(RunStore(out)), cell), "it has been trained here"
    (shift,) = shifts(Results.load(RunStore(out)), cell)
    assert shift.sentence == "same (in distribution): it has not been measured."
    assert "not measured" in report.write(RunStore(out)).read_text()


@pytest.mark.slow
def test_policies_made_elsewhere_play_further_pools(tmp_path):
    keys = study(
        policy=["policies_for_tests:always_left"], pools={"larger": {**LARGER, "optional": False}}
    )
    for name in (
        "agent",
        "network",
        "seeds",
        "steps",
        "curve_points",
        "curve_levels",
        "agent_options",
    ):
        keys.pop(name, None)
    (tmp_path / "policies_for_tests.py").write_text(
        "import numpy as np\n"
        "def always_left(observations):\n"
        "    return np.eye(5)[np.full(len(observations), 2)]\n"
    )
    import sys

    sys.path.insert(0, str(tmp_path))
    try:
        done = rlgen.evaluate(keys, tmp_path / "store", jobs=1)
    finally:
        sys.path.remove(str(tmp_path))
    assert not done.failed
    rows = rlgen.load(done.store)
    assert (rows["split"] == "larger").sum() == LARGER["n_levels"]
    # Of one policy, whose interval has levels as samples.
    means = rows.groupby("split", observed=True)["ret_mean"].mean()
    (cell,) = done.summary["cells"]
    gap = cell["pools"]["larger"]["return"]["gap"]
    assert gap["mean"] == pytest.approx(means["train"] - means["larger"])
    assert gap["low"] < gap["mean"] < gap["high"]


def test_parts_that_share_cells_share_pools():
    parts = suite.read(study(pools={"same": SAME})).parts
    bare = suite.read(study()).parts
    tasks = tasks_of([*bare, *parts])
    assert [task.wanted for task in tasks] == [("plain", "plain@same")] * 2
    assert all(task.cell.further for task in tasks)
    assert json.loads(json.dumps(tasks[0].cell.settings)) == tasks[0].cell.settings


def test_merging_asks_for_one_order():
    from rlgen.protocol.merging import merged
    from rlgen.protocol.schema import parse

    one, two, none = (
        parse(study(pools=pools), "x") for pools in ({"a": SAME}, {"a": SAME, "b": SAME}, {})
    )
    for pair in ((one, two), (two, one), (none, two), (two, none)):
        assert list(merged(*pair).pools) == ["a", "b"]
    with pytest.raises(ProtocolError, match="key 'pools' is a, b in the store and b, a now"):
        merged(two, parse(study(pools={"b": SAME, "a": SAME}), "x"))


@pytest.mark.slow
def test_the_shipped_shifts_run(tmp_path, undrawn):
    done = rlgen.evaluate("shifts", tmp_path / "store", budget="smoke", seeds=[0], jobs=1)
    assert not done.failed
    for cell in done.summary["cells"]:
        played = {name for name, own in cell["pools"].items() if own["runs"]}
        assert played == {"fewer-blocks", "more-blocks", "other-walls"}
        assert cell["pools"]["larger"]["left_out"]
    ((cpu, where),) = suite.read("shifts", budget="cpu").parts
    wanted = {name for task in tasks_of([(cpu, where)]) for name in task.wanted}
    assert {"plain@larger", "greedy@larger"} < wanted


@pytest.mark.slow
def test_a_plan_with_pools_that_are_no_tables_is_damaged(tmp_path, undrawn):
    done = rlgen.evaluate(study(seeds=[0], pools={"same": SAME}), tmp_path / "store", jobs=1)
    plan = done.store / "plan.json"
    entries = json.loads(plan.read_text())
    for wrong in (["same"], {"same": "a"}):
        entries[0]["settings"]["pools"] = wrong
        plan.write_text(json.dumps(entries))
        (done.store / "sha256.json").unlink(missing_ok=True)
        with pytest.raises(DamagedStoreError, match=r"plan\.json: 0: settings\.pools"):
            Results.load(RunStore(done.store))
