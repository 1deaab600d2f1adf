"""The fork server's other end: functions called in processes of their own on this machine."""

import atexit
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from rlgen.errors import RlgenError

#: One thread a worker: two make one run hardly faster and two runs much slower.
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")

#: Large pages where the system has them: there is less to copy when a worker is forked.
LARGE_PAGES = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}

#: Seconds for which jobs that have said that they are done may take to end.
PATIENCE = 5.0


#: Servers without a job that wait for this process's next study: to start one takes seconds.
_waiting: dict[tuple[object, ...], "subprocess.Popen[bytes]"] = {}


@atexit.register
def end_waiting() -> None:
    """End the servers that wait."""
    while _waiting:
        _end(_waiting.popitem()[1])


def _started(preload: Sequence[str], environment: dict[str, str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "rlgen.study.executors.server", *preload],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        # An interrupt from the terminal is for the driver.
        start_new_session=True,
    )


def _end(server: "subprocess.Popen[bytes]") -> None:
    """Closing its input tells a server to kill all jobs and to end."""
    assert server.stdin is not None
    assert server.stdout is not None
    with suppress(BrokenPipeError):
        server.stdin.close()
    try:
        server.wait(timeout=10)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
    server.stdout.close()


class ForkServer:
    """Starts jobs and tells what becomes of them. A context manager; leaving it kills all jobs.

    Left without an exception and without jobs, the server's process waits for the next one of the
    same process. Each job has the environment and the working folder that this process has, unless
    it is given others.

    Args:
        log_folder: Each job's output goes to ``ID.log`` in it.
        preload: Modules that are imported and functions (``module:function``) that are called
            once, before the first job.
        environment: Of the server.
    """

    def __init__(
        self,
        log_folder: Path,
        preload: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        if not hasattr(os, "fork"):
            raise RlgenError("rlgen runs cells on Linux and macOS; this system cannot fork")
        self._log_folder = log_folder
        self._preload = preload
        self._environment = environment

    def __enter__(self) -> Self:
        self._open()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None and self._all_ended():
            kept = _waiting.setdefault(self._key, self._server)
            if kept is self._server:
                return
        _end(self._server)

    def _open(self) -> None:
        self._buffer = b""
        #: Jobs that have not ended, and whether they have said that they are done.
        self._going: dict[str, bool] = {}
        # What a server has loaded hangs on where it was found; a fork of this process has its own.
        own = () if self._environment is None else tuple(sorted(self._environment.items()))
        self._key = (os.getpid(), *self._preload, *sys.path, own)
        server = _waiting.pop(self._key, None)
        if server is not None and server.poll() is None:
            self._server = server
            return
        self._server = _started(self._preload, self._of_jobs())

    def _all_ended(self) -> bool:
        """Whether no job is left, waiting for those that are about to end."""
        deadline = time.monotonic() + PATIENCE
        while self._going and all(self._going.values()) and time.monotonic() < deadline:
            for _ in self.events(timeout=0.1):
                pass
        return not self._going

    def _of_jobs(self) -> dict[str, str]:
        return _environment() if self._environment is None else dict(self._environment)

    def start(
        self,
        job: str,
        call: str,
        arguments: Mapping[str, Any],
        folder: Path | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        """Start ``module:function(report=..., **arguments)``; the arguments travel as JSON.

        It runs in this folder, or that of this process, and has these variables besides those of
        the environment.

        If the server has died, the job waits for the end of the server's last job: a job that goes
        on must not meet its successor.
        """
        log = str(self._log_folder / f"{job}.log")
        command = {"start": job, "call": call, "arguments": dict(arguments), "log": log}
        command["environment"] = self._of_jobs() | dict(variables or {})
        command["folder"] = str(folder or Path.cwd())
        self._going[job] = False
        assert self._server.stdin is not None
        with suppress(BrokenPipeError):
            self._server.stdin.write(json.dumps(command).encode() + b"\n")
            self._server.stdin.flush()

    def events(self, timeout: float) -> Iterator[dict[str, Any]]:
        """The events that have come, waiting up to ``timeout`` seconds for the first.

        When the server and all its jobs are gone, every job that has not ended is said to have,
        with the status of one that was killed, and there is a new server.
        """
        assert self._server.stdout is not None
        descriptor = self._server.stdout.fileno()
        if not select.select([descriptor], [], [], timeout)[0]:
            return
        chunk = os.read(descriptor, 1 << 16)
        if not chunk:
            lost = dict(self._going)
            _end(self._server)
            self._open()
            for job, leaving in lost.items():
                yield {"event": "ended", "id": job, "status": 0 if leaving else -signal.SIGKILL}
            return
        *lines, self._buffer = (self._buffer + chunk).split(b"\n")
        for line in lines:
            event: dict[str, Any] = json.loads(line)
            if event["event"] == "leaving":
                self._going[event["id"]] = True
            elif event["event"] == "ended":
                self._going.pop(event["id"], None)
            yield event


def _environment() -> dict[str, str]:
    """Of a job: that of this process, with one thread and the same modules."""
    path = os.pathsep.join(filter(None, sys.path))
    return LARGE_PAGES | dict(os.environ) | ONE_THREAD | {"PYTHONPATH": path}
