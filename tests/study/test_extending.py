"""More steps: runs are continued where that is the same, begun again where it is not."""

import json
import shutil

import pytest
import tomli_w
from commands import rlgen as run_cli
from helpers import TINY, unsealed
from studies import results

import rlgen
from rlgen import report
from rlgen.errors import StoreError
from rlgen.protocol import suite
from rlgen.store.preparing import steps_of
from rlgen.store.run_store import RunStore
from rlgen.store.withdrawing import withdrawable
from rlgen.study.plan import plan
from rlgen.util import files

QUICK = {"steps": 1000, "seeds": 0, "n_train_levels": 3, "conditions": "plain"}


@pytest.fixture(scope="module")
def shorter(tmp_path_factory):
    store = tmp_path_factory.mktemp("shorter") / "store"
    rlgen.evaluate({**TINY, **QUICK}, store, jobs=1)
    return store


@pytest.mark.slow
def test_a_run_is_continued(shorter, tiny, tmp_path, capfd, undrawn):
    store = tmp_path / "store"
    shutil.copytree(shorter, store)
    (before,) = (path.name for path in (store / "runs").iterdir())
    longer = {**tiny, **QUICK, "steps": 2500}
    first = rlgen.evaluate(longer, store, jobs=1, quiet=False)
    said = capfd.readouterr().err
    assert "1 cell: continued after 1,000 steps" in said
    assert "goes on at step 1,024" in said
    (cell,) = first.computed
    manifest = json.loads((store / "runs" / cell / "cell.json").read_text())
    assert manifest["settings"]["after"] == [1000]
    assert first.summary["runs"] == [cell]
    assert first.summary["not_counted"] == [
        "ppo/mlp-512-128 on 3 levels of maze-basic, seed 0 trained for 1,000 steps, "
        "and now it is 2,500"
    ]
    assert (store / "runs" / before).is_dir(), "nothing is lost"
    again = rlgen.evaluate(longer, store, jobs=1)
    assert again.already == [cell]
    # Without what was left of the shorter run it is computed from the start, and is the same.
    whole = tmp_path / "whole"
    shutil.copytree(store, whole)
    shutil.rmtree(whole / "runs" / cell)
    shutil.rmtree(whole / ".rlgen" / "checkpoints")
    assert rlgen.evaluate(longer, whole, jobs=1).computed == [cell]
    assert results(whole) == results(store)
    with pytest.raises(StoreError, match="key 'steps' is 2500 in the store and 1000 now"):
        rlgen.evaluate({**tiny, **QUICK}, store, jobs=1)


@pytest.mark.slow
def test_steps_that_were_mistyped_are_taken_back(shorter, tiny, tmp_path, capfd, undrawn):
    store = tmp_path / "store"
    shutil.copytree(shorter, store)
    before = json.loads((store / "summary.json").read_text())
    mistyped = plan(suite.read({**tiny, **QUICK, "steps": 640_000_000}))
    # As of a command that was interrupted before anything of it was done.
    RunStore.create(
        store, mistyped.whole, [task.cell for task in mistyped.tasks], mistyped.parts, {}
    )
    assert len(RunStore(store).plan()) == 2
    again = rlgen.evaluate({**tiny, **QUICK}, store, jobs=1, quiet=False)
    said = capfd.readouterr().err
    assert "1 cell: of more than 1,000 steps, none of which is done, taken out of the plan" in said
    assert not again.computed
    assert again.summary["cells"] == before["cells"]
    assert not again.summary.get("not_counted")
    assert len(RunStore(store).plan()) == 1


