"""Disks that are full or may not be written to, files of other users: one line, nothing left."""

import os
import pickle
import resource
import shutil
import signal
import stat
import sys
import tempfile
from importlib import import_module
from pathlib import Path

import pytest
from campaign.acts import act, faults
from returns import returns

NOBODY = 65534

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        os.geteuid() == 0
        and not all(p.stat().st_mode & 0o5 == 0o5 for p in Path(sys.prefix).parents),
        reason="root's Python stands in a folder that other users may not enter",
    ),
]


@pytest.fixture(scope="module")
def everything_imported(tiny_store, tmp_path_factory):
    """Another user may not read what Python would import later."""
    folder = tmp_path_factory.mktemp("warm")
    shutil.copytree(tiny_store, folder / "store")
    (folder / "out").mkdir()
    returns(seeds=range(2), levels=3).to_csv(folder / "returns.csv", index=False)
    for words in (*READ, ("show", "maze-basic", "--level", "1", "--png", "out/level.png")):
        act(*words, cwd=folder)
    import_module("rlgen.diagnostics.calibration.calibrate")


@pytest.fixture
def place(tiny_store, everything_imported):
    """A folder that everybody may read, with a store that nobody may write to, and one for all."""
    folder = Path(tempfile.mkdtemp(prefix="rlgen-disks-"))
    folder.chmod(0o755)
    shutil.copytree(tiny_store, folder / "store")
    returns(seeds=range(2), levels=3).to_csv(folder / "returns.csv", index=False)
    (folder / "out").mkdir()
    (folder / "out").chmod(0o777)
    yield folder
    for path in [folder, *folder.rglob("*")]:
        if path.is_dir():
            path.chmod(0o755)
    shutil.rmtree(folder)


def elsewhere(prepare, *arguments, cwd):
    """A command in a process of its own, after ``prepare``; everything is imported before."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        prepare()
        done = act(*arguments, cwd=cwd)
        with os.fdopen(write, "wb") as pipe:
            pickle.dump(done, pipe)
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        done = pickle.load(pipe)
    os.waitpid(pid, 0)
    return done


def other_user(folder):
    """Be somebody who may read the folder, and write into ``out`` alone."""

    def prepare():
        if os.geteuid() == 0:
            os.setegid(NOBODY)
            os.seteuid(NOBODY)
        else:
            for path in [folder, *folder.rglob("*")]:
                if path.name != "out":
                    path.chmod(path.stat().st_mode & ~0o222)

    return prepare


READ = [
    ("check", "store", "--max-gap", "9"),
    ("verify", "store"),
    ("power", "--store", "store"),
    ("audit", "store"),
    ("report", "store", "-o", "out/page.html"),
    ("bundle", "store", "out/store.tar.xz"),
    ("import", "returns.csv", "-o", "out/imported"),
]


@pytest.mark.parametrize("arguments", READ, ids=lambda words: words[0])
def test_a_store_of_somebody_else_is_read(arguments, place, undrawn):
    done = elsewhere(other_user(place), *arguments, cwd=place)
    assert faults(done) == []
    assert done.code == 0, done.err
    assert done.out


WRITE = [
    ("report", "store"),
    ("bundle", "store", "store.tar.xz"),
    ("import", "returns.csv", "-o", "imported"),
    ("check", "store", "--max-gap", "9", "--junit", "gap.xml"),
    ("show", "maze-basic", "--level", "1", "--png", "level.png"),
    ("calibrate", "-o", "calibration"),
]


@pytest.mark.parametrize("arguments", WRITE, ids=lambda words: words[0])
def test_what_may_not_be_written_is_one_line(arguments, place, undrawn):
    before = set(place.rglob("*"))
    done = elsewhere(other_user(place), *arguments, cwd=place)
    assert done.code == 2, (done.out, done.err, done.raised)
    assert done.err.startswith("rlgen: ")
    assert "Permission denied" in done.err
    assert done.err.count("\n") == 1
    assert set(place.rglob("*")) == before, "something is left"
    assert ".part" not in done.err, "the file is named, not the temporary one"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have other limits")
@pytest.mark.parametrize("size", [0, 100, 20_000])
@pytest.mark.parametrize("arguments", READ[4:], ids=lambda words: words[0])
def test_a_full_disk_is_one_line_and_leaves_nothing(arguments, size, place):
    def prepare():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    done = elsewhere(prepare, *arguments, cwd=place)
    if done.code == 0:
        assert size > 1000, "a small bundle fits"
        return
    assert done.code == 2, (done.out, done.err, done.raised)
    assert "File too large" in done.err
    assert done.err.count("\n") == 1
    if arguments[0] == "import" and (place / "out" / "imported").exists():
        # All but the page had room: the same command goes on.
        assert act(*arguments, cwd=place).code == 0
        return
    assert list((place / "out").iterdir()) == []


def test_special_files_are_refused_at_once(place):
    for kind, make in {
        "fifo": os.mkfifo,
        "loop": lambda path: path.symlink_to(path.name),
        "device": lambda path: path.symlink_to("/dev/zero"),
        "folder": lambda path: path.mkdir(),
    }.items():
        make(place / "out" / kind)
        commands = (
            ("report", kind),
            ("import", kind, "-o", "new"),
            ("check", kind, "--max-gap", "1"),
            ("verify", kind),
            ("evaluate", f"./{kind}"),
            ("lint", kind),
            ("bundle", kind, "x.tar.xz"),
        )
        # A pipe is what waits for ever; of the others two commands tell.
        for arguments in commands if kind == "fifo" else commands[:2]:
            done = act(*arguments, cwd=place / "out")
            assert faults(done) == [], arguments
            assert done.code == 2, (arguments, done)
            assert done.seconds < 5
    assert stat.S_ISFIFO((place / "out" / "fifo").stat().st_mode)


@pytest.mark.parametrize("length", [255, 300, 5000])
def test_a_very_long_name_is_one_line(length, tmp_path):
    name = "x" * length
    for arguments in (
        ("report", name),
        ("check", name, "--max-gap", "1"),
        ("evaluate", f"{name}.toml"),
        ("evaluate", f"./{name}"),
        ("lint", f"{name}.py"),
        ("import", f"{name}.csv", "-o", "new"),
        ("verify", name),
        ("plan", f"{name}/y.toml"),
    ):
        done = act(*arguments, cwd=tmp_path)
        assert faults(done) == [], arguments
        assert done.code == 2, arguments
        assert done.err.count("\n") == 1
