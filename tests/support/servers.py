"""Fork servers that are forks of one process, which has imported once what takes six seconds.

Many tests start studies whose servers cannot wait for each other, since modules are found
elsewhere or the test's own process is a fork. What a server does, and how it ends, stays as it is;
tests that have the fixture ``real_servers``, and all commands in processes of their own, start real
ones.
"""

import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from unittest import mock

from rlgen.study.executors import fork_server, server
from rlgen.study.executors.local import PRELOAD
from rlgen.study.kinds import KINDS

#: Bytes of what a server is asked for.
LONGEST_REQUEST = 1 << 20
#: Seconds for the imports.
PATIENCE = 120


class Server:
    """A fork server as its driver sees it: what a ``Popen`` has of which use is made.

    Args:
        preload: Of the server.
        environment: Of the server.
        place: Socket of the process that it is a fork of.
    """

    def __init__(self, preload, environment, place):
        read, self_write = os.pipe()
        self_read, write = os.pipe()
        request = {"preload": [*preload], "environment": environment, "folder": str(Path.cwd())}
        self._state = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._state.connect(str(place))
        socket.send_fds(self._state, [json.dumps(request).encode()], [read, write, 2])
        for descriptor in (read, write):
            os.close(descriptor)
        self.stdin, self.stdout = os.fdopen(self_write, "wb"), os.fdopen(self_read, "rb")
        self.pid = int(self._state.recv(100))
        self.returncode = None

    def poll(self):
        if self.returncode is None and select.select([self._state], [], [], 0)[0]:
            self.wait()
        return self.returncode

    def wait(self, timeout=None):
        if self.returncode is None:
            if not select.select([self._state], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("server", timeout)
            self.returncode = int(self._state.recv(100))
            self._state.close()
        return self.returncode

    def kill(self):
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)


class Common:
    """The process that servers are forks of.

    Args:
        folder: For its socket.
    """

    def __init__(self, folder):
        self._folder = Path(folder)
        self._process = None

    def start(self):
        """Start it, unless it is there; forks of this process share it."""
        if self._process is None:
            # A fork that had to start its own takes it along when it is killed.
            self._place = self._folder / str(os.getpid())
            self._process = subprocess.Popen(
                [sys.executable, __file__, str(self._place)],
                stdin=subprocess.PIPE,
                env=fork_server._environment(),
                start_new_session=True,
            )

    def server(self, preload, environment):
        """A fork of it, as soon as it has its imports."""
        self.start()
        deadline = time.monotonic() + PATIENCE
        while not self._place.exists():
            assert time.monotonic() < deadline, "there is no process to fork servers from"
            time.sleep(0.01)
        return Server(preload, environment, self._place)

    def end(self):
        if self._process is not None:
            # Forks that a test has left behind would keep its standard input open.
            self._process.kill()
            self._process.wait()
            self._process.stdin.close()


_common = None
_real = fork_server._started


def before_fork():
    """Let the fork share the process that servers are forks of."""
    if _common is not None:
        _common.start()


@contextmanager
def shared():
    """Servers that this process and its forks start are forks of one process."""
    global _common

    def started(preload, environment):
        common = set(PRELOAD) <= set(preload)
        return (_common.server if common else _real)(preload, environment)

    with (
        tempfile.TemporaryDirectory() as folder,
        mock.patch.object(fork_server, "_started", started),
    ):
        _common = Common(folder)
        yield
        fork_server.end_waiting()
        _common.end()
        _common = None


@contextmanager
def real():
    """Servers are processes of their own, as they are for users."""
    # One that waits for the next study may be a fork.
    fork_server.end_waiting()
    with mock.patch.object(fork_server, "_started", _real):
        yield


def main():
    """Fork a server for each who connects, until standard input closes."""
    place = Path(sys.argv[1])
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    # Nobody waits for them; each of them waits for its server.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()
    # What others add is looked for by the servers, which find it elsewhere.
    for kind in KINDS.load_own():
        _load(kind.preload)
    _load(PRELOAD)
    gc.freeze()
    listening.bind(f"{place}.new")
    listening.listen(100)
    Path(f"{place}.new").rename(place)
    while 0 not in (ready := select.select([0, listening], [], [])[0]) or listening in ready:
        if listening in ready:
            state, _ = listening.accept()
            if os.fork() == 0:
                listening.close()
                _attend(state)
            state.close()
        else:
            return


def _load(preload):
    for name in preload:
        module, _, function = name.partition(":")
        loaded = import_module(module)
        if function:
            getattr(loaded, function)()


def _attend(state):
    """Fork the server, say who it is, and how it ended; never returns."""
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        message, descriptors, *_ = socket.recv_fds(state, LONGEST_REQUEST, 3)
        pid = os.fork()
        if pid == 0:
            state.close()
            _become(json.loads(message), descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        state.send(str(pid).encode())
        _, status = os.waitpid(pid, 0)
        state.send(str(os.waitstatus_to_exitcode(status)).encode())
    finally:
        # Who asked may have been killed; nothing is to be said to anybody then.
        os._exit(0)


def _become(request, descriptors):
    """What a new process is when it starts; never returns."""
    status = 1
    try:
        for number, descriptor in enumerate(descriptors):
            os.dup2(descriptor, number)
            os.close(descriptor)
        os.setsid()
        os.chdir(request["folder"])
        os.environ.clear()
        os.environ.update(request["environment"])
        sys.path[:] = [request["folder"], *os.environ["PYTHONPATH"].split(os.pathsep)]
        sys.argv[:] = ["server", *request["preload"]]
        gc.enable()
        server.main()
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    main()
