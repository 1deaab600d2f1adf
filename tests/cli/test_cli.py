"""The command line as a user meets it."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
from commands import imported, process, rlgen
from PIL import Image

from rlgen.cli.list_ import ASKED, KINDS

#: To say what levels are, these import what makes them.
OF_LEVELS = ("families", "properties")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "absent"),
    [
        (["--help"], {"torch", "gymnasium", "numpy", "pandas", "matplotlib", "pydantic"}),
        (["--version"], {"torch", "gymnasium", "numpy", "pandas", "matplotlib"}),
        (["evaluate", "--help"], {"torch", "gymnasium", "numpy", "pandas", "matplotlib"}),
        (["list"], {"torch", "stable_baselines3", "pandas", "matplotlib", "scipy", "pydantic"}),
        *((["list", kind], {"numpy", "gymnasium"}) for kind in KINDS if kind not in OF_LEVELS),
        (["evaluate", "nothing"], {"torch", "stable_baselines3", "matplotlib"}),
    ],
)
def test_answers_come_before_heavy_imports(arguments, absent):
    assert not imported(*arguments) & absent


@pytest.mark.slow
def test_reports_are_written_without_what_trains(tiny_store, tmp_path):
    import shutil

    shutil.copytree(tiny_store, tmp_path / "s")
    modules = imported("report", tmp_path / "s")
    assert "matplotlib" in modules
    assert not modules & {"torch", "stable_baselines3", "gymnasium", "rlgen_envs"}


def test_help_has_examples():
    for command in ("", "evaluate", "plan", "report", "list", "show"):
        out, _ = rlgen(*command.split(), "--help")
        assert f"  rlgen {command}" in out
        assert "\\b" not in out


@pytest.mark.parametrize("kind", KINDS)
def test_lists(kind):
    out, _ = rlgen("list", kind)
    told = json.loads(rlgen("list", kind, "--json")[0])
    assert len(out.splitlines()) == len(told) > 0
    for name, card in told.items():
        assert name in out
        assert card
        assert card in out
    assert (f"{kind}:" in rlgen("list")[0]) == (kind not in ASKED)


def test_show(tmp_path):
    out, _ = rlgen("show", "maze-tunnel", "--level", 17, "--solution")
    assert out.count("██") > 50
    assert "the planner's return is 2.1 in" in out
    assert set("→←↑↓") & set(out)
    plain, _ = rlgen("show", "maze-tunnel", "--level", 17)
    assert not set("→←↑↓") & set(plain)
    flipped, _ = rlgen("show", "maze-basic", "--level", 2, "--flip-p", 1, "--option", "size=5")
    assert "red diamond -1" in flipped
    assert len(flipped.splitlines()) == 6
    png = tmp_path / "level.png"
    out, _ = rlgen("show", "maze-blocks", "--level", 3, "--png", png, "--solution")
    assert np.asarray(Image.open(png)).shape == (416, 416, 3)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["evalute", "quickstart"], "no command 'evalute' (did you mean 'evaluate'?)"),
        (["evaluate"], "give a PROTOCOL or --env, one of the two"),
        (["evaluate", "smoke", "--env", "CartPole-v1"], "give a PROTOCOL or --env"),
        (["evaluate", "smoke", "--sizes", "3"], "--sizes goes with --env"),
        (["evaluate", "--env", "CartPol-v1"], "did you mean 'CartPole-v1'"),
        (["evaluate", "--env", "CartPole-v1", "--sizes", "x"], "'x' is not like 10,200"),
        (
            ["evaluate", "--env", "CartPole-v1", "--train-levels", "0:x", "--test-levels", "7:9"],
            "--train-levels '0:x': must be like 3, 0:20",
        ),
        (["evaluate", "quikstart"], "no protocol 'quikstart' (did you mean 'quickstart'?)"),
        (["evaluate", "none/such.toml"], "none/such.toml: cannot be read"),
        (["evaluate", "smoke", "--seeds", "x"], "seeds = 'x': must be like 3, 0:20"),
        (["evaluate", "smoke", "--shard", "2/2"], "the part must be from 0 to 1"),
        (["evaluate", "smoke", "--shard", "half"], "'half' is not like 0/4"),
        (["evaluate", "smoke", "--jobs", "0"], "0 is not in the range"),
        (["evaluate", "smoke", "--device", "tpu"], "'tpu' is not one of"),
        (["report", "none/such"], "none/such: does not exist"),
        (["report", "."], "is not an rlgen store"),
        (["list", "things"], "'things' is not one of"),
        (["show", "maze-basik", "--level", "1"], "did you mean 'maze-basic'"),
        (["show", "maze-basic", "--level", "-1"], "-1 is not in the range"),
        (["show", "maze-basic", "--level", "1" + "0" * 20], "must be below 2**63"),
        (["show", "maze-basic", "--level", "1", "--option", "size"], "must be KEY=VALUE"),
        (["show", "maze-basic", "--level", "1", "--option", "size=four"], "size = 'four'"),
        (["show", "maze-basic", "--level", "1", "--png", "/none/such.png"], "cannot be written"),
        (["plan", "smoke", "-o", "."], "is not an rlgen store"),
    ],
)
def test_mistakes_get_one_answer_and_exit_code_2(arguments, told, tmp_path):
    out, err = rlgen(*arguments, code=2, cwd=tmp_path)
    assert told in err
    assert err.count("rlgen: ") <= 1
    assert out == ""


@pytest.mark.slow
def test_plan_prices_without_training(tmp_path, write_protocol, tiny_store):
    path = write_protocol(seeds="0:10", clones=2, claims={"C-10": [0.8, 0.1]})
    out, _ = rlgen("plan", path, cwd=tmp_path)
    assert "26 cells, 30,000 steps, about" in out
    assert "steps/s" in out
    line = "clone a network from the planner and read it with detectors: 6 cells, 174 s in all"
    assert line in out
    assert not (tmp_path / "results").exists()
    told = json.loads(rlgen("plan", path, "--json", "--jobs", 2)[0])
    assert told["cells"] == 26
    assert told["steps"] == 20 * 1500
    assert told["seconds"] > 174 / 2
    (kind,) = told["kinds"]
    assert 100 < kind["steps_per_second"] < 1e6
    # what is there need not be paid for: seeds 0 to 2, at flip probability 0
    path = write_protocol(seeds="0:10")
    left = json.loads(rlgen("plan", path, "--json", "-o", tiny_store)[0])
    assert left["cells"] == 14
    stored = sum(p.stat().st_size for p in (tiny_store / "runs").rglob("*") if p.is_file())
    assert 0.5 < (told["bytes"] / 20) / (stored / 12) < 2
    # What is added to runs that are there is, and without their training.
    path = write_protocol(seeds="0:3", flip_p=[0.0, 0.5], conditions=["plain", "noop_starts:2"])
    added = json.loads(rlgen("plan", path, "--json", "-o", tiny_store)[0])
    assert (added["cells"], added["steps"]) == (12, 0)
    (kind,) = added["kinds"]
    assert kind["training_seconds"] == 0 < kind["evaluation_seconds"]
    assert 0 < added["bytes"] < told["bytes"] / 2


def test_policies_that_are_not_trained_here_have_no_price(write_protocol, tmp_path):
    """Said before they are loaded, which would need trust."""
    (tmp_path / "m.pt").write_text("")
    trained = ("n_train_levels", "n_validation_levels", "n_test_levels", "agent", "agent_options")
    others = ("network", "seeds", "steps", "curve_points", "curve_levels")
    keys = dict.fromkeys([*trained, *others])
    path = write_protocol(**keys, policy="m.pt", train_levels="0:2", test_levels="5:7")
    _, err = rlgen("plan", path, code=2, cwd=tmp_path)
    assert "tiny.toml: cannot estimate the cost: externally trained policies" in err
    assert "--trust" not in err


@pytest.mark.slow
def test_json_is_one_document(tiny_store, write_protocol, tmp_path, undrawn):
    path = write_protocol(seeds=[0, 1, 2], flip_p=[0.0, 0.5])
    store = tmp_path / "store"  # other tests read the one that all share
    shutil.copytree(tiny_store, store)
    out, err = rlgen("evaluate", path, "-o", store, "--json")
    told = json.loads(out)
    assert err == ""
    assert told["computed"] == []
    assert len(told["already"]) == 12
    assert told["summary"]["cells"]
    assert json.loads(rlgen("report", store, "--json")[0]) == told["summary"]


@pytest.mark.slow
def test_a_process_of_its_own_answers_alike(tmp_path):
    """Which the other tests spare: the same text and code as in theirs."""
    for arguments, code in ((["evaluate", "quikstart"], 2), (["list", "protocols"], 0)):
        out = process(*arguments, code=code, cwd=tmp_path)
        assert out == rlgen(*arguments, code=code, cwd=tmp_path)


def test_a_closed_pipe_is_no_error():
    done = subprocess.run(
        f"{sys.executable} -m rlgen list | head -1", shell=True, capture_output=True, text=True
    )
    assert done.stdout == "families:\n"
    assert done.stderr == ""
