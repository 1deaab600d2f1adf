"""The fork server: imports and loads what is heavy once, then forks one process for each job.

Started as ``python -m rlgen.study.executors.server MODULE[:FUNCTION]...``; imports the modules,
calls the functions, then reads one JSON line a command from standard input and writes one JSON line
an event to standard output. Its own process rather than ``multiprocessing``'s, because that imports
the caller's main module again in each worker (so a script without a main guard would start itself),
and because a worker's death must be nobody else's problem (a ``ProcessPoolExecutor`` breaks for
good when one worker is killed).

The command is ``{"start": id, "call": "module:function", "arguments": {...}, "log": path,
"environment": {...}, "folder": path}``: the job has this environment and working folder. Events
are ``{"event": "leaving", "id"}`` of a job that is done, whose process takes a moment to end;
``{"event": "ended", "id", "status"}`` with the exit status or minus the signal; and whatever a job
reports. When standard input closes, the driver is gone: all jobs are killed and the server ends;
when the server is killed, so are they.
"""

import ctypes
import gc
import json
import os
import selectors
import signal
import sys
import traceback
from contextlib import suppress
from importlib import import_module
from types import FrameType
from typing import Any

#: Exit status of a job whose function raised; its log ends with the traceback.
STATUS_RAISED = 3
#: Of ``prctl``: the signal that a process gets when its parent dies.
_PR_SET_PDEATHSIG = 1


class Reporter:
    """Writes events of one job to the server's output, one line each."""

    def __init__(self, descriptor: int, job: str) -> None:
        self._descriptor = descriptor
        self._job = job

    def __call__(self, event: str, **values: Any) -> None:
        """Report an event; lines below 4 KiB are written in one piece by the kernel."""
        line = json.dumps({"event": event, "id": self._job, **values}) + "\n"
        os.write(self._descriptor, line.encode())


def main() -> None:
    """Serve until standard input closes."""
    # The terminal sends its interrupt to the driver too, which then closes our input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    output = os.dup(1)
    os.dup2(2, 1)  # nothing that a library prints can get between the events
    # Nothing that is imported is garbage, and to look for some takes a fifth of the time.
    gc.disable()
    for name in sys.argv[1:]:
        # No torch operation may run here: its thread pool would not survive the fork.
        module, _, function = name.partition(":")
        loaded = import_module(module)
        if function:
            getattr(loaded, function)()
    # A collection in a job would look at all that was loaded, and every page of it be copied.
    gc.freeze()
    gc.enable()
    _Server(output).serve()


class _Server:
    """Jobs by the process that runs them, and a spare process that waits for the next job.

    To fork a process of this size takes as long as a hundredth of a small job.
    """

    def __init__(self, output: int) -> None:
        self._output = output
        self._jobs: dict[int, str] = {}
        self._spare: tuple[int, int] | None = None

    def serve(self) -> None:
        """Start what is asked for and tell what ends, until standard input closes."""
        woken_by, wake = os.pipe()
        for descriptor in (woken_by, wake):
            os.set_blocking(descriptor, False)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, _noticed)
        watch = selectors.DefaultSelector()
        watch.register(0, selectors.EVENT_READ)
        watch.register(woken_by, selectors.EVENT_READ)
        pending = b""
        while True:
            ready = {key.fd for key, _ in watch.select()}
            if woken_by in ready:
                os.read(woken_by, 4096)
                self._reap()
            if 0 in ready:
                chunk = os.read(0, 1 << 20)
                if not chunk:
                    break
                *lines, pending = (pending + chunk).split(b"\n")
                for line in lines:
                    self._start(line)
        # The spare one ends by itself: nobody holds the other end of its pipe any more.
        for pid in self._jobs:
            _kill(pid)
            # One that has just been forked has no group of its own yet.
            os.kill(pid, signal.SIGKILL)

    def _fork(self) -> tuple[int, int]:
        """A process that waits for its job, and where that is to be written to."""
        read, write = os.pipe()
        server = os.getpid()
        pid = os.fork()
        if pid == 0:
            os.close(write)
            _end_with(server)
            _become(read, self._output)
        os.close(read)
        return pid, write

    def _start(self, line: bytes) -> None:
        pid, write = self._spare or self._fork()
        self._jobs[pid] = json.loads(line)["start"]
        # Should the process be dead, that is told like any other death.
        with suppress(BrokenPipeError), os.fdopen(write, "wb") as pipe:
            pipe.write(line)
        self._spare = self._fork()

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            _kill(pid)  # whatever the job has started and left behind
            if self._spare and pid == self._spare[0]:
                os.close(self._spare[1])
                self._spare = None
            else:
                report = Reporter(self._output, self._jobs.pop(pid))
                report("ended", status=os.waitstatus_to_exitcode(status))


def _noticed(signum: int, frame: FrameType | None) -> None:
    """Python runs no handler for an ignored signal, and the wake-up needs one."""


def _kill(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _end_with(server: int) -> None:
    """Let the system kill this process when its server is killed, which then cannot do so itself.

    Only Linux offers that; elsewhere a job ends when it next reports.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != server:
        os._exit(STATUS_RAISED)


def _become(pipe_end: int, output: int) -> None:
    """Wait for a job and run it, in the forked process; never returns."""
    status = STATUS_RAISED
    try:
        os.setsid()  # so that the job and all it starts can be killed together
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        with os.fdopen(pipe_end, "rb") as pipe:
            line = pipe.read()
        if not line:  # the server is gone
            return
        command = json.loads(line)
        os.environ.clear()
        os.environ.update(command["environment"])
        os.chdir(command["folder"])
        null = os.open(os.devnull, os.O_RDONLY)
        log = os.open(command["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for source, target in ((null, 0), (log, 1), (log, 2)):
            os.dup2(source, target)
        report = Reporter(output, command["start"])
        try:
            module, _, name = command["call"].partition(":")
            getattr(import_module(module), name)(report=report, **command["arguments"])
            status = 0
        except BaseException:
            sys.stdout.flush()
            traceback.print_exc()
        sys.stdout.flush()
        sys.stderr.flush()
        if status == 0:
            report("leaving")
    finally:
        os._exit(status)


if __name__ == "__main__":
    main()
