"""What a worker process of Ray does: a fork server of its own runs its cells, one after the other.

Each cell has a process of its own, as on one machine: nothing that one leaves in its process meets
the next, and what all of them import is imported once. This module imports nothing heavy.
"""

import atexit
import fcntl
import os
import platform
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

from rlgen.errors import StoreError
from rlgen.study.executors.base import DONE, LOST, RAISED
from rlgen.study.executors.fork_server import LARGE_PAGES, ONE_THREAD, ForkServer
from rlgen.study.executors.installed import difference, versions
from rlgen.study.executors.server import STATUS_RAISED
from rlgen.study.executors.shipping import unpack
from rlgen.util import folders
from rlgen.util.hashing import digest

#: Seconds after which what a silent cell has printed is sent, and the most bytes of it.
PAUSE, MOST_LOG = 5.0, 2**20


def describe() -> dict[str, Any]:
    """What is installed on this node, and its processor."""
    from rlgen.store.provenance import processor

    return {"versions": versions(), "processor": processor(), "name": platform.node()}


def run(job: Mapping[str, Any], modules: Mapping[str, bytes]) -> Iterator[Any]:
    """Run one job; a generator of Ray, whose values travel to the driver.

    Args:
        job: ``id``; ``arguments`` of ``worker.run``; ``preload`` of the fork server; ``versions``
            that are to be installed here; ``folders`` (``earlier`` and ``checkpoint``) and
            ``policy`` as packed by the driver.
        modules: Of users, see ``shipping.modules``.

    Yields:
        The events of ``Executor``, without ``"id"`` and with ``"log"``, what was printed since the
        last one. After one with ``"content"`` the content of a folder follows. ``"refused"`` is
        the only event where other versions are installed.
    """
    import ray

    node = {"node": platform.node(), "node_id": ray.get_runtime_context().get_node_id()}
    other = difference(versions(), dict(job["versions"]))
    if other:
        yield {"event": "refused", "why": other, **node}
        return
    yield {"event": "placed", **node}
    host = _host(job["preload"])
    place = host.scratch / f"job-{uuid4().hex}"
    try:
        yield from _run(host, job, modules, place)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _run(
    host: "_Host", job: Mapping[str, Any], modules: Mapping[str, bytes], place: Path
) -> Iterator[Any]:
    import ray

    for name in ("run", "checkpoints", "here"):
        (place / name).mkdir(parents=True)
    arguments = {
        **job["arguments"],
        "folder": str(place / "run"),
        "checkpoints": str(place / "checkpoints"),
        "cache": str(host.scratch / "reference"),
        "path": [str(host.unpacked(modules))] if modules else [],
        "copies": {},
        "trust": [],
    }
    for name, contents in job["folders"].items():
        folders.unpack(contents, place / name)
        arguments[name] = str(place / name)
    if job["policy"] is not None:
        arguments["copies"], arguments["trust"] = unpack(job["policy"], place / "policy")
    # Ray leaves all GPUs visible to who asks for none.
    devices = {"CUDA_VISIBLE_DEVICES": ",".join(map(str, ray.get_gpu_ids()))}
    call = "rlgen.study.executors.shipping:run"
    host.server.start(job["id"], call, arguments, place / "here", devices)
    log = _Log(host.scratch / "logs" / f"{job['id']}.log")
    while True:
        events = list(host.server.events(PAUSE))
        for event in events:
            if event.pop("id") != job["id"]:
                continue  # the end of the one before
            if event["event"] == "checkpoint":
                yield from _checkpoint(event, place / "checkpoints" / event["name"])
            elif event["event"] == "ended":
                yield from _ended(int(event["status"]), place / "run", log)
                return
            else:
                yield event | {"log": log.new()}
        if not events and (new := log.new()):
            yield {"event": "log", "log": new}


def _checkpoint(event: Mapping[str, Any], folder: Path) -> Iterator[Any]:
    try:
        contents = folders.pack(folder)
    except StoreError as error:
        yield {"event": "note", "text": f"its checkpoint stays behind: {error}"}
    else:
        yield {**event, "content": True}
        yield contents
    shutil.rmtree(folder)


def _ended(status: int, folder: Path, log: "_Log") -> Iterator[Any]:
    if status == 0:
        yield {"event": "folder", "content": True, "log": ""}
        yield folders.pack(folder)
    outcome = {0: DONE, STATUS_RAISED: RAISED}.get(status, LOST)
    why = f"signal {-status}" if status < 0 else f"exit status {status}"
    yield {"event": "ended", "outcome": outcome, "why": why, "log": log.new()}
    log.path.unlink(missing_ok=True)


class _Log:
    """What a job prints, piece by piece."""

    def __init__(self, path: Path) -> None:
        self.path, self._read = path, 0

    def new(self) -> str:
        """What has come since the last call."""
        try:
            with self.path.open("rb") as file:
                file.seek(self._read)
                text = file.read()
        except OSError:
            return ""
        self._read += len(text)
        left_out = len(text) - MOST_LOG
        before = f"[{left_out:,} bytes are left out]\n" if left_out > 0 else ""
        return before + text[-MOST_LOG:].decode(errors="replace")


class _Host:
    """The fork server of this process, and a folder of its own on this machine's disk."""

    def __init__(self, preload: Sequence[str]) -> None:
        self.preload = tuple(preload)
        self.scratch, self._lock = _scratch()
        (self.scratch / "logs").mkdir()
        self.server = ForkServer(self.scratch / "logs", preload, _environment())
        self.server.__enter__()

    def unpacked(self, modules: Mapping[str, bytes]) -> Path:
        """A folder with these modules, the same for the same ones."""
        name = digest({path: content.hex() for path, content in modules.items()})
        folder = self.scratch / f"modules-{name}"
        if not folder.exists():
            folders.unpack(modules, folder)
        return folder

    def close(self) -> None:
        """End the server, and remove the folder."""
        self.server.__exit__(KeyboardInterrupt)
        shutil.rmtree(self.scratch, ignore_errors=True)
        self._lock.close()


_hosts: list[_Host] = []


def _host(preload: Sequence[str]) -> _Host:
    """The host of this process; studies whose cells need other modules have others."""
    if _hosts and _hosts[0].preload != tuple(preload):
        _hosts.pop().close()
    if not _hosts:
        _hosts.append(_Host(preload))
    return _hosts[0]


@atexit.register
def _close() -> None:
    while _hosts:
        _hosts.pop().close()


def _environment() -> dict[str, str]:
    """Of a job: that in which the node was started, with one thread."""
    own = {key: value for key, value in os.environ.items() if not key.startswith("RAY_")}
    return LARGE_PAGES | own | ONE_THREAD


def _scratch() -> tuple[Path, IO[bytes]]:
    """A new folder, locked while this process lives; those of dead processes are removed."""
    base = Path(tempfile.gettempdir()) / f"rlgen-ray-{os.getuid()}"
    base.mkdir(mode=0o700, exist_ok=True)
    if base.stat().st_uid != os.getuid():
        raise PermissionError(f"{base} belongs to another user")
    for lock in base.glob("*.lock"):
        with suppress(OSError), lock.open("wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
            lock.unlink(missing_ok=True)
    folder = base / uuid4().hex
    # It must not be seen before it is locked.
    part = folder.with_suffix(".part")
    own = part.open("wb")
    fcntl.flock(own, fcntl.LOCK_EX)
    folder.mkdir(mode=0o700)
    part.rename(folder.with_suffix(".lock"))
    return folder, own
