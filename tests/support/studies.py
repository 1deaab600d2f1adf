"""Studies in processes of their own, and what must be equal of two of them."""

import os
import signal
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import servers
from kills import FORK

#: Files of a run that depend on nothing but its cell; provenance tells time and machine.
RESULTS = (
    "records.parquet",
    "curve.parquet",
    "policy.safetensors",
    "agent.json",
    "cell.json",
    "conditions.json",
    "trajectories.json",
)


class Fork:
    """A function in a fork of this process, which spares it seconds of imports; as a ``Popen``.

    Args:
        act: What it does.
        arguments: Of ``act``.
        cwd: Its working folder, which is none that Python searches by itself.
    """

    def __init__(self, act, *arguments, cwd="."):
        self._output = [tempfile.TemporaryFile() for _ in ("output", "error")]  # noqa: SIM115
        self._texts = []
        servers.before_fork()
        self._process = FORK.Process(target=self._run, args=(act, arguments, cwd))
        with warnings.catch_warnings():
            # Of Python 3.12: the other threads of pytest's workers wait for their next test.
            warnings.simplefilter("ignore", DeprecationWarning)
            self._process.start()
        self.pid = self._process.pid

    def _run(self, act, arguments, cwd):
        """In the fork, what a new process does."""
        os.chdir(cwd)
        sys.path[:] = filter(None, sys.path)
        for number, file in enumerate(self._output, start=1):
            os.dup2(file.fileno(), number)
        sys.stdout, sys.stderr = (os.fdopen(os.dup(number), "w") for number in (1, 2))
        signal.signal(signal.SIGINT, signal.default_int_handler)
        from rlgen.study.executors import fork_server

        # Those of the process that it is a fork of are not for this one.
        of_parent = dict(fork_server._waiting)
        try:
            act(*arguments)
        finally:
            for key in fork_server._waiting.keys() - of_parent:
                fork_server._end(fork_server._waiting[key])

    @property
    def returncode(self):
        return self._process.exitcode

    def poll(self):
        return self._process.exitcode

    def wait(self, timeout=None):
        self._process.join(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired("rlgen", timeout)
        for file in self._output:
            with file:
                file.seek(0)
                self._texts.append(file.read().decode())
        self._output = ()

    def communicate(self, timeout=None):
        """Standard output and error, once it has ended."""
        self.wait(timeout)
        return tuple(self._texts)

    def send_signal(self, number):
        os.kill(self.pid, number)

    def terminate(self):
        self._process.terminate()

    def kill(self):
        self._process.kill()


def command(*arguments, cwd="."):
    """Start ``rlgen`` in a fork of this process."""
    return Fork(_command, list(map(str, arguments)), cwd=cwd)


def _command(arguments):
    from rlgen.cli import main

    sys.argv = ["rlgen", *arguments]
    main()


def finished(process, code=0):
    out, err = process.communicate(timeout=240)
    assert process.returncode == code, (process.returncode, out, err)
    assert "Traceback" not in out + err
    return out, err


def results(store):
    """The bytes of every run's results."""
    folders = sorted((Path(store) / "runs").iterdir())
    return {(f.name, name): (f / name).read_bytes() for f in folders for name in RESULTS}
