"""Trackers are told of each cell while it is computed, and never stop or change a study."""

from pathlib import Path

import documents
import pytest
from commands import rlgen as command

import rlgen
from rlgen.errors import UnknownNameError
from rlgen.store.run_store import RunStore
from rlgen.study.progress import Progress
from rlgen.study.tracking import TRACKERS, tracker_named
from rlgen.study.tracking.base import Tracker
from rlgen.study.tracking.tracked import Tracked, scalars

ROOT = Path(__file__).parents[2]
OURS = """
told = []

class Ours:
    def __init__(self, store):
        self.store = store

    def start(self, run, name, settings):
        told.append(("start", run, name, settings["agent"]))

    def log(self, run, step, values):
        told.append(("log", run, step, values))

    def end(self, run, status, values):
        told.append(("end", run, status, values))

class Breaks(Ours):
    def log(self, run, step, values):
        raise ConnectionError("no network")

class Half:
    def start(self, run, name, settings): ...
    def log(self, run, step, values): ...

def function(store): ...

class Makes(Ours):
    def __init__(self, store):
        (store / "tracking" / "ours").mkdir(parents=True)

class Unmade(Ours):
    def __init__(self, store):
        raise KeyError("WANDB_API_KEY")
"""


@pytest.fixture
def ours(tmp_path):
    (tmp_path / "ours_of_tracking.py").write_text(OURS)
    with pytest.MonkeyPatch.context() as patch:
        # For the import alone: where modules are searched otherwise, there is another fork server.
        patch.syspath_prepend(tmp_path)
        import ours_of_tracking

    ours_of_tracking.told.clear()
    return ours_of_tracking


@pytest.mark.slow
def test_a_study_is_followed_live(tiny, ours, tmp_path, capsys, undrawn):
    pytest.importorskip("tensorboard")
    names = ["tensorboard", "ours_of_tracking:Ours", "ours_of_tracking:Breaks"]
    study = tiny | {"seeds": [0], "n_train_levels": 3, "conditions": ["plain"]}
    store = tmp_path / "store"
    rlgen.evaluate(study, store, track=names, quiet=False)
    said = capsys.readouterr().err
    assert said.count("tracker ours_of_tracking:Breaks: log: ConnectionError: no network") == 1
    (run,) = (path.name for path in (store / "runs").iterdir())
    kinds = [entry[0] for entry in ours.told if entry[1] == run]
    # Of the one that broke the beginning alone.
    assert kinds == ["start", "start", *["log"] * (len(kinds) - 3), "end"]
    curve = RunStore(store).curves()
    logged = {entry[2]: entry[3] for entry in ours.told if entry[0] == "log"}
    assert sorted(logged) == sorted(set(curve["step"]))
    for _, row in curve.iterrows():
        assert logged[row["step"]][f"eval_{row['split']}/mean_reward"] == row["ret_mean"]
    last = logged[max(logged)]
    gap = last["eval_train/mean_reward"] - last["eval_test/mean_reward"]
    assert last["gap/mean_reward"] == pytest.approx(gap)
    assert ours.told[-1] == ("end", run, "finished", last)
    # What is written for TensorBoard can be read, here by the import, and is no part of results.
    (events,) = store.glob(f"tracking/tensorboard/*-{run}/*.tfevents.*")
    command("import", events, "-o", tmp_path / "read", "--set", "seed=0")
    means = rlgen.load(tmp_path / "read").set_index("split")["ret_mean"]
    assert means["train"] == pytest.approx(last["eval_train/mean_reward"])
    assert means["test"] == pytest.approx(last["eval_test/mean_reward"])
    out, _ = command("verify", store)
    assert "tracking" not in out
    rlgen.bundle(store, tmp_path / "b.tar.xz")
    command("evaluate", "--help")
    plain = tmp_path / "plain"
    rlgen.evaluate(study, plain)
    assert rlgen.load(plain).equals(rlgen.load(store))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # the packages' own
