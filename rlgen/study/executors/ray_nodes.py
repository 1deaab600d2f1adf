"""The connection to a cluster of Ray, and its nodes: what they have, and which may compute."""

import logging
import os
import signal
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from rlgen.errors import RlgenError
from rlgen.study.executors import ray_worker
from rlgen.study.executors.installed import difference, versions
from rlgen.study.executors.ray_head import HeadWatch
from rlgen.util.cores import usable_cores
from rlgen.util.words import counted

#: Set before Ray is imported, unless the user has: no statistics are sent, GPUs are left alone
#: where none is pending for, and what Ray's own processes say stays in Ray's log files.
SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_DEDUP_LOGS_SKIP_REGEX": r"[\s\S]",
}
#: Seconds within which a node is to say what is installed on it.
PATIENCE = 120.0
#: Seconds between two looks at the nodes.
PAUSE = 2.0

#: The address to which this process was connected by rlgen.
_connected: list[str] = []
#: Who watches over its head.
_watches: list[HeadWatch] = []
#: What the nodes have said, by their ids: to ask again would start workers anew.
_said: dict[str, dict[str, Any]] = {}


def connect(address: str) -> None:
    """Connect this process to a cluster, or to one of this machine alone that it starts itself.

    A connection that the user's own program has made is used, and one that is there is kept.

    Args:
        address: Of the cluster's head; empty for the one that was started on this machine, if
            there is one.

    Raises:
        RlgenError: If there is no cluster, or it is of another version of Ray or Python.
    """
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    import ray

    if address.startswith("ray://"):
        raise RlgenError(
            f"address = {address!r}: is that of Ray's client; make this machine a node, with ray "
            "start --address=HEAD:6379 --num-cpus=0, and give HEAD:6379"
        )
    if ray.is_initialized():
        if not _connected and address:
            raise RlgenError(
                f"address = {address!r}: this process is connected to a cluster of Ray already; "
                "give no address"
            )
        if not _connected or _connected == [address]:
            return
        disconnect()
    in_main_thread = threading.current_thread() is threading.main_thread()
    before = signal.getsignal(signal.SIGTERM)
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.CRITICAL}
    try:
        try:
            ray.init(address=address or "auto", **quiet)
        except ConnectionError as error:
            if address:
                raise RlgenError(
                    f"address = {address!r}: no cluster of Ray answers there: {_line(error)}"
                ) from None
            ray.init("local", num_cpus=usable_cores(), include_dashboard=False, **quiet)
    except (RuntimeError, ValueError) as error:
        raise RlgenError(f"address = {address!r}: {_line(error)}") from None
    finally:
        if in_main_thread:
            # Ray's own would end this process without a word.
            signal.signal(signal.SIGTERM, before)
    _connected[:] = [address]
    _watches.append(HeadWatch(ray.get_runtime_context().gcs_address))
    _watches[0].start()


def disconnect() -> None:
    """Leave the cluster, which ends whatever this process has running there."""
    import ray

    if _connected:
        _connected.clear()
        _said.clear()
        _watches.pop().stop()
        ray.shutdown()


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]


