"""What Slurm is given: options, scripts that do as they say, and a real Slurm of one node."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
import slurm_cluster
from studies import results

import rlgen
from rlgen.errors import RlgenError
from rlgen.study.submitting import sbatch_options
from rlgen.study.submitting.scripts import REPORT_SCRIPT, SCRIPT, Submission

#: A program that does as it is told by its environment, in place of this Python.
STUB = """#!/bin/bash
trap 'sleep 0.2; exit 143' TERM
touch started
[ -n "$CODE" ] && exit $CODE
for _ in $(seq 600); do sleep 0.1; done
"""


def submission(**keys):
    defaults = {
        "study": "tiny.toml",
        "name": "tiny",
        "store": Path("results/tiny"),
        "folder": Path("/home/me"),
        "arguments": (),
        "tasks": 3,
        "grace": 90,
        "options": (),
    }
    return Submission(**defaults | keys)


@pytest.mark.parametrize(
    ("words", "options"),
    [
        ([], []),
        (["--time=1:00:00", "-c", "4"], [["--time=1:00:00"], ["-c", "4"]]),
        (["--exclusive", "--mem", "4G", "-pgpu"], [["--exclusive"], ["--mem", "4G"], ["-pgpu"]]),
    ],
)
def test_options_go_with_their_values(words, options):
    assert sbatch_options.options(words) == options


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--array=0-3"], "'--array=0-3' of sbatch: rlgen submit sets --array: --tasks says"),
        (["--time=1", "-a", "0-3"], "'-a' of sbatch: rlgen submit sets --array"),
        (["--arr", "3"], "'--arr' of sbatch: rlgen submit sets --array"),
        (["-oout.log"], "'-oout.log' of sbatch: rlgen submit sets --output: the logs"),
        (["--no-requeue"], "rlgen submit sets --no-requeue: every task is queued again"),
        (["--signal=USR1@5"], "rlgen submit sets --signal: --grace says"),
        (["-D", "/"], "rlgen submit sets --chdir"),
        (["job.sh"], "'job.sh': only options of sbatch"),
        (["--comment=a\n#SBATCH --array=1"], "holds a character that is not printable"),
    ],
)
def test_options_that_are_refused(words, message):
    with pytest.raises(RlgenError, match=message):
        sbatch_options.options(words)


def test_a_report_asks_for_one_core_and_no_gpu():
    words = ["--account=lab", "-c8", "-p", "gpu", "--gres=gpu:1", "--gpus-per-task", "1"]
    words += ["--ntasks=1", "-N", "1", "--time=5", "-d", "afterok:1", "--mail-type=END"]
    kept = sbatch_options.of_a_report(sbatch_options.options(words))
    assert kept == [["--account=lab"], ["-p", "gpu"], ["--time=5"], ["--mail-type=END"]]


def test_the_scripts_say_what_is_set():
    options = [["--partition=long"], ["--array=9"], ["-c", "4"]]
    store = Path("my 100% results")
    scripts = submission(store=store, options=options, arguments=["--seeds", "0:4"]).scripts
    lines = scripts[SCRIPT].splitlines()
    assert lines[0] == "#!/bin/bash"
    assert lines[1:4] == [
        "#SBATCH --job-name=rlgen-tiny",
        "#SBATCH --partition=long",
        "#SBATCH --array=9",
    ]
    # Ours come after the user's: of two, Slurm takes the last.
    assert lines.index("#SBATCH --array=0-2") > 3
    assert '#SBATCH "--output=my 100%% results/.rlgen/slurm/%A_%a.log"' in lines
    assert "#SBATCH --signal=B:TERM@90" in lines
    (call,) = (line for line in lines if line.endswith(" &"))
    words = [sys.executable, "-m", "rlgen", "evaluate", "tiny.toml", "-o", str(store)]
    assert shlex.split(call) == [*words, "--no-wait", "--seeds", "0:4", "&"]
    last = scripts[REPORT_SCRIPT].strip().splitlines()[-1]
    assert shlex.split(last) == ["exec", *words[:3], "report", str(store)]
    assert "-c 4" not in scripts[REPORT_SCRIPT]
    assert "--partition=long" in scripts[REPORT_SCRIPT]


@pytest.fixture
def task(tmp_path, monkeypatch):
    """Starts the script of a task without Slurm, whose commands note how they were called."""

    def script(name, text):
        path = tmp_path / name
        path.write_text(text)
        path.chmod(0o755)
        return path

    monkeypatch.setattr(sys, "executable", str(script("stub", STUB)))
    script("squeue", '#!/bin/sh\necho "$STATE"\n')
    script("scontrol", '#!/bin/sh\necho "$@" >> scontrol.calls\n')
    evaluate = script("evaluate.sh", submission().scripts[SCRIPT])

    def start(state, code=""):
        environment = {
            **os.environ,
            "PATH": f"{tmp_path}:{os.environ['PATH']}",
            "SLURM_ARRAY_JOB_ID": "7",
            "SLURM_ARRAY_TASK_ID": "2",
            "STATE": state,
            "CODE": code,
        }
        return subprocess.Popen([str(evaluate)], cwd=tmp_path, env=environment)

    return start


@pytest.mark.slow
@pytest.mark.parametrize(
    ("state", "signals", "calls"),
    [
        # Its time is over, or is about to be: Slurm goes on counting it as running.
        ("RUNNING", 1, "requeue 7_2\n"),
        ("RUNNING", 3, "requeue 7_2\n"),
        # It was cancelled, or Slurm is queueing it again itself.
        ("COMPLETING", 1, ""),
        ("", 1, ""),
    ],
)
def test_a_task_that_is_told_to_end(state, signals, calls, task, tmp_path):
    process = task(state)
    while not (tmp_path / "started").exists():
        time.sleep(0.02)
    time.sleep(0.2)
    for _ in range(signals):
        process.send_signal(signal.SIGTERM)
        time.sleep(0.05)
    assert process.wait(timeout=30) == 143
    noted = tmp_path / "scontrol.calls"
    assert (noted.read_text() if noted.exists() else "") == calls


@pytest.mark.parametrize("code", [0, 1, 2])
def test_a_task_ends_as_its_command_does(code, task, tmp_path):
    assert task("RUNNING", str(code)).wait(timeout=30) == code
    assert not (tmp_path / "scontrol.calls").exists()


#: Two cells of some seconds, which are saved every second or so.
STUDY = {
    "n_train_levels": 3,
    "seeds": [0, 1],
    "conditions": "plain",
    "steps": 8000,
    "checkpoint_every": 2000,
}


def worker(store):
    """The number of a task that computes a cell of which there is a checkpoint; None before."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            log = (folder / "fd" / "1").readlink()
            variables = (folder / "environ").read_bytes()
        except OSError:
            continue
        saved = (store / ".rlgen" / "checkpoints" / log.stem).glob("[0-9]*")
        if log.parent == store / ".rlgen" / "logs" and list(saved):
            return re.search(rb"SLURM_ARRAY_TASK_ID=(\d)", variables)[1].decode()
    return None


