"""Bundles as a user meets them: what reads a store reads a bundle, and nothing writes into one."""

import json
import os
import shutil
import tarfile

import pytest
import tomli_w
from commands import rlgen as run
from helpers import TINY

import rlgen
from rlgen.analysis.results import Results
from rlgen.errors import StoreError
from rlgen.store.opening import opened
from rlgen.store.run_store import RunStore
from rlgen.util import files
from rlgen.util.hashing import digest

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def store(tiny_store, tmp_path_factory):
    """One that nothing else writes to."""
    copy = tmp_path_factory.mktemp("bundled") / "depth"
    shutil.copytree(tiny_store, copy)
    return copy


@pytest.fixture(scope="module")
def bundle(store):
    run("bundle", store, store.parent / "depth.tar.xz")
    return store.parent / "depth.tar.xz"


def test_the_command_tells_what_it_wrote(store, bundle, tmp_path):
    out, _ = run("bundle", store, "b", cwd=tmp_path)
    assert out.startswith("b: ")
    assert "weights of 12 agents are left out" in out
    assert (tmp_path / "b").read_bytes() == bundle.read_bytes()
    numbers = json.loads(run("bundle", store, tmp_path / "w", "--weights", "--json")[0])
    assert numbers["bytes"] == (tmp_path / "w").stat().st_size > bundle.stat().st_size
    assert numbers["weights_left_out"] == 0


def test_python_writes_and_reads_the_same(store, bundle, tmp_path):
    result = rlgen.bundle(store, tmp_path / "b.tar.xz")
    assert result.path.read_bytes() == bundle.read_bytes()
    assert rlgen.load(bundle).equals(rlgen.load(store))
    with opened(bundle) as readable:
        ours, theirs = Results.load(readable), Results.load(RunStore(store))
        assert ours.estimates.equals(theirs.estimates)
        assert dict(ours.trajectories) == dict(theirs.trajectories)


def test_a_choice_cannot_be_noted_in_a_bundle(bundle):
    before = bundle.read_bytes()
    with pytest.raises(StoreError, match="takes no note of a choice") as error:
        rlgen.select(bundle)
    assert "--continue-from depth.tar.xz" in str(error.value)
    assert bundle.read_bytes() == before


def test_the_page_of_a_bundle_is_written_beside_it(store, bundle, tmp_path):
    shutil.copy(bundle, tmp_path / "depth.tar.xz")
    out, _ = run("report", tmp_path / "depth.tar.xz")
    assert out.endswith(f"Report: {tmp_path / 'depth.html'}\n")
    assert (tmp_path / "depth.html").read_text() == (store / "report.html").read_text()
    assert {path.name for path in tmp_path.iterdir()} == {"depth.tar.xz", "depth.html"}
    summary = json.loads(run("report", bundle, "-o", tmp_path / "x.html", "--json")[0])
    assert summary == json.loads((store / "summary.json").read_text())
    assert (tmp_path / "x.html").is_file()
    _, error = run("report", bundle, "-o", tmp_path / "none" / "x.html", code=2)
    assert "x.html: cannot be written" in error


@pytest.mark.parametrize(
    "command",
    [
        "check STORE --max-gap 3",
        "check STORE --against OTHER --max-gap-increase 1",
        "audit STORE --json",
        "verify STORE --strict",
        "power --store STORE --gap 0.2",
    ],
)
def test_commands_say_the_same_of_a_bundle(store, bundle, command, tmp_path):
    shutil.copytree(store, tmp_path / "other")
    rlgen.bundle(store, tmp_path / "other.tar.xz")

    def said(path, other):
        words = command.replace("STORE", str(path)).replace("OTHER", str(other)).split()
        return run(*words, code=(0, 1, 2))[0].replace(str(other), "OTHER").replace(str(path), "IT")

    text = said(bundle, tmp_path / "other.tar.xz")
    assert text == said(store, tmp_path / "other")
    assert "rlgen-" not in text, "where it was unpacked to is nobody's business"


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        (["report", "own.tar.xz", "-o", "own.tar.xz"], "page"),
        (["view", "own.tar.xz", "-o", "own.tar.xz"], "page"),
        (["report", "own.tar.xz", "-o", "mine.toml"], "page"),
        (["check", "own.tar.xz", "--max-gap", 1, "--junit", "own.tar.xz"], "JUnit file"),
        (["show", "maze-basic", "--level", 1, "--png", "mine.toml"], "picture"),
        (["bundle", "store", "mine.toml"], "bundle"),
        (["report", "store", "-o", "store/plan.json"], "page"),
    ],
)
def test_nothing_but_what_is_of_its_kind_is_replaced(arguments, kind, store, bundle, tmp_path):
    (tmp_path / "own.tar.xz").write_bytes(bundle.read_bytes())
    (tmp_path / "mine.toml").write_text("name = 'mine'\n")
    shutil.copytree(store, tmp_path / "store")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    _, err = run(*arguments, cwd=tmp_path, code=2)
    assert err.endswith(f"{arguments[-1]}: is there and is no {kind}; it is not replaced\n")
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}


