"""Faults of a machine at random moments of a sweep: the next command ends complete, bits equal.

A sweep of cheap cells runs in a process of its own, and meets one fault or several: it is killed,
it pauses while another command works on, its disk is full, it may not write, a bit flips in what is
there, runs are folded meanwhile. What is damaged must be named, by whoever reads it and by
``integrity``, and is moved away as the message says. Then the same sweep runs again, whole.
"""

import multiprocessing
import os
import resource
import shutil
import signal
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from campaign.flips import flip
from campaign.subjects import rng_of
from rlgen.errors import RlgenError
from rlgen.protocol.schema import parse
from rlgen.store.compacting import compact, expand
from rlgen.store.integrity import damages
from rlgen.store.outputs import output
from rlgen.store.run_store import RunStore
from rlgen.study.cell import Cell
from rlgen.util import segments
from rlgen.util.seeding import stream

FORK = multiprocessing.get_context("fork")
#: Cells of a sweep, and the conditions that a second sweep adds to them.
CELLS, FIRST, LATER = 8, ("plain", "greedy"), "delay:1"
NOBODY = 65534
KINDS = ("kill", "pause", "disk", "permissions", "flip", "fold", "kill", "several")
PROTOCOL = {
    "name": "toy",
    "family": "maze-basic",
    "n_train_levels": [3],
    "network": "mlp-512-128",
    "seeds": [0],
    "steps": 1000,
    "conditions": list(FIRST),
}


@dataclass(frozen=True)
class Toy(Cell):
    """A cell whose files are drawn from its number."""

    number: int
    kind: ClassVar[str] = "toy"
    card: ClassVar[str] = "draws bytes"
    records: ClassVar[bool] = True

    @property
    def steps(self):
        return 1

    @property
    def settings(self):
        return {"number": self.number}

    @property
    def label(self):
        return f"toy {self.number}"

    @classmethod
    def from_settings(cls, settings):
        return cls(settings["number"])

    def run(self, workspace):
        rng = stream(0, "toy", self.number, *workspace.wanted)
        for name in ("policy.safetensors", "curve.parquet"):
            (workspace.folder / name).write_bytes(rng.bytes(3000))


@dataclass(frozen=True)
class _Place:
    """What a cell writes into, as workers have it."""

    folder: Path
    wanted: tuple[str, ...]


def sweep(path, cells=CELLS):
    """What the driver does, in one process: claim, work aside, publish; then again for more."""
    toys = [Toy(number) for number in range(cells)]
    store = RunStore.create(path, parse(PROTOCOL, "toy"), toys)
    for wanted in (FIRST, (output(LATER),)):
        for toy in toys:
            with store.claim(toy.id) as held:
                if not held:
                    continue
                missing = [name for name in wanted if name not in store.conditions(toy.id)]
                if not missing:
                    continue
                whole = not store.has(toy.id)
                aside = store.aside(toy.id)
                toy.run(_Place(aside, tuple(missing)))
                store.publish(aside, toy.id, missing, whole=whole)
    return store


def content(path):
    """Files of a store by path, wherever they lie; without locks."""
    found = {}
    for file in sorted(path.rglob("*")):
        parts = file.relative_to(path).parts
        if file.is_file() and "locks" not in parts and segments.FOLDER not in parts:
            found["/".join(parts)] = file.read_bytes()
    return found


def cases(folder, numbers):
    """A line for each thing that a case shows and none may show."""
    began = time.monotonic()
    sweep(folder / "whole")
    took = time.monotonic() - began
    right = content(folder / "whole")
    for number in numbers:
        rng, kind = rng_of("faults", number), KINDS[number % len(KINDS)]
        path = folder / "faulty"
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir()
        path.chmod(0o777)
        wanted = [kind]
        if kind == "several":
            wanted = [KINDS[int(rng.integers(len(KINDS) - 1))] for _ in range(3)]
        for each in wanted:
            for line in _ACTS[each](path / "s", took, rng):
                yield f"case {number}: {kind}: {line}"
        for line in _judged(path / "s", right):
            yield f"case {number}: {kind}: {line}"
    shutil.rmtree(folder / "faulty", ignore_errors=True)


def _judged(path, right):
    """What is wrong once the same command has run again: whatever differs from a quiet sweep."""
    segments.forget()
    try:
        store = sweep(path)
        # What was folded is brought back, to be compared file by file.
        expand(store)
    except (RlgenError, OSError) as error:
        yield f"the same command does not go on: {error!r}"
        return
    now = content(path)
    for name in sorted(now.keys() ^ right.keys()):
        yield f"{name} is {'too much' if name in now else 'lost'}"
    for name in sorted(now.keys() & right.keys()):
        if now[name] != right[name]:
            yield f"{name} is another"
    yield from damages(store)


