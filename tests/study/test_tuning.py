"""Settings are chosen on validation levels, from a search that can be interrupted."""

import json
import math

import pytest
from commands import rlgen as command

import rlgen
from rlgen.protocol import suite
from rlgen.study.plan import plan
from rlgen.study.tuning import trials
from rlgen.study.tuning.space import dimension, space
from rlgen.study.tuning.trials import Trial

pytest.importorskip("optuna")
SEARCH = {"learning_rate": "1e-4:1e-2:log", "network": ["linear", "mlp-64-64"]}


@pytest.fixture
def one(tiny):
    return tiny | {"n_train_levels": 3, "network": "linear", "steps": 500, "curve_points": 1}


def levels_of(folder):
    """Ids of all levels that any store of a search holds, and those of each pool."""
    pools = {}
    for path in folder.glob("stores/*/splits/*.json"):
        for pool, levels in json.loads(path.read_text())["pools"].items():
            pools.setdefault(pool, set()).update(levels["ids"])
    return pools


@pytest.mark.slow
def test_the_same_is_found_with_an_interruption_and_without_a_test_level(one, tmp_path):
    whole = rlgen.tune(one, SEARCH, tmp_path / "whole", trials=3, seeds=[7], jobs=2)
    rlgen.tune(one, SEARCH, tmp_path / "parts", trials=1, seeds=[7], jobs=1)
    parts = rlgen.tune(one, SEARCH, tmp_path / "parts", trials=3, seeds=[7], jobs=1)
    assert parts.trials == whole.trials
    assert len({tuple(trial.settings.values()) for trial in whole.trials}) == 3
    assert whole.best.value == max(trial.value for trial in whole.trials)
    split = plan(suite.read(one | {"seeds": [7]})).tasks[0].cell.split()
    pools = levels_of(tmp_path / "whole")
    assert pools["train"] == set(split.train.ids.tolist())
    assert pools["test"] == set(split.validation.ids.tolist())
    assert not pools["validation"]
    assert not pools["test"] & set(split.test.ids.tolist())
    # What was looked at is noted: in the search, and where nothing is certified any more.
    (access,) = (tmp_path / "whole" / "access").iterdir()
    assert json.loads(access.read_text()) | {"date": ""} == {
        "pool": "validation",
        "purpose": "selection",
        "manifest": split.manifest_hash,
        "date": "",
    }
    assert len(list(tmp_path.glob("whole/stores/*/access/*.json"))) == 3
    # The tuned protocol is that of before with the best settings, on all of its pools.
    (protocol, _), *_ = suite.read(whole.protocol).parts
    assert protocol.agent_options["learning_rate"] == whole.best.settings["learning_rate"]
    assert protocol.network == (whole.best.settings["network"],)
    assert (protocol.seeds, protocol.n_test_levels, protocol.test_levels) == ((0, 1), 8, "")
    assert "chosen by rlgen tune of 3 trials" in protocol.description
    with pytest.raises(rlgen.RlgenError, match="holds a search with another seed"):
        rlgen.tune(one, SEARCH, tmp_path / "whole", seeds=[7], seed=1)
    again = rlgen.tune(one, SEARCH, tmp_path / "whole", trials=2, seeds=[7])
    assert again.trials == whole.trials, "nothing that is there is left out"


def test_a_trial_follows_from_those_before_and_the_seed():
    dimensions = space({"x": "0.0:1.0", "n": "1:9", "kind": "a,b"})
    done = []
    for number in range(14):
        settings = trials.suggested(done, dimensions, 5)
        assert settings == trials.suggested(done, dimensions, 5)
        assert 0 <= settings["x"] <= 1
        assert settings["n"] in range(1, 10)
        assert settings["kind"] in ("a", "b")
        failed = "" if number != 3 else "its worker was killed"
        returns = () if failed else (1 - (settings["x"] - 0.7) ** 2,)
        done.append(Trial(number, settings, returns, failed))
    assert trials.suggested(done, dimensions, 6) != trials.suggested(done, dimensions, 5)
    assert len({trial.settings["x"] for trial in done}) == 14
    assert math.isnan(done[3].value)
    assert trials.best(done).value == max(t.value for t in done if not t.failed)
    assert trials.best(done[3:4]) is None


def test_trials_are_read_as_they_were_written(tmp_path):
    dimensions = space({"x": "0:1"})
    trial = Trial(0, {"x": 0.1}, (0.30000000000000004, -1.0))
    trials.write(tmp_path, trial)
    assert trials.read(tmp_path, dimensions) == [trial]
    (tmp_path / "0002.json").write_text(json.dumps(trial.plain | {"number": 2}))
    with pytest.raises(rlgen.RlgenError, match="is not trial 1 of this search"):
        trials.read(tmp_path, dimensions)


@pytest.mark.parametrize(
    "text", ["1e-4:1e-2:log", "0:20", "0.5:0.75", "a,b", "64,256", "true,false", "1,2.5,x"]
)
def test_the_text_of_a_space_names_it(text):
    own = dimension("x", text)
    assert dimension("x", own.text) == own
    if not own.is_range:
        assert dimension("x", list(own.values)) == own


