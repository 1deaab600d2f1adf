"""Jobs are given to Slurm by its own command."""

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from rlgen.errors import RlgenError, one_line
from rlgen.study.submitting.sbatch_options import VARIABLES
from rlgen.study.submitting.scripts import FOLDER, REPORT_SCRIPT, SCRIPT, Submission
from rlgen.util import files

#: Stands for the array's number where it is not known yet.
ARRAY = "ARRAY_JOB"
#: Seconds that ``sbatch`` may take, which asks again while Slurm's daemon is busy.
PATIENCE = 300


def require_sbatch() -> None:
    """Refuse to go on where Slurm is not installed.

    Raises:
        RlgenError: If there is no ``sbatch``.
    """
    if shutil.which("sbatch") is None:
        raise RlgenError("--slurm: there is no sbatch on PATH; --dry-run shows what it would get")


def commands(store: Path, array: str = ARRAY) -> list[list[str]]:
    """The two calls of ``sbatch``.

    Args:
        store: The store's folder.
        array: Number of the array, which the report comes after.
    """
    first, second = (str(store / FOLDER / name) for name in (SCRIPT, REPORT_SCRIPT))
    return [
        ["sbatch", "--parsable", first],
        ["sbatch", "--parsable", f"--dependency=afterany:{array}", second],
    ]


def as_text(submission: Submission) -> str:
    """The scripts and the commands, in full."""
    texts = [
        f"# {submission.store / FOLDER / name}\n{text}" for name, text in submission.scripts.items()
    ]
    return "\n".join([*texts, *map(shlex.join, commands(submission.store))])


def submit(submission: Submission) -> tuple[str, str]:
    """Write the scripts into the store and submit them; the numbers of array and report job.

    Args:
        submission: Whose store exists.

    Raises:
        RlgenError: With what ``sbatch`` says, if it refuses a job.
    """
    folder = submission.store / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in submission.scripts.items():
        files.write_text(folder / name, text)
    array = _sbatch(commands(submission.store)[0])
    try:
        return array, _sbatch(commands(submission.store, array)[1])
    except RlgenError as error:
        raise RlgenError(
            f"{error}; the array is submitted as job {array}, and when it has ended, "
            f"rlgen report {submission.store} writes the report"
        ) from None


def _sbatch(command: Sequence[str]) -> str:
    """The number of the job that a call of ``sbatch`` has submitted."""
    environment = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, env=environment, timeout=PATIENCE
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RlgenError(one_line(error)) from None
    # The number, and on some sites the cluster behind a semicolon.
    number = re.match(r"\d+", done.stdout)
    if done.returncode or number is None:
        said = " ".join((done.stderr or done.stdout).split())
        raise RlgenError(f"{shlex.join(command)}: {said or f'exit status {done.returncode}'}")
    return number[0]
