"""Jobs on this machine, a process each, through the fork server."""

import json
import os
import select
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from rlgen.errors import RlgenError

#: One thread a worker: two make one run hardly faster and two runs much slower.
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")

#: Large pages where the system has them: there is less to copy when a worker is forked.
LARGE_PAGES = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}


class ServerDiedError(RlgenError):
    """The fork server is gone, and with it the events of its jobs."""

    exit_code = 1


class LocalExecutor:
    """Starts jobs and tells what becomes of them. A context manager; leaving it kills all jobs.

    Args:
        log_folder: Each job's output goes to ``ID.log`` in it.
        preload: Modules that are imported and functions (``module:function``) that are called
            once, before the first job.
    """

    def __init__(self, log_folder: Path, preload: Sequence[str] = ()) -> None:
        if not hasattr(os, "fork"):
            raise RlgenError("rlgen runs cells on Linux and macOS; this system cannot fork")
        self._log_folder = log_folder
        self._preload = preload
        self._buffer = b""

    def __enter__(self) -> Self:
        self._open()
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def restart(self) -> None:
        """A new server after the old one died."""
        self._close()
        self._buffer = b""
        self._open()

    def _open(self) -> None:
        self._server = subprocess.Popen(
            [sys.executable, "-m", "rlgen.executors.server", *self._preload],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=LARGE_PAGES
            | os.environ
            | ONE_THREAD
            | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            # An interrupt from the terminal is for the driver.
            start_new_session=True,
        )

    def _close(self) -> None:
        """Closing its input tells the server to kill all jobs and to end."""
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        with suppress(BrokenPipeError):
            self._server.stdin.close()
        try:
            self._server.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()
        self._server.stdout.close()

    def start(self, job: str, call: str, arguments: Mapping[str, Any]) -> None:
        """Start ``module:function(report=..., **arguments)``; the arguments travel as JSON.

        That the server is dead is told by ``events``, and not before its last job has ended: a job
        that goes on must not meet its successor.
        """
        log = str(self._log_folder / f"{job}.log")
        command = {"start": job, "call": call, "arguments": dict(arguments), "log": log}
        assert self._server.stdin is not None
        with suppress(BrokenPipeError):
            self._server.stdin.write(json.dumps(command).encode() + b"\n")
            self._server.stdin.flush()

    def events(self, timeout: float) -> Iterator[dict[str, Any]]:
        """The events that have come, waiting up to ``timeout`` seconds for the first.

        Raises:
            ServerDiedError: When the server and all its jobs are gone.
        """
        assert self._server.stdout is not None
        descriptor = self._server.stdout.fileno()
        if not select.select([descriptor], [], [], timeout)[0]:
            return
        chunk = os.read(descriptor, 1 << 16)
        if not chunk:
            raise ServerDiedError("the worker server died")
        *lines, self._buffer = (self._buffer + chunk).split(b"\n")
        for line in lines:
            yield json.loads(line)
