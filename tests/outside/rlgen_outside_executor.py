"""An executor of another distribution: workers on a disk of their own, from which it copies."""

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path

from rlgen.study.executors.base import DONE, LOST, RAISED, Executor

#: What a worker's process runs: a job comes by its input, its events go by its first output.
WORKER = """
import json, os, sys
job = json.loads(sys.stdin.readline())
events = os.fdopen(os.dup(1), "w", buffering=1)
os.dup2(2, 1)

def report(event, **values):
    events.write(json.dumps({"event": event, **values}) + chr(10))

from rlgen.study import worker
worker.run(report=report, **job)
"""


#: Kinds whose workers are forks of this process, which spares them seconds of imports. Those that
#: train are not: where torch has threads for devices, they do not survive a fork.
FORKED = {"outside-toy"}


class Fork:
    """A worker in a fork of this process, in a group of its own; as a ``Popen``."""

    def __init__(self, arguments, log):
        read, write = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            self._work(arguments, os.fdopen(write, "w", buffering=1), log)
        os.setpgid(self.pid, self.pid)
        os.close(write)
        self.stdout = os.fdopen(read, "rb")

    def _work(self, arguments, events, log):
        status = 1
        try:
            for number in (1, 2):
                os.dup2(log.fileno(), number)
            sys.stdout, sys.stderr = (os.fdopen(os.dup(number), "w") for number in (1, 2))
            from rlgen.study import worker

            def report(event, **values):
                events.write(json.dumps({"event": event, **values}) + "\n")

            worker.run(report=report, **arguments)
            status = 0
        except Exception:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)

    def wait(self):
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


class CopyingExecutor(Executor):
    """A process a job, in a folder that stands for another machine's disk."""

    card = "copies folders to another disk and back"

    def __enter__(self):
        self._disk = Path(tempfile.mkdtemp(prefix="rlgen-other-disk-"))
        self._running, self._placed = {}, []
        return self

    def __exit__(self, *_):
        for process in self._running.values():
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            process.stdout.close()
        shutil.rmtree(self._disk)

    def workers(self):
        return 2

    def start(self, job):
        place = self._disk / job.id
        shutil.rmtree(place, ignore_errors=True)
        for name in ("run", "checkpoints"):
            (place / name).mkdir(parents=True)
        if job.earlier is not None:
            shutil.copytree(job.earlier, place / "earlier")
        if job.checkpoint is not None:
            shutil.copytree(job.checkpoint, place / "checkpoint")
        arguments = {
            "cell": job.id,
            "kind": job.kind,
            "settings": job.settings,
            "folder": str(place / "run"),
            "cache": str(self._disk / "cache"),
            "checkpoint": None if job.checkpoint is None else str(place / "checkpoint"),
            "checkpoints": str(place / "checkpoints"),
            "wanted": list(job.wanted),
            "earlier": None if job.earlier is None else str(place / "earlier"),
            "device": job.device,
            "command": list(job.command),
            "trust": list(job.trust),
            "paper": job.paper,
        }
        with (self._disk / f"{job.id}.log").open("wb") as log:
            start = Fork if job.kind in FORKED else _new_process
            self._running[job.id] = start(arguments, log)
        self._placed.append(job.id)

    def events(self, timeout):
        while self._placed:
            yield {"event": "placed", "id": self._placed.pop(0), "node": "another disk"}
        outputs = {process.stdout: job for job, process in self._running.items()}
        for output in select.select(list(outputs), [], [], timeout)[0]:
            job = outputs[output]
            line = output.readline()
            if line:
                yield {"id": job, **json.loads(line)}
                continue
            process = self._running.pop(job)
            status = process.wait()
            output.close()
            outcome = {0: DONE, 1: RAISED}.get(status, LOST)
            yield {"event": "ended", "id": job, "outcome": outcome, "why": f"status {status}"}

    def log(self, job):
        return (self._disk / f"{job}.log").read_text()

    def fetch_checkpoint(self, job, name, into):
        shutil.copytree(self._disk / job / "checkpoints" / name, into, dirs_exist_ok=True)

    def fetch(self, job, into):
        shutil.copytree(self._disk / job / "run", into, dirs_exist_ok=True)
        shutil.rmtree(self._disk / job)


def _new_process(arguments, log):
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        start_new_session=True,
    )
    process.stdin.write(json.dumps(arguments).encode() + b"\n")
    process.stdin.close()
    return process
