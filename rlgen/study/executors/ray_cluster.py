"""Cells as tasks of a Ray cluster; Ray Core alone."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

from rlgen.errors import ProtocolError, RlgenError
from rlgen.study.executors import ray_nodes, ray_worker, shipping
from rlgen.study.executors.base import LOST, NODE_LOST, Executor, Job, NodeLostError
from rlgen.study.executors.installed import versions
from rlgen.study.executors.local import PRELOAD
from rlgen.study.kinds import KINDS
from rlgen.util import folders
from rlgen.util.hashing import digest

#: What a cell takes unless the user says otherwise: GiB of memory, and of a GPU where it uses one.
MEMORY, GPU = 1.0, 0.25


@dataclass(eq=False)
class _Stream:
    """A job on its way, and what comes of it.

    Attributes:
        job: Its id.
        parcel: What the worker is given.
        modules: Reference to the users' modules.
        values: Ray's generator of events.
        node: Id of the node that it is on, once it is placed.
        announced: An event whose content is about to come.
    """

    job: str
    parcel: Mapping[str, Any]
    modules: Any
    values: Any = None
    node: str = ""
    announced: dict[str, Any] | None = None


class RayExecutor(Executor):
    """Tasks of a Ray cluster: a cell takes one core, some memory, and a part of a GPU if asked for.

    Finished folders, checkpoints and logs travel through Ray, and so do policies made elsewhere and
    users' modules. See ``ray_worker`` for the other end.

    Args:
        folder: See ``Executor``.
        kinds: See ``Executor``.
        device: "cuda" for a part of a GPU; else none is visible.
        address: Of the cluster's head, as ``HOST:PORT``; empty for that of this machine.
        memory: GiB that a cell takes.
        gpu: The part of a GPU that a cell takes where ``device`` is "cuda"; ``GPU`` by default.
    """

    card: ClassVar[str] = "tasks of a Ray cluster"
    options: ClassVar[tuple[str, ...]] = ("address", "memory", "gpu")
    here: ClassVar[bool] = False
    extra: ClassVar[str] = "ray"

    def __init__(
        self,
        folder: Path,
        kinds: Sequence[str] = (),
        device: str = "auto",
        *,
        address: str = "",
        memory: float = MEMORY,
        gpu: float | None = None,
    ) -> None:
        super().__init__(folder, kinds, device)
        if memory <= 0:
            raise ProtocolError(f"memory = {memory}: must be more than 0 GiB")
        if gpu is not None and not 0 < gpu <= 1:
            raise ProtocolError(f"gpu = {gpu}: must be more than 0 and at most 1")
        if gpu is not None and device != "cuda":
            raise ProtocolError(f"gpu = {gpu}: goes with device = 'cuda'; none is taken otherwise")
        self._address = address
        share = {"GPU": GPU if gpu is None else gpu} if device == "cuda" else {}
        self._nodes = ray_nodes.Nodes({"CPU": 1.0, "memory": memory * 2**30, **share})
        modules = dict.fromkeys(module for kind in kinds for module in KINDS[kind].preload)
        self._preload = (*PRELOAD, "rlgen.study.executors.shipping", *modules)
        (folder / "logs").mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> Self:
        self._streams: dict[Any, _Stream] = {}
        self._contents: dict[tuple[str, str], Any] = {}
        self._stored: dict[str, Any] = {}
        self._waits = False
        ray_nodes.connect(self._address)
        from ray.exceptions import RayError

        try:
            self._notes = self._nodes.check()
        except RayError as error:
            ray_nodes.disconnect()
            raise RlgenError(f"the Ray cluster is lost: {_line(error)}") from None
        except BaseException:
            ray_nodes.disconnect()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        import ray

        if kind is None and not self._streams:
            self._contents.clear()
            return  # connected for the next study of this process, to workers that are warm
        for values in self._streams:
            ray.cancel(values, force=True)
        self._streams.clear()
        self._contents.clear()
        ray_nodes.disconnect()

    def workers(self) -> int:
        """See ``Executor``; nodes come and go."""
        return max(1, self._nodes.room())

    def start(self, job: Job) -> None:
        """See ``Executor``."""
        packed = {"earlier": job.earlier, "checkpoint": job.checkpoint}
        parcel = {
            "id": job.id,
            "arguments": {
                "cell": job.id,
                "kind": job.kind,
                "settings": dict(job.settings),
                "wanted": list(job.wanted),
                "device": job.device,
                "command": list(job.command),
                "paper": job.paper,
            },
            "preload": self._preload,
            "versions": versions(),
            "folders": {k: folders.pack(path) for k, path in packed.items() if path is not None},
            "policy": shipping.policy(job.settings, job.trust),
        }
        self._log(job.id).write_text("")
        self._submit(_Stream(job.id, parcel, self._put(shipping.modules(job.settings))))

    def _put(self, modules: Mapping[str, bytes]) -> Any:
        """A reference to modules in Ray's store, the same for the same ones."""
        import ray

        key = digest({path: content.hex() for path, content in modules.items()})
        if key not in self._stored:
            self._stored[key] = ray.put(dict(modules))
        return self._stored[key]

    def _submit(self, stream: _Stream) -> None:
        import ray

        needs = self._nodes.needs
        task = ray.remote(ray_worker.run).options(
            name=f"rlgen {stream.job}",
            num_cpus=needs["CPU"],
            memory=int(needs["memory"]),
            num_gpus=needs.get("GPU", 0),
            max_retries=0,
            label_selector=self._nodes.selector() or None,
        )
        stream.values = task.remote(stream.parcel, stream.modules)
        self._streams[stream.values] = stream

    def events(self, timeout: float) -> Iterator[dict[str, Any]]:
        """See ``Executor``; what is about no job in particular has an empty ``"id"``."""
        import ray

        while self._notes:
            yield {"event": "note", "id": "", "text": self._notes.pop(0)}
        if not self._streams:
            time.sleep(timeout)
            return
        if not ray.wait(list(self._streams), num_returns=1, timeout=timeout)[0]:
            yield from self._idle()
            return
        every = list(self._streams)
        for values in ray.wait(every, num_returns=len(every), timeout=0)[0]:
            stream = self._streams[values]
            for event in self._next(stream):
                yield {"id": stream.job, **event}

    def _idle(self) -> Iterator[dict[str, Any]]:
        """Say it once when no node is left."""
        waits = not self._nodes.room()
        if waits and not self._waits:
            text = "no node of the Ray cluster can compute now; waiting for one"
            yield {"event": "note", "id": "", "text": text}
        self._waits = waits

    def _next(self, stream: _Stream) -> Iterator[dict[str, Any]]:
        """What comes of the next value of a stream."""
        import ray
        from ray.exceptions import RayError

        try:
            reference = next(stream.values)
            if stream.announced is not None:
                event, stream.announced = stream.announced, None
                self._contents[stream.job, event.get("name", "")] = reference
            else:
                event = ray.get(reference)
        except (StopIteration, RayError) as error:
            del self._streams[stream.values]
            yield self._broken(stream, error)
            return
        if event["event"] == "placed":
            stream.node = event.pop("node_id")
        elif event["event"] == "refused":
            yield from self._refused(stream, event)
            return
        yield from self._told(stream, event)

    def _told(self, stream: _Stream, event: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """What the driver hears of an event."""
        if log := event.pop("log", ""):
            with self._log(stream.job).open("a") as file:
                file.write(log)
        if event.pop("content", False):
            stream.announced = event
        elif event["event"] == "ended":
            del self._streams[stream.values]
            yield event
        elif event["event"] not in ("log", "folder"):
            yield event

    def _refused(self, stream: _Stream, event: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """A node that has come later is of other versions: the job goes elsewhere."""
        del self._streams[stream.values]
        self._nodes.refused[event["node_id"]] = f"has {event['why']}"
        text = f"node {event['node']} is left out: it has {event['why']}"
        yield {"event": "note", "text": text}
        self._submit(stream)

    def _broken(self, stream: _Stream, error: Exception) -> dict[str, Any]:
        """How a stream that breaks off has ended.

        Raises:
            RlgenError: If this process has lost the cluster.
        """
        from ray import exceptions

        self._contents = {k: v for k, v in self._contents.items() if k[0] != stream.job}
        if isinstance(error, exceptions.LocalRayletDiedError | exceptions.RaySystemError):
            raise RlgenError(f"the Ray cluster is lost: {_line(error)}; the same command continues")
        why, outcome = _line(error), LOST
        if isinstance(error, exceptions.NodeDiedError):
            outcome = NODE_LOST
        elif isinstance(error, exceptions.WorkerCrashedError | exceptions.ObjectLostError):
            outcome = NODE_LOST if stream.node and self._nodes.lost(stream.node) else LOST
        elif isinstance(error, exceptions.OutOfMemoryError):
            why = "its node ran out of memory"
        elif isinstance(error, exceptions.RayTaskError):
            why = _line(Exception(f"{type(error.cause).__name__}: {error.cause}"))
        return {"event": "ended", "outcome": outcome, "why": why}

    def _log(self, job: str) -> Path:
        return self._folder / "logs" / f"{job}.log"

    def log(self, job: str) -> str:
        """See ``Executor``."""
        path = self._log(job)
        return path.read_text(errors="replace") if path.exists() else ""

    def fetch(self, job: str, into: Path) -> None:
        """See ``Executor``."""
        self._bring((job, ""), into)

    def fetch_checkpoint(self, job: str, name: str, into: Path) -> None:
        """See ``Executor``."""
        self._bring((job, name), into)

    def _bring(self, key: tuple[str, str], into: Path) -> None:
        import ray
        from ray.exceptions import RayError

        try:
            contents = ray.get(self._contents.pop(key))
        except RayError as error:
            raise NodeLostError(_line(error)) from None
        folders.unpack(contents, into)


def _line(error: Exception) -> str:
    """The first sentence of what Ray says."""
    text = " ".join(str(error).split())
    return (text.partition(". ")[0] or type(error).__name__)[:300]
