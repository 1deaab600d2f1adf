"""``rlgen submit`` in front of an ``sbatch`` that notes what it gets: what it says and refuses."""

import os
import shutil

import pytest
import torch
from commands import rlgen as run_cli

from rlgen.store.run_store import RunStore

#: Takes jobs 41, 42, ..., as Slurm with several clusters does, but for what it is told to refuse.
SBATCH = """#!/bin/sh
echo "$@" >> sbatch.calls
env | grep -c '^SBATCH_' >> sbatch.variables
case "$*" in
  *$REFUSED*) echo "sbatch: error: Batch job submission failed:" >&2; echo "no" >&2; exit 1 ;;
esac
echo "$((40 + $(wc -l < sbatch.calls)));main"
"""


@pytest.fixture
def sbatch(tmp_path, monkeypatch):
    """Puts the program on PATH."""
    program = tmp_path / "bin" / "sbatch"
    program.parent.mkdir()
    program.write_text(SBATCH)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("REFUSED", "nothing")
    monkeypatch.chdir(tmp_path)
    return program


def test_a_dry_run_shows_everything_and_writes_nothing(write_protocol, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))  # without sbatch
    path = write_protocol()
    before = set(tmp_path.iterdir())
    out, err = run_cli("submit", path, "--slurm", "--dry-run", "--tasks", 2, "-j", 3, "--", "-c3")
    assert not err
    assert out.count("#!/bin/bash\n") == 2
    assert "#SBATCH --array=0-1\n" in out
    assert out.count("#SBATCH -c3\n") == 1
    assert f"-m rlgen evaluate {path} -o results/tiny --no-wait -j 3 &\n" in out
    *_, first, second = out.splitlines()
    assert first == "sbatch --parsable results/tiny/.rlgen/slurm/evaluate.sh"
    assert second == (
        "sbatch --parsable --dependency=afterany:ARRAY_JOB results/tiny/.rlgen/slurm/report.sh"
    )
    assert set(tmp_path.iterdir()) == before


def test_a_study_is_submitted(sbatch, write_protocol, tmp_path, monkeypatch):
    monkeypatch.setenv("SBATCH_NO_REQUEUE", "1")
    out, _ = run_cli("submit", write_protocol(), "--slurm", "--tasks", 9, "-o", "mine")
    assert out.splitlines() == [
        "job 41: 4 tasks for 4 cells, logs in mine/.rlgen/slurm",
        "job 42: after it, writes mine/report.html",
    ]
    assert (tmp_path / "sbatch.calls").read_text().splitlines() == [
        "--parsable mine/.rlgen/slurm/evaluate.sh",
        "--parsable --dependency=afterany:41 mine/.rlgen/slurm/report.sh",
    ]
    assert (tmp_path / "sbatch.variables").read_text().split() == ["0", "0"]
    # What a file is changed to while tasks wait is not what they compute.
    assert len(RunStore(tmp_path / "mine").plan()) == 4
    _, err = run_cli("evaluate", write_protocol(steps=9), "-o", "mine", code=2)
    assert "key 'steps' is 1500 in the store and 9 now" in err


def test_only_what_is_missing_is_submitted(sbatch, tiny_store, write_protocol, tmp_path):
    shutil.copytree(tiny_store, tmp_path / "mine")
    command = ["submit", write_protocol(), "--slurm", "-o", "mine"]
    assert run_cli(*command)[0] == "Nothing to submit: 4 cells asked for, none missing.\n"
    assert run_cli(*command, "--dry-run")[0].startswith("Nothing to submit")
    assert not (tmp_path / "sbatch.calls").exists()
    out, _ = run_cli(*command, "--seeds", "2:4", "--dry-run")
    assert "#SBATCH --array=0-1\n" in out
    assert "--no-wait --seeds 2:4 &" in out


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_tasks_trust_what_the_command_does(write_protocol, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    class Stays(torch.nn.Module):
        def forward(self, x):
            return torch.zeros((x.shape[0], 5))

    torch.jit.script(Stays()).save("m.pt")
    trained = ("n_train_levels", "n_validation_levels", "n_test_levels", "agent", "agent_options")
    others = ("network", "seeds", "steps", "curve_points", "curve_levels")
    keys = dict.fromkeys([*trained, *others])
    path = write_protocol(**keys, policy="m.pt", train_levels="0:2", test_levels="5:7")
    _, err = run_cli("submit", path, "--slurm", "--dry-run", code=2)
    assert "if you trust its author, say --trust m.pt" in err
    out, _ = run_cli("submit", path, "--slurm", "--dry-run", "--trust", "m.pt")
    assert "--no-wait --trust m.pt &" in out


@pytest.mark.parametrize("option", [[], ["--dry-run"]])
def test_a_folder_that_holds_something_else(option, sbatch, write_protocol, tiny_store, tmp_path):
    shutil.copytree(tiny_store, tmp_path / "mine")
    path = write_protocol(name="other")
    _, err = run_cli("submit", path, "--slurm", "-o", "mine", *option, code=2)
    assert err.startswith("rlgen: mine: holds the study 'tiny', not 'other'")
    assert len(err.splitlines()) == 1
    assert not (tmp_path / "sbatch.calls").exists()


@pytest.mark.parametrize(
    ("refused", "message"),
    [
        ("evaluate.sh", "evaluate.sh: sbatch: error: Batch job submission failed: no"),
        (
            "report.sh",
            "submission failed: no; the array is submitted as job 41, and when it has ended, "
            "rlgen report results/tiny writes the report",
        ),
    ],
)
def test_what_sbatch_refuses_is_told(refused, message, sbatch, write_protocol, monkeypatch):
    monkeypatch.setenv("REFUSED", refused)
    out, err = run_cli("submit", write_protocol(), "--slurm", code=2)
    assert not out
    assert err.rstrip().endswith(message)
    assert len(err.splitlines()) == 1


def test_without_sbatch_nothing_is_written(write_protocol, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    _, err = run_cli("submit", write_protocol(), "--slurm", code=2)
    assert err == "rlgen: --slurm: there is no sbatch on PATH; --dry-run shows what it would get\n"
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["tiny.tml", "--slurm"], "rlgen: no protocol 'tiny.tml' (known: "),
        (["tiny.toml"], "Error: Missing option '--slurm'."),
        (["tiny.toml", "--slurm", "--tasks", "0"], "Error: Invalid value for '--tasks'"),
        (
            ["tiny.toml", "--slurm", "--", "--array=1"],
            "rlgen: option '--array=1' of sbatch: rlgen submit sets --array: --tasks says how many",
        ),
    ],
)
def test_what_is_refused(words, message, sbatch, write_protocol, tmp_path):
    write_protocol()
    _, err = run_cli("submit", *words, code=2)
    assert err.splitlines()[-1].startswith(message)
    assert not (tmp_path / "sbatch.calls").exists()
    assert not (tmp_path / "results").exists()
