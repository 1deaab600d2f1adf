"""Cells in processes on this machine."""

import platform
import shutil
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Self
from uuid import uuid4

from rlgen.study.executors.base import DONE, LOST, RAISED, Executor, Job
from rlgen.study.executors.fork_server import ForkServer
from rlgen.study.executors.server import STATUS_RAISED
from rlgen.study.kinds import KINDS
from rlgen.util import files
from rlgen.util.cores import usable_cores

#: Imported and called once, before the first cell starts.
PRELOAD = ("rlgen.study.worker", "rlgen.study.process:prepare")

#: What a job's folder holds: what becomes its run, and checkpoints that are not yet fetched.
RUN, CHECKPOINTS = "run", "checkpoints"


class LocalExecutor(Executor):
    """Worker processes of this machine, forked from a server that has imported what they need."""

    card: ClassVar[str] = "processes on this machine"

    def __init__(self, folder: Path, kinds: Sequence[str] = (), device: str = "auto") -> None:
        super().__init__(folder, kinds, device)
        for name in ("logs", "work"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        modules = dict.fromkeys(module for kind in kinds for module in KINDS[kind].preload)
        self._server = ForkServer(folder / "logs", (*PRELOAD, *modules))
        self._places: dict[str, Path] = {}
        self._placed: list[str] = []

    @cached_property
    def _cores(self) -> int:
        return usable_cores()

    def __enter__(self) -> Self:
        self._server.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        self._server.__exit__(kind, *error)
        for place in self._places.values():
            shutil.rmtree(place, ignore_errors=True)

    def workers(self) -> int:
        """See ``Executor``; one for each core that this process was given."""
        return self._cores

    def start(self, job: Job) -> None:
        """See ``Executor``; leftovers of the cell's dead attempts are removed."""
        for leftover in (self._folder / "work").glob(f"{job.id}.*"):
            shutil.rmtree(leftover, ignore_errors=True)
        place = self._folder / "work" / f"{job.id}.{uuid4().hex}"
        for name in (RUN, CHECKPOINTS):
            (place / name).mkdir(parents=True)
        self._places[job.id] = place
        arguments = {
            "folder": str((place / RUN).resolve()),
            "checkpoints": str((place / CHECKPOINTS).resolve()),
            "checkpoint": None if job.checkpoint is None else str(job.checkpoint.resolve()),
            "cache": str((self._folder / "reference").resolve()),
            "cell": job.id,
            "kind": job.kind,
            "settings": dict(job.settings),
            "wanted": list(job.wanted),
            "earlier": None if job.earlier is None else str(job.earlier.resolve()),
            "device": job.device,
            "command": list(job.command),
            "trust": list(job.trust),
            "paper": job.paper,
        }
        self._server.start(job.id, "rlgen.study.worker:run", arguments)
        self._placed.append(job.id)

    def events(self, timeout: float) -> Iterator[dict[str, Any]]:
        """See ``Executor``; a job is placed at once."""
        placed, self._placed = self._placed, []
        for job in placed:
            yield {"event": "placed", "id": job, "node": platform.node()}
        for event in self._server.events(0.0 if placed else timeout):
            if event["event"] != "ended":
                yield event
                continue
            status = int(event["status"])
            outcome = {0: DONE, STATUS_RAISED: RAISED}.get(status, LOST)
            why = f"signal {-status}" if status < 0 else f"exit status {status}"
            yield {"event": "ended", "id": event["id"], "outcome": outcome, "why": why}

    def log(self, job: str) -> str:
        """See ``Executor``."""
        path = self._folder / "logs" / f"{job}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def fetch(self, job: str, into: Path) -> None:
        """See ``Executor``."""
        place = self._places.pop(job)
        _move(place / RUN, into)
        shutil.rmtree(place)

    def fetch_checkpoint(self, job: str, name: str, into: Path) -> None:
        """See ``Executor``."""
        _move(files.child(self._places[job] / CHECKPOINTS, name), into)


def _move(folder: Path, into: Path) -> None:
    """Into an empty folder: a rename where both are on one file system."""
    try:
        folder.replace(into)
    except OSError:
        shutil.copytree(folder, into, dirs_exist_ok=True)
        shutil.rmtree(folder)