@pytest.fixture
def slurm():
    """The environment of a Slurm that runs for the test."""
    if why := slurm_cluster.why_not():
        pytest.skip(f"Slurm: {why}")
    with ExitStack() as stack:
        try:
            environment = stack.enter_context(slurm_cluster.cluster())
        except slurm_cluster.NotHereError as error:
            pytest.skip(f"Slurm: its daemons do not start on this machine: {error}")
        yield environment


@pytest.mark.slow
def test_a_real_slurm_with_a_task_that_is_taken_away(slurm, write_protocol, tmp_path):
    """Two tasks, one of them queued again in mid-run, and the report after them."""
    path, store = write_protocol(**STUDY), tmp_path / "the store"

    def output(*command):
        done = subprocess.run(
            command, env=slurm, cwd=tmp_path, capture_output=True, text=True, timeout=100
        )
        assert done.returncode == 0, done
        return done.stdout

    def until(condition):
        deadline = time.monotonic() + 200
        while not (value := condition()):
            assert time.monotonic() < deadline, output("squeue")
            time.sleep(0.05)
        return value

    submit = [sys.executable, "-m", "rlgen", "submit", path.name, "--slurm"]
    said = output(*submit, "-o", store.name, "--", "--comment", "it's", "-c", "1")
    array, report = re.findall(r"^job (\d+): ", said, re.MULTILINE)
    assert f"job {array}: 2 tasks for 2 cells" in said
    task = f"{array}_{until(lambda: worker(store))}"
    output("scontrol", "requeue", task)
    until(lambda: "PENDING" in output("squeue", "-h", "-o", "%T", f"--jobs={task}"))
    # Slurm would wait two minutes.
    output("scontrol", "update", f"JobId={task}", "StartTime=now")
    until(lambda: not output("squeue", "-h"))
    details = output("scontrol", "show", "job", task)
    assert "Restarts=1" in details
    assert "JobState=COMPLETED" in details
    assert "JobState=COMPLETED" in output("scontrol", "show", "job", report)
    logs = store / ".rlgen" / "slurm"
    interrupted = (logs / f"{task}.log").read_text()
    assert "2 cells to compute on 1 worker" in interrupted
    assert "rlgen: terminated; finished cells and checkpoints are kept" in interrupted
    # The task itself, or the other one if that was free before.
    words = [path.read_text() for path in logs.glob(f"{array}_*.log")]
    assert sum(word.count("goes on at step") for word in words) == 1
    rlgen.evaluate(path, tmp_path / "local", jobs=2)
    assert results(store) == results(tmp_path / "local")
    assert "trained on" in (logs / f"{report}-report.log").read_text()
    (cell,) = json.loads((store / "summary.json").read_text())["cells"]
    assert cell["runs"] == 2
    assert (store / "report.html").exists()
