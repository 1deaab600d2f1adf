"""The two job scripts of a study: an array of tasks that share its cells, and its report."""

import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rlgen.study.submitting.sbatch_options import directives, of_a_report

#: Of the scripts and logs in a store.
FOLDER = Path(".rlgen") / "slurm"
SCRIPT, REPORT_SCRIPT = "evaluate.sh", "report.sh"

_TASK = """\
# Written by rlgen submit. Each task computes cells that no other task is at, one on each core that
# it was given. Slurm sends TERM to a task that it takes away, and {grace} s before a task's time is
# over: rlgen then ends with 143. What was taken away Slurm queues again by itself; a task whose
# time is over queues itself again below. Both go on from the last checkpoints.
{command} &
rlgen=$!
trap 'kill -TERM $rlgen 2> /dev/null' TERM
while kill -0 $rlgen 2> /dev/null; do wait $rlgen; done
wait $rlgen
code=$?
trap - TERM
task=${{SLURM_ARRAY_JOB_ID}}_${{SLURM_ARRAY_TASK_ID}}
if [ $code = 143 ] && [ "$(squeue --noheader --format=%T --jobs=$task)" = RUNNING ]; then
  scontrol requeue $task
fi
exit $code
"""

_REPORT = """\
# Written by rlgen submit: runs when all tasks have ended, whatever became of them.
exec {command}
"""


@dataclass(frozen=True)
class Submission:
    """What is to be given to Slurm.

    Attributes:
        study: The protocol, as typed.
        name: Of the study.
        store: The store's folder, as typed; relative to ``folder``.
        folder: In which tasks run.
        arguments: Further ones of ``rlgen evaluate``.
        tasks: Of the array.
        grace: Seconds before its time is over at which a task is told.
        options: Of ``sbatch``, from ``sbatch_options.options``.
    """

    study: str
    name: str
    store: Path
    folder: Path
    arguments: Sequence[str]
    tasks: int
    grace: int
    options: Sequence[Sequence[str]]

    @property
    def scripts(self) -> dict[str, str]:
        """The text of each script by its name."""
        store = str(self.store)
        evaluate = ("evaluate", self.study, "-o", store, "--no-wait", *self.arguments)
        array = (
            f"--array=0-{self.tasks - 1}",
            "--requeue",
            f"--signal=B:TERM@{self.grace}",
            "--open-mode=append",
            self._log("%A_%a"),
        )
        task = _TASK.format(grace=self.grace, command=_command(*evaluate))
        report = _REPORT.format(command=_command("report", store))
        return {
            SCRIPT: self._script(f"rlgen-{self.name}", self.options, array, task),
            REPORT_SCRIPT: self._script(
                f"rlgen-{self.name}-report",
                of_a_report(self.options),
                (self._log("%j-report"),),
                report,
            ),
        }

    def _log(self, name: str) -> str:
        """Where output goes, in which Slurm replaces what follows a percent sign."""
        folder = str(self.store / FOLDER).replace("%", "%%")
        return f"--output={folder}/{name}.log"

    def _script(
        self, name: str, options: Sequence[Sequence[str]], own: Sequence[str], body: str
    ) -> str:
        """A script; of an option that stands twice, Slurm takes the last."""
        before, after = [[f"--job-name={name}"]], [[f"--chdir={self.folder}"]]
        after += [[option] for option in own]
        lines = ["#!/bin/bash", *directives([*before, *options, *after]), body]
        return "\n".join(lines)


def _command(*arguments: str) -> str:
    """A call of this rlgen: tasks find no other, whatever their environment."""
    return shlex.join([sys.executable, "-m", "rlgen", *arguments])
