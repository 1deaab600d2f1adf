"""Kills at any moment of what writes: the next command goes on, to the same bits, and tidies up."""

import os
import shutil
import signal
import time

from planning import cells_of

from campaign import subjects
from campaign.subjects import rng_of
from rlgen import report
from rlgen.protocol.suite import read
from rlgen.report import kept
from rlgen.store.importing import ImportOptions, import_files
from rlgen.store.run_store import RunStore


def cases(folder, numbers):
    """A line for each thing that a case shows and none may show."""
    study = subjects.study(folder)
    subjects.imported(folder)
    ((protocol, where),) = read(folder / "study.toml").parts
    cells = cells_of(protocol, where)
    further = protocol.model_copy(update={"seeds": (0, 1, 2)})
    before = {
        "extension": lambda place: RunStore.create(place / "s", protocol, cells[:1]),
        "report": lambda place: _copy(study, place / "s"),
    }
    acts = {
        "creation": lambda place: RunStore.create(place / "s", protocol, cells, {"a": protocol}),
        "extension": lambda place: RunStore.create(place / "s", further, cells),
        "publishing": lambda place: _publish(place / "s", protocol, cells[0]),
        "report": lambda place: report.write(RunStore(place / "s")),
        "bundle": lambda place: kept.bundle(study, place / "s.tar.xz"),
        "import": lambda place: _import(folder, place / "s"),
    }
    shares = [*["creation", "publishing", "import", "extension", "bundle"] * 2, "report"]
    whole, took = {}, {}
    for number in numbers:
        rng = rng_of("kills", number)
        name = shares[number % len(shares)]
        act, place = acts[name], folder / "killed"
        if name not in whole:
            for _ in range(2):  # the first time imports what it needs
                _fresh(place)
                before.get(name, _nothing)(place)
                began = time.monotonic()
                act(place)
                took[name] = time.monotonic() - began
            whole[name] = _content(place, name)
        _fresh(place)
        before.get(name, _nothing)(place)
        _kill(lambda act=act, place=place: act(place), float(rng.uniform(0, 1.1 * took[name])))
        try:
            act(place)
        except Exception as error:
            yield f"case {number}: {name}: after a kill: {error!r}"
            continue
        now = _content(place, name)
        if now.keys() != whole[name].keys():
            yield f"case {number}: {name}: files {sorted(now.keys() ^ whole[name].keys())}"
        for path in now.keys() & whole[name].keys():
            if now[path] != whole[name][path]:
                yield f"case {number}: {name}: {path} is another"


def _fresh(place):
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    return place


def _nothing(place):
    """Nothing is there before."""


def _copy(study, store):
    """A study without its report."""
    shutil.copytree(study, store)
    (store / "report.html").unlink()
    (store / "summary.json").unlink()


def _publish(path, protocol, cell):
    store = RunStore.create(path, protocol, [cell])
    with store.claim(cell.id) as held:
        assert held
        if not store.has(cell.id):
            aside = store.aside(cell.id)
            for name in ("records.parquet", "cell.json"):
                (aside / name).write_bytes(name.encode() * 10_000)
            store.publish(aside, cell.id, ["plain"])


def _import(folder, store):
    command = ["rlgen", "import"]
    import_files([folder / "returns.csv"], store, ImportOptions(), command=command)


def _kill(act, moment):
    """Run ``act`` in a process that is killed after some seconds, if it is still there."""
    pid = os.fork()
    if pid == 0:
        try:
            act()
        finally:
            os._exit(0)
    time.sleep(moment)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


#: Of an import: when it was made, and the sums of that.
TIMES = {"provenance.json", "sha256.json"}


def _content(place, name):
    """Every file but locks by path; of those that tell the time only that they are there."""
    times = TIMES if name == "import" else set()
    return {
        path.relative_to(place).as_posix(): b"" if path.name in times else path.read_bytes()
        for path in sorted(place.rglob("*"))
        if path.is_file() and "locks" not in path.parts
    }
