"""What runs cells somewhere: starts them, says what becomes of them, brings what they wrote."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

#: How a job ends: it has written its whole folder, it raised, its worker was killed, or the machine
#: that it was on is gone, for which neither the job nor its worker can be blamed.
DONE, RAISED, LOST, NODE_LOST = "done", "raised", "lost", "node lost"


class NodeLostError(Exception):
    """What a done job has written went with the machine that it was on."""


@dataclass(frozen=True)
class Job:
    """One cell to be run, as plain values that may travel to another machine.

    Attributes:
        id: Of the cell.
        kind: Of the cell, in ``KINDS``.
        settings: Of the cell.
        wanted: See ``Workspace``, as all that follow.
        earlier: The cell's finished run, on this machine; the worker is given a copy or the folder.
        checkpoint: The cell's last checkpoint, on this machine; as ``earlier``.
        device: "auto", "cpu" or "cuda".
        command: The command line.
        trust: Files, which lie where the worker finds them by the same path.
        paper: Name of the paper that adds files to the run.
    """

    id: str
    kind: str
    settings: Mapping[str, Any]
    wanted: Sequence[str] = ()
    earlier: Path | None = None
    checkpoint: Path | None = None
    device: str = "auto"
    command: Sequence[str] = ()
    trust: Sequence[str] = ()
    paper: str = ""


class Executor(ABC):
    """Runs jobs, each by ``worker.run`` in a process of its own. A context manager.

    Leaving it kills all jobs. No disk needs to be shared with the workers, and nobody but the
    driver writes to the store. Another executor is a subclass and a line in ``EXECUTORS``, or an
    entry point of the group ``rlgen.executors``; that it keeps this contract is proved by
    ``tests/support/executor_contract.py``.

    Args:
        folder: Of this machine, for whatever the executor needs to keep; it may hold what an
            executor before has left.
        kinds: Kinds of the cells that will be started, so that a worker can be prepared.
        device: On what they are computed, see ``Job``.

    Attributes:
        card: One line that says where cells run.
        options: Names of further arguments that users may give.
        here: Whether the workers are on this machine.
        extra: The extra of rlgen that installs what it needs; "" if it needs nothing.
    """

    card: ClassVar[str]
    options: ClassVar[tuple[str, ...]] = ()
    here: ClassVar[bool] = True
    extra: ClassVar[str] = ""

    def __init__(self, folder: Path, kinds: Sequence[str] = (), device: str = "auto") -> None:
        self._folder, self._kinds, self._device = folder, kinds, device

    @abstractmethod
    def __enter__(self) -> Self: ...

    @abstractmethod
    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None: ...

    @abstractmethod
    def workers(self) -> int:
        """How many jobs it can run at a time, at least 1; may change while it is entered."""

    @abstractmethod
    def start(self, job: Job) -> None:
        """Start a job, with an empty folder, as soon as there is a place for it.

        A job that has ended may be started again.
        """

    @abstractmethod
    def events(self, timeout: float) -> Iterator[dict[str, Any]]:
        """The events that have come, waiting up to ``timeout`` seconds for the first.

        Each is ``{"event": NAME, "id": JOB, ...}``. The first of a job is ``"placed"``, with
        ``"node"``, the name of its machine: from then on it has a worker. The last of every job
        that was started is ``"ended"`` with ``"outcome"`` (``DONE``, ``RAISED``, ``LOST`` or
        ``NODE_LOST``) and ``"why"`` (such as "signal 9"), whatever becomes of its process, its
        server or its machine; from then on nothing of it writes or reports any more. A job that
        was never placed may end as ``LOST`` or ``NODE_LOST`` too. ``"leaving"`` before the end says
        that the worker has written everything and only ends: another job may be started in its
        stead. Others are what the cell reports, see ``Workspace``; after ``"checkpoint"`` it can be
        fetched. A ``"note"`` whose ``"id"`` is empty is about no job in particular.
        """

    @abstractmethod
    def log(self, job: str) -> str:
        """What the job has written to its output, a traceback last if it raised."""

    @abstractmethod
    def fetch_checkpoint(self, job: str, name: str, into: Path) -> None:
        """Bring a checkpoint that the job has reported, once.

        Args:
            job: Its id.
            name: Of the checkpoint.
            into: An empty folder.

        Raises:
            OSError: If it cannot be brought.
        """

    @abstractmethod
    def fetch(self, job: str, into: Path) -> None:
        """Bring the folder that a done job has written, once.

        May be called in another thread than all others, while these are called.

        Args:
            job: Its id.
            into: An empty folder.

        Raises:
            NodeLostError: If it is gone with its machine: the job is to be started again.
            OSError: If it cannot be brought.
        """