def test_pipes_devices_and_links_stay_what_they_are(store, tmp_path, undrawn):
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    try:
        run("check", store, "--max-gap", 9, "--junit", "pipe", cwd=tmp_path)
        assert os.read(reader, 5) == b"<?xml"
    finally:
        os.close(reader)
    _, err = run("bundle", store, "pipe", cwd=tmp_path, code=2)
    assert err.startswith("rlgen: pipe: is a device or a pipe")
    (tmp_path / "link.html").symlink_to("elsewhere.html")
    run("report", store, "-o", "link.html", cwd=tmp_path)
    assert (tmp_path / "link.html").is_symlink()
    assert (tmp_path / "pipe").is_fifo()
    assert "Answer" in (tmp_path / "elsewhere.html").read_text()


def test_an_unpacked_bundle_can_be_bundled_again(bundle, tmp_path):
    with tarfile.open(bundle) as archive:
        archive.extractall(tmp_path / "by-tar", filter="data")
    run("bundle", tmp_path / "by-tar", tmp_path / "again.tar.xz")
    assert (tmp_path / "again.tar.xz").read_bytes() == bundle.read_bytes()


def test_a_folder_is_no_file_to_write(store, tmp_path):
    _, err = run("check", store, "--max-gap", 1, "--junit", ".", cwd=tmp_path, code=2)
    assert ".: is a folder, and no JUnit file" in err


def test_a_page_is_replaced_by_a_page(bundle, tmp_path, undrawn):
    (tmp_path / "page.html").write_text("<!DOCTYPE HTML><p>old")
    (tmp_path / "empty.html").write_text("")
    for page in ("page.html", "empty.html"):
        run("report", bundle, "-o", tmp_path / page)
        assert "Answer" in (tmp_path / page).read_text()


def test_a_study_goes_on_from_a_bundle(store, bundle, tmp_path, undrawn):
    keys = {**TINY, "seeds": [0, 1, 2], "flip_p": [0.0, 0.5], "description": "a <b>tiny</b> study"}
    (tmp_path / "tiny.toml").write_text(tomli_w.dumps(keys))
    command = ("evaluate", tmp_path / "tiny.toml", "--continue-from", bundle, "-j", "1", "-o")
    for _ in range(2):  # and does nothing the second time
        out, _ = run(*command, tmp_path / "on")
        assert "Nothing to compute: all 12 cells are there." in out
    for path in (store / "runs").rglob("*"):
        if path.is_file() and path.suffix != ".safetensors":
            assert (tmp_path / "on" / path.relative_to(store)).read_bytes() == path.read_bytes()
    result = rlgen.evaluate({**keys, "seeds": [0]}, tmp_path / "too", continue_from=bundle)
    assert not result.computed
    more = run("plan", tmp_path / "tiny.toml", "--seeds", "0:3", "-o", bundle, "--json")[0]
    assert json.loads(more)["cells"] == 0


def test_what_cannot_go_on_is_refused_and_nothing_is_left(bundle, tmp_path):
    (tmp_path / "tiny.toml").write_text(tomli_w.dumps({**TINY, "steps": 1499}))
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    command = ("evaluate", tmp_path / "tiny.toml", "--continue-from")
    _, error = run(*command, bundle, "-o", tmp_path / "on", code=2)
    assert "steps" in error
    assert str(bundle) in error
    assert ".unpacking" not in error
    _, error = run(*command, bundle, "-o", tmp_path / "full", code=2)
    assert "full: holds something other than" in error
    _, error = run(*command, tmp_path / "tiny.toml", "-o", tmp_path / "on", code=2)
    assert "neither the folder of a store nor a bundle" in error
    _, error = run(*command, tmp_path / "none", "-o", tmp_path / "on", code=2)
    assert "none: cannot be read: No such file" in error
    assert {path.name for path in tmp_path.iterdir()} == {"tiny.toml", "full"}


def test_a_bundle_is_no_folder_to_compute_in(bundle, tmp_path):
    (tmp_path / "tiny.toml").write_text(tomli_w.dumps(TINY))
    for out, what in ((bundle, "is a file"), (tmp_path / "x.tar.xz", "is the name of a bundle")):
        _, error = run("evaluate", tmp_path / "tiny.toml", "-o", out, code=2)
        assert f"{out}: {what}" in error
        assert f"`rlgen bundle FOLDER {out.name}`" in error
    _, error = run("bundle", bundle, tmp_path / "y", code=2)
    assert "is a file; what is bundled is the folder of a store" in error
    _, error = run("bundle", tmp_path, tmp_path / "y", code=2)
    assert "is not an rlgen store" in error
    _, error = run("report", tmp_path / "tiny.toml", code=2)
    assert "tiny.toml: is neither the folder of a store nor a bundle" in error
    (tmp_path / "c" / "runs").mkdir(parents=True)
    (tmp_path / "c" / "store.json").write_text('{"format":1,"purpose":"calibration"}')
    for command in (("bundle", tmp_path / "c", tmp_path / "y"), ("verify", tmp_path / "c")):
        _, error = run(*command, code=2)
        assert "holds a calibration, not a study" in error


def test_a_summary_that_other_code_of_this_version_made_is_written_anew(tiny_store, tmp_path):
    store = shutil.copytree(tiny_store, tmp_path / "s")
    summary = files.read_json(store / "summary.json")
    summary["cells"][0]["gap"]["mean"] += 1
    del summary["sha256"]
    files.write_json(store / "summary.json", summary | {"sha256": digest(summary)})
    rlgen.bundle(store, tmp_path / "s.tar.xz")
    assert not rlgen.verify(tmp_path / "s.tar.xz").differences