@pytest.mark.slow
def test_more_steps_that_are_being_trained_are_not_taken_back(shorter, tiny, tmp_path, undrawn):
    """Else their runs would land in a study that does not name them."""
    store = tmp_path / "store"
    shutil.copytree(shorter, store)
    longer = plan(suite.read({**tiny, **QUICK, "steps": 2000}))
    RunStore.create(store, longer.whole, [task.cell for task in longer.tasks], longer.parts, {})
    (pending,) = {each["id"] for each in RunStore(store).plan()} - RunStore(store).inventory().runs
    refusal = pytest.raises(StoreError, match="key 'steps' is 2000 in the store and 1000 now")
    with RunStore(store).claim(pending) as is_ours, refusal:
        assert is_ours
        rlgen.evaluate({**tiny, **QUICK}, store, jobs=1)
    assert len(RunStore(store).plan()) == 2


def test_a_study_that_trains_nothing_takes_no_steps_back(tmp_path):
    entries = [
        {"id": "measured", "settings": {}},
        {"id": "trained", "settings": {"steps": 5, "agent_version": 1}},
    ]
    (tmp_path / "runs" / "measured").mkdir(parents=True)
    assert steps_of(entries) == {"measured": 0, "trained": 5}
    assert withdrawable(steps_of(entries), 0, tmp_path / "runs") is None


@pytest.mark.slow
def test_a_run_that_the_plan_does_not_name_is_not_counted(shorter, tiny, tmp_path, undrawn):
    store = tmp_path / "store"
    shutil.copytree(shorter, store)
    two = rlgen.evaluate({**tiny, **QUICK, "seeds": [0, 1]}, store, jobs=1)
    (unnamed,) = two.computed
    entries = files.read_json(unsealed(store) / "plan.json")
    files.write_json(store / "plan.json", [each for each in entries if each["id"] != unnamed])
    report.write(RunStore(store))
    summary = files.read_json(store / "summary.json")
    assert unnamed not in summary["runs"]
    assert summary["not_counted"] == [
        f"the plan does not name run {unnamed}; the command that asked for it counts it again"
    ]
    again = rlgen.evaluate({**tiny, **QUICK, "seeds": [0, 1]}, store, jobs=1)
    assert (again.computed, again.summary["runs"]) == ([], two.summary["runs"])


@pytest.mark.slow
def test_the_plan_says_what_is_continued_and_why_others_are_not(shorter, write_protocol, tmp_path):
    path = write_protocol(**QUICK | {"steps": 2500})
    out, _ = run_cli("plan", path, "-o", shorter)
    assert "1 cell: continued after 1,000 steps" in out
    assert "1 cell, 1,500 steps" in out, "only what is left is paid for"
    without = tmp_path / "without"
    shutil.copytree(shorter, without)
    shutil.rmtree(without / ".rlgen" / "checkpoints")
    out, _ = run_cli("plan", path, "-o", without)
    assert "from the start, since the last state after 1,000 steps is not kept" in out
    shutil.rmtree(next((without / "runs").iterdir()))
    out, _ = run_cli("plan", path, "-o", without)
    assert "from the start, since the run of 1,000 steps is not done" in out


@pytest.mark.slow
@pytest.mark.parametrize(
    ("agent", "options", "why"),
    [
        ("a2c", {}, "its learning rate falls to 0 over training"),
        ("ppo", {"anneal_entropy": True}, "its entropy coefficient falls to 0 over training"),
        ("dqn", {"learning_starts": 100}, "its exploration falls over a share of training"),
        ("cloning", {}, "its learning rate rises and falls over training"),
    ],
)
def test_where_something_falls_over_training_a_longer_run_is_another(
    agent, options, why, tiny, tmp_path, undrawn
):
    keys = {**tiny, **QUICK, "agent": agent, "agent_options": options, "steps": 300}
    store = tmp_path / "store"
    rlgen.evaluate(keys, store, jobs=1)
    assert not list((store / ".rlgen" / "checkpoints").glob("*/*")), "nobody could use its state"
    path = tmp_path / "longer.toml"
    path.write_text(tomli_w.dumps({**keys, "steps": 600}))
    out, _ = run_cli("plan", path, "-o", store)
    assert f"1 cell: from the start, since {agent} cannot train on: {why}" in out
