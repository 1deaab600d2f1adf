"""A Ray cluster of several nodes on this machine, each of processes that ``ray start`` starts."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path


class Cluster:
    """A head with one core and nodes that come and go; a context manager.

    Attributes:
        address: Of the head.
    """

    def __init__(self, environment, cores=1):
        # Sockets of Ray's lie in it, whose paths may have about a hundred characters.
        self._folder = Path(tempfile.mkdtemp(prefix="ray"))
        self._environment = {
            **os.environ,
            **environment,
            "RAY_USAGE_STATS_ENABLED": "0",
            "TMPDIR": str(self._folder),
        }
        self.address = f"127.0.0.1:{_free_port()}"
        self._nodes = []
        self._cores = cores

    def __enter__(self):
        port = self.address.partition(":")[2]
        head = ("--head", f"--port={port}", "--include-dashboard=False")
        self._start(self._cores, *head, f"--temp-dir={self._folder}/r")
        return self

    def __exit__(self, *_):
        while self._nodes:
            self.lose(-1)
        shutil.rmtree(self._folder, ignore_errors=True)

    def add(self, *options, cores=1, environment=None):
        """Start another node, which joins the cluster.

        Returns:
            Its number.
        """
        self._start(cores, f"--address={self.address}", *options, environment=environment or {})
        return len(self._nodes) - 1

    def _start(self, cores, *options, environment=None):
        command = [Path(sys.executable).with_name("ray"), "start", "--block", *options]
        command += [f"--num-cpus={cores}", "--object-store-memory=100000000"]
        command += ["--disable-usage-stats"]
        log = self._folder / f"{len(self._nodes)}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                command,
                stdout=output,
                stderr=output,
                env={**self._environment, **(environment or {})},
                start_new_session=True,
            )
        self._nodes.append(process)
        deadline = time.monotonic() + 120
        while "Ray runtime started" not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)

    def processes(self, *numbers):
        """Those of all nodes, or of some."""
        chosen = [self._nodes[number] for number in numbers] if numbers else self._nodes
        return [process for node in chosen for process in descendants(node.pid)]

    def lose(self, number):
        """Kill everything on a node at once, as if its machine had lost its power."""
        process = self._nodes.pop(number)
        # Workers and what they have started are in groups of their own.
        everything = descendants(process.pid)
        for one in everything:
            send(one, signal.SIGSTOP)
        for one in everything:
            send(one, signal.SIGKILL)
        process.wait()


def send(process, signum):
    try:
        os.kill(process, signum)
    except ProcessLookupError:
        return


def descendants(process):
    children = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = parent_of(int(folder.name))
        except OSError:
            continue
        children.setdefault(parent, []).append(int(folder.name))
    every = [process]
    for one in every:
        every += children.get(one, [])
    return every


def parent_of(process):
    """The process that has started another one."""
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])


def _free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]