def _child(act, prepare=lambda: None):
    """A process that does something; it ends with 0, or with 1 after an error that answers."""

    def target():
        prepare()
        try:
            act()
        except (RlgenError, OSError):
            sys.exit(1)

    process = FORK.Process(target=target)
    process.start()
    return process


def _kill(path, took, rng):
    process = _child(lambda: sweep(path))
    time.sleep(float(rng.uniform(0, 1.1 * took)))
    process.kill()
    process.join()
    return ()


def _pause(path, took, rng):
    """It stops for a while; a second command works on meanwhile, and it goes on."""
    process = _child(lambda: sweep(path))
    time.sleep(float(rng.uniform(0, took)))
    with suppress(ProcessLookupError):  # it may have ended
        os.kill(process.pid, signal.SIGSTOP)
    other = _child(lambda: sweep(path))
    other.join(0.2 + took)
    with suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGCONT)
    for each in (process, other):
        each.join(60)
        if each.exitcode != 0:
            yield f"after a pause a command ended with {each.exitcode}"


def _disk(path, took, rng):
    """No file may become larger than so many bytes: to writers as a disk that is full."""
    size = int(rng.choice([0, 50, 300, 1000, 2500]))

    def full():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    process = _child(lambda: sweep(path), full)
    process.join(60)
    # With 0 where all was done before.
    if process.exitcode not in (0, 1):
        yield f"on a full disk it ended with {process.exitcode}"


def _permissions(path, took, rng):
    """Some folders may not be written to, or not be read, any more."""
    sweep(path, int(rng.integers(1, CELLS)))
    folders = [path, *(path / name for name in ("runs", "extra", ".rlgen", ".rlgen/locks"))]
    place, mode = folders[int(rng.integers(len(folders)))], int(rng.choice([0o555, 0o000]))
    before = place.stat().st_mode

    def nobody():
        if os.geteuid() == 0:
            os.setegid(NOBODY)
            os.seteuid(NOBODY)

    for each in (path, *path.rglob("*")):
        if not each.is_symlink():
            each.chmod(0o777 if each.is_dir() else 0o666)
    place.chmod(mode)
    process = _child(lambda: sweep(path), nobody)
    process.join(60)
    place.chmod(before)
    if process.exitcode not in (0, 1):
        yield f"without permissions it ended with {process.exitcode}"


def _flip(path, took, rng):
    """A bit flips in a file that is there: it is named, and its run is moved away as is said."""
    store = sweep(path, int(rng.integers(1, CELLS + 1)))
    if rng.random() < 0.4:
        compact(store)
    there = [path / name for name in content(path) if name.partition("/")[0] in ("runs", "extra")]
    there += sorted((path / segments.FOLDER).glob("*.zip"))
    there.append(path / "plan.json")
    file = there[int(rng.integers(len(there)))]
    data = file.read_bytes()
    file.write_bytes(flip(data, rng))
    segments.forget()
    named = list(damages(store))
    if not any(file.name in line or file.parent.name in line for line in named):
        yield f"a flipped bit of {file.relative_to(path)} is not named: {named}"
    if file.parent.name in {path.name, segments.FOLDER}:
        file.write_bytes(data)  # from a copy
    elif file.parent.parent.name == "runs":
        shutil.rmtree(file.parent)
        # Its further parts are of a policy that is gone with it.
        for part in (path / "extra").glob(f"{file.parent.name}-*"):
            shutil.rmtree(part)
    else:
        shutil.rmtree(file.parent)
    segments.forget()


def _fold(path, took, rng):
    """Runs are folded, and the command that does so is killed, while others compute and read."""
    sweep(path, int(rng.integers(1, CELLS + 1)))
    work = _child(lambda: sweep(path))
    fold = _child(lambda: compact(RunStore(path)))
    time.sleep(float(rng.uniform(0, 0.5 * took)))
    done = RunStore(path).inventory().runs
    fold.kill()
    fold.join()
    work.join(60)
    segments.forget()
    if not done <= RunStore(path).inventory().runs:
        yield "runs are not seen any more"
    if work.exitcode != 0:
        yield f"while runs were folded a command ended with {work.exitcode}"


_ACTS = {
    "kill": _kill,
    "pause": _pause,
    "disk": _disk,
    "permissions": _permissions,
    "flip": _flip,
    "fold": _fold,
}