def test_commas_in_brackets_are_within_a_choice():
    own = dimension("network", "residual[depth=1,width=8],linear, residual[width=16,depth=2]")
    assert own.values == ("residual[depth=1,width=8]", "linear", "residual[width=16,depth=2]")
    assert dimension("network", own.text) == own


@pytest.mark.parametrize(
    ("search", "message"),
    [
        ({}, "name at least one setting"),
        ({"x": "1:0"}, "the range is LOW:HIGH"),
        ({"x": "0:1:log"}, "from above 0 where it is log"),
        ({"x": "0:1:lin"}, "ends with :log"),
        ({"x": "3"}, "two or more different choices"),
        ({"x": "3,3.0"}, "x = '3,3.0': give .* two or more different choices"),
        ({"x": []}, "two or more different choices"),
        ({"learning_rat": "0:1"}, "did you mean 'learning_rate'"),
        ({"network": ["linear", "linaer"]}, "did you mean 'linear'"),
        ({"batch_size": [256, "many"]}, "batch_size"),
    ],
)
def test_what_cannot_be_searched_is_refused(search, message, one, tmp_path):
    with pytest.raises(rlgen.RlgenError, match=message):
        rlgen.tune(one, search, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_trial_whose_worker_is_killed_is_computed_again(
    one, outside, write_protocol, tmp_path, monkeypatch
):
    """A kill says nothing of the settings: neither is the trial judged, nor do others follow."""
    path = write_protocol(**one | {"family": "outside-dies", "family_options": {}, "seeds": [0]})
    options = ("--search", "batch_size=128,256", "--seeds", 7, "-j", 1)
    search = ("tune", path, *options, "-o", tmp_path / "s", "--trials")
    out, err = command(*search, 1, code=1)
    assert out == ""
    assert "trial 0: " in err
    assert "its worker was killed 2 times" in err
    assert err.endswith("; the same command computes it again\n")
    assert not list((tmp_path / "s" / "trials").iterdir())
    (tmp_path / "marker").touch()
    monkeypatch.setenv("OUTSIDE_MARKER", str(tmp_path / "marker"))
    out, _ = command(*search, 2)
    assert out.startswith("Best of 2 trials: batch_size = ")
    whole = rlgen.tune(path, {"batch_size": [128, 256]}, tmp_path / "w", trials=2, seeds=[7])
    told = json.loads(command(*search, 2, "--json")[0])
    assert told["trials"] == [trial.plain for trial in whole.trials]
    assert (told["broken_off"], whole.broken_off) == ("", "")


@pytest.mark.slow
@pytest.mark.parametrize(
    "levels",
    [
        {"group": "corner", "test": ["upper left", "lower right"]},
        {"axis": "distance", "train": ":5", "test": "5:"},
    ],
)
def test_what_is_held_out_stays_held_out(levels, one, tmp_path):
    keys = one | {"family_options": {"size": 7}, "n_validation_levels": 2, "levels": levels}
    result = rlgen.tune(
        keys, {"batch_size": [128, 256]}, tmp_path / "s", trials=1, seeds=[7], jobs=1
    )
    (trial,) = result.trials
    assert math.isfinite(trial.value)
    split = plan(suite.read(keys | {"seeds": [7]})).tasks[0].cell.split()
    assert levels_of(tmp_path / "s")["test"] == set(split.validation.ids.tolist())
    (protocol, _), *_ = suite.read(result.protocol).parts
    assert protocol.levels.settings == suite.read(keys).whole.levels.settings


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"n_train_levels": [3, 6]}, r"n_train_levels = \[3, 6\]: a search has one value"),
        ({"n_validation_levels": 0}, "settings are chosen on validation levels"),
        ({"policy": "x.zip", "seeds": [0]}, "goes with training|no levels|trains no agent"),
    ],
)
def test_what_a_study_must_be(keys, message, one, tmp_path):
    with pytest.raises(rlgen.RlgenError, match=message):
        rlgen.tune(one | keys, SEARCH, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("seeds", "message"),
    [("", "seeds = ''"), ([], "seeds"), ([5, 1], "seeds: 1 is one of the protocol's own")],
)
def test_seeds_of_trials_are_others_than_the_protocol_s(seeds, message, one, tmp_path):
    with pytest.raises(rlgen.RlgenError, match=message):
        rlgen.tune(one, SEARCH, tmp_path / "out", seeds=seeds)
    assert not (tmp_path / "out").exists()


def test_the_command_says_what_is_wrong(tmp_path):
    for flags, message in (
        (["--search", "x"], "'x' is not like KEY=VALUES"),
        (["--search", "x=0:1", "--search", "x=0:2"], "'x' is given twice"),
        ([], "Missing option '--search'"),
    ):
        _, err = command("tune", "quickstart", *flags, code=2, cwd=tmp_path)
        assert message in err
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "file").write_text("")
    flags = ["--search", "network=linear,mlp-64-64", "-o", "other"]
    _, err = command("tune", "quickstart", *flags, code=2, cwd=tmp_path)
    assert "n_train_levels = [10, 1000]: a search has one value" in err