@dataclass
class Nodes:
    """The nodes of the cluster.

    Args:
        needs: What one cell takes, by Ray's names of resources.
    """

    needs: dict[str, float]
    #: By id, why a node may not compute.
    refused: dict[str, str] = field(default_factory=dict)
    _looked: float = -PAUSE
    _alive: list[dict[str, Any]] = field(default_factory=list)

    def alive(self) -> list[dict[str, Any]]:
        """The nodes as Ray describes them, looked up every ``PAUSE`` seconds."""
        import ray

        if time.monotonic() - self._looked > PAUSE:
            every = ray.nodes()  # type: ignore[no-untyped-call]
            self._alive = [node for node in every if node["Alive"]]
            self._looked = time.monotonic()
        return self._alive

    def lost(self, node: str) -> bool:
        """Whether a node is gone."""
        self._looked = -PAUSE
        return all(each["NodeID"] != node for each in self.alive())

    def room(self) -> int:
        """How many cells the nodes that may compute can run at a time."""
        fitting = [node for node in self.alive() if node["NodeID"] not in self.refused]
        return sum(self._room_of(node["Resources"]) for node in fitting)

    def _room_of(self, resources: dict[str, float]) -> int:
        return int(
            min(resources.get(name, 0.0) / much for name, much in self.needs.items() if much)
        )

    def selector(self) -> dict[str, str]:
        """Ray's label selector of the nodes that may compute."""
        return {"ray.io/node-id": f"!in({','.join(sorted(self.refused))})"} if self.refused else {}

    def check(self) -> list[str]:
        """Ask every node what is installed there, and refuse those of other versions.

        Returns:
            Lines for the user: of nodes that are refused, and of different processors.

        Raises:
            RlgenError: If no node may compute, or none has what one cell needs.
        """
        processors: dict[str, list[str]] = {}
        for node, answer in self._answers().items():
            if isinstance(answer, str):
                self.refused[node] = answer
                continue
            other = difference(answer["versions"], versions())
            if other:
                self.refused[node] = f"has {other}"
            else:
                processors.setdefault(answer["processor"], []).append(node)
        names = {node["NodeID"]: _name(node) for node in self.alive()}
        lines = [
            f"node {names[node]} is left out: it {why}"
            for node, why in self.refused.items()
            if node in names  # it may be gone by now
        ]
        if not self.room():
            raise RlgenError(self._why_no_room(lines))
        if len(processors) > 1:
            lines.append(
                f"the nodes have different processors ({', '.join(sorted(processors))}): runs of "
                "one may differ from those of another in their last digits"
            )
        return lines

    def _answers(self) -> dict[str, dict[str, Any] | str]:
        """What each node says of itself, or why it says nothing."""
        import ray
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        describe = ray.remote(ray_worker.describe)
        pending: dict[Any, str] = {}
        answers: dict[str, dict[str, Any] | str] = {}
        for node in self.alive():
            if node["NodeID"] in _said:
                answers[node["NodeID"]] = _said[node["NodeID"]]
                continue
            there = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
            only = describe.options(num_cpus=0, max_retries=0, scheduling_strategy=there)
            if self._room_of(node["Resources"]):
                pending[only.remote()] = node["NodeID"]
        n = len(pending)
        done, late = ray.wait(list(pending), num_returns=n, timeout=PATIENCE) if n else ([], [])
        answers |= {pending[ref]: f"does not answer within {PATIENCE:.0f} s" for ref in late}
        for ref in done:
            try:
                answers[pending[ref]] = _said[pending[ref]] = ray.get(ref)
            except Exception as error:  # whatever is wrong with that node's installation
                answers[pending[ref]] = f"cannot run rlgen: {_cause(error)}"
        return answers

    def _why_no_room(self, lines: list[str]) -> str:
        has, every = self.needs, self.alive()
        most = {name: max(node["Resources"].get(name, 0.0) for node in every) for name in has}
        number = counted(len(every), "node")
        for name in [name for name, much in has.items() if most[name] < much]:
            return (
                f"a cell takes {_much(name, has[name])}, and no node of the Ray cluster ({number}) "
                f"has more than {_much(name, most[name])}"
            )
        if lines:
            return f"no node of the Ray cluster can compute: {'; '.join(lines)}"
        all_of_it = " and ".join(_much(name, much) for name, much in has.items())
        return f"a cell takes {all_of_it}, and no node of the Ray cluster ({number}) has all of it"


def _name(node: dict[str, Any]) -> str:
    return str(node.get("NodeManagerHostname") or node["NodeManagerAddress"])


def _much(resource: str, much: float) -> str:
    if resource == "memory":
        return f"{much / 2**30:.1f} GiB of memory"
    return f"{much:g} of a GPU" if resource == "GPU" else f"{much:g} CPU"


def _cause(error: Exception) -> str:
    lines = [line for line in str(error).strip().splitlines() if line.strip()]
    return (lines[-1].strip() if lines else type(error).__name__)[:300]
