"""Faults while a study runs on a Ray cluster of two nodes: the same bits in the end, all named.

Each case is one fault at a random moment. When the command has ended, the next one goes on with the
same store until it is complete; then its bits are compared, and another store is begun. A disk that
is full, lost permissions and flipped bits meet the driver alone, so that they are no other here
than on one machine.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import tomli_w
from helpers import TINY
from loopback import Cluster, send

from campaign.subjects import rng_of
from rlgen.util import sums

STUDY = {**TINY, "seeds": "0:4", "steps": 20_000, "checkpoint_every": 4000}
#: Kinds of faults, as often as they are listed: a lost node takes the cluster ten seconds.
FAULTS = (
    *("kill a cell", "kill a worker", "kill a fork server", "pause a cell", "pause a node") * 3,
    *("kill the command", "interrupt the command", "terminate the command") * 2,
    *("lose a node", "lose a node", "cut a node off"),
)
#: Exit codes of a command that a fault has ended, and of one that has named a cell that failed.
ENDED, FAILED = {-signal.SIGKILL, 130, 143}, 1


def cases(folder, numbers):
    """A line for each thing that a case shows and none may show."""
    (folder / "study.toml").write_text(tomli_w.dumps(STUDY))
    subprocess.run(_command(folder, "local"), check=True, capture_output=True)
    counts = Counter()
    path = os.pathsep.join(filter(None, sys.path))
    with Cluster({"PYTHONPATH": path}) as cluster:
        cluster.add()
        study = _Study(folder, cluster)
        for number in numbers:
            rng = rng_of("cluster", number)
            study.go_on()
            time.sleep(float(rng.uniform(0.2, 3.0)))
            name = str(rng.choice(FAULTS))
            counts[name] += study.fault(name, rng)
            for line in study.found():
                yield f"case {number}: {name}: {line}"
        study.finish()
        yield from study.found()
    for name in dict.fromkeys(FAULTS):
        print(f"cluster: {name}: {counts[name]}")
    print(f"cluster: {sum(counts.values())} faults, {study.complete} studies complete", flush=True)


def _command(folder, store, *more):
    study = str(folder / "study.toml")
    return [sys.executable, "-m", "rlgen", "evaluate", study, "-o", str(folder / store), *more]


def _bits(store):
    return {
        path.relative_to(store): path.read_bytes()
        for name in ("runs", "splits")
        for path in (store / name).rglob("*")
        if path.is_file() and path.name not in ("provenance.json", sums.NAME)
    }


class _Study:
    """A command under way on the cluster, again and again."""

    def __init__(self, folder, cluster):
        self._folder, self._cluster = folder, cluster
        self._reference = _bits(folder / "local")
        self._process, self._fault, self._lines = None, 0, []
        self.complete = 0

    def found(self):
        """What has been found since the last call."""
        lines, self._lines = self._lines, []
        return lines

    def go_on(self):
        """Have a command under way with a cell that has begun."""
        while True:
            if self._process is None:
                options = ("--on", "ray", "--address", self._cluster.address)
                before = signal.signal(signal.SIGINT, signal.default_int_handler)
                with (self._folder / "output").open("wb") as output:
                    self._process = subprocess.Popen(
                        _command(self._folder, "there", *options), stdout=output, stderr=output
                    )
                signal.signal(signal.SIGINT, before)
            deadline = time.monotonic() + 180
            while self._process.poll() is None:
                if self._cells():
                    return
                if time.monotonic() > deadline:
                    self._lines.append(f"no cell begins: {self._said()}")
                    self._process.kill()
                time.sleep(0.05)
            self._ended()

    def finish(self):
        """Let the last study come to its end."""
        complete = self.complete
        while self.complete == complete:
            self.go_on()
            self._process.wait()
            self._ended()

    def _said(self):
        return (self._folder / "output").read_text()[-2000:]

    def _ended(self):
        code, said = self._process.wait(), self._said()
        self._process = None
        if "Traceback" in said or code not in {0, FAILED, *ENDED}:
            self._lines.append(f"exit code {code}: {said}")
        if code in ENDED and code not in (self._fault, 0):
            self._lines.append(f"exit code {code} without such a fault: {said}")
        if code == FAILED and ("FAILED" not in said or "times" not in said):
            self._lines.append(f"exit code {code} and no cell is named: {said}")
        if self._fault and code not in (self._fault, 0, FAILED):
            self._lines.append(f"exit code {code}, not {self._fault}: {said}")
        self._fault = 0
        if code != 0:
            return
        store = self._folder / "there"
        if _bits(store) != self._reference:
            self._lines.append("other bits than on one machine")
        if left := list((store / ".rlgen" / "parts").glob("*")):
            self._lines.append(f"left behind: {left}")
        self.complete += 1
        shutil.rmtree(store)

    def _tree(self):
        """Processes of the cluster by what they are."""
        kinds = {"cell": [], "server": [], "worker": []}
        for process in self._cluster.processes():
            try:
                command = Path(f"/proc/{process}/cmdline").read_bytes()
                parent = int(
                    Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1]
                )
                above = Path(f"/proc/{parent}/cmdline").read_bytes()
            except OSError:
                continue
            if b"executors.server" in command:
                kinds["cell" if b"executors.server" in above else "server"].append(process)
            elif command.startswith(b"ray::") and b"Agent" not in command:  # whose node ends too
                kinds["worker"].append(process)
        return kinds

    def _cells(self):
        # One of each server's children waits for the next cell.
        tree = self._tree()
        return tree["cell"] if len(tree["cell"]) > len(tree["server"]) else []

    def fault(self, name, rng):
        """Do it; returns whether there was something to do it to."""
        what = name.removeprefix("kill a ").removeprefix("pause a ")
        if name.endswith("the command"):
            kill, word = {"kill": (9, -9), "interrupt": (2, 130), "terminate": (15, 143)}[
                name.split()[0]
            ]
            self._fault = word
            self._process.send_signal(kill)
            self._process.wait(60)
            return True
        if name == "lose a node":
            self._cluster.lose(1)
            self._cluster.add()
            return True
        if name in ("pause a node", "cut a node off"):
            processes = self._cluster.processes(1)
            for process in processes:
                send(process, signal.SIGSTOP)
            if name == "pause a node":
                time.sleep(float(rng.uniform(0.5, 3)))
            else:
                self._cluster.add()
                time.sleep(20)  # the cluster gives it up, and then it comes back
            for process in processes:
                send(process, signal.SIGCONT)
            if name == "cut a node off":
                self._cluster.lose(1)
            return True
        there = self._tree()[{"fork server": "server"}.get(what, what)]
        if not there:
            return False
        process = int(rng.choice(np.sort(there)))
        if name.startswith("pause"):
            send(process, signal.SIGSTOP)
            time.sleep(float(rng.uniform(0.2, 2)))
            send(process, signal.SIGCONT)
        else:
            send(process, signal.SIGKILL)
        return True