@pytest.mark.parametrize(("package", "name"), [("wandb", "wb:WandB"), ("mlflow", "ml:MLflow")])
def test_classes_of_the_documents_follow_a_study(package, name, tiny, tmp_path, monkeypatch, capfd):
    pytest.importorskip(package, reason=f"needs the package {package}")
    module = name.partition(":")[0]
    (code,) = (
        block.text
        for block in documents.blocks((ROOT / "docs/howto/track.md").read_text())
        if block.text.startswith(f"# {module}.py")
    )
    (tmp_path / f"{module}.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    study = tiny | {"seeds": [0], "n_train_levels": 3, "conditions": ["plain"]}
    rlgen.evaluate(study, tmp_path / "store", track=[name], quiet=False)
    assert f"tracker {name}" not in capfd.readouterr().err
    assert (tmp_path / "mlflow.db").exists() or list(tmp_path.glob("wandb/offline-run-*/*.wandb"))


class Cell:
    def __init__(self, name):
        self.id = self.label = name
        self.settings = {}


class Notes(Tracker):
    def __init__(self):
        self.told = []

    def start(self, run, name, settings):
        self.told.append((run, "start"))

    def end(self, run, status, values):
        self.told.append((run, status))


def test_every_end_is_told_once():
    notes = Notes()
    with Tracked(Progress(), {"notes": notes}) as display:
        for name in ("a", "b", "c", "d"):
            display.started(Cell(name))
        display.finished(Cell("a"))
        display.failed(Cell("b"), "raised")
        display.broken_off(Cell("c"), "killed")
        display.started(Cell("c"))
        display.finished(Cell("already there"), note="done by another command")
    begun = [(name, "start") for name in ("a", "b", "c", "d")]
    ends = [("a", "finished"), ("b", "failed"), ("c", "interrupted"), ("c", "start")]
    assert notes.told == [*begun, *ends, ("d", "interrupted"), ("c", "interrupted")]


def test_unknown_numbers_are_left_out():
    rows = [
        {"split": "train", "ret_mean": 1.0, "p_solved": None},
        {"split": "test", "ret_mean": 0.0},
    ]
    assert scalars(rows) == {
        "eval_train/mean_reward": 1.0,
        "eval_test/mean_reward": 0.0,
        "gap/mean_reward": 1.0,
    }
    assert scalars(rows[1:]) == {"eval_test/mean_reward": 0.0}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("tensorbord", "did you mean 'tensorboard'"),
        ("ours_of_tracking:Half", "has no end"),
        ("ours_of_tracking:function", "has no start and no log and no end"),
        ("ours_of_tracking:Nothing", "cannot be imported: AttributeError"),
        ("no_such_module:X", "cannot be imported: ModuleNotFoundError"),
        ("ours_of_tracking:Unmade", "track = 'ours_of_tracking:Unmade': KeyError: 'WANDB_API_KEY'"),
    ],
)
def test_what_cannot_track_is_refused_at_once(name, message, ours, tiny, tmp_path):
    with pytest.raises(rlgen.RlgenError, match=message):
        rlgen.evaluate(tiny, tmp_path / "store", track=[name])
    assert not (tmp_path / "store").exists()


@pytest.mark.slow
def test_a_tracker_may_make_its_folder_before_the_store_is_there(ours, tiny, tmp_path, undrawn):
    keys = tiny | {"seeds": [0], "n_train_levels": 3, "conditions": ["plain"], "steps": 300}
    done = rlgen.evaluate(keys, tmp_path / "s", track=["ours_of_tracking:Makes"], jobs=1)
    assert len(done.computed) == 1
    assert (tmp_path / "s" / "tracking" / "ours").is_dir()


def test_members_are_trackers():
    for name in TRACKERS.own:
        assert issubclass(tracker_named(name), Tracker)
        assert tracker_named(name).card == TRACKERS.card(name)
    with pytest.raises(UnknownNameError, match="unknown tracker 'nothing'"):
        tracker_named("nothing")
