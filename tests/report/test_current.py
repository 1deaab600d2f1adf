"""A report that calls itself current is that of the store as it is."""

import json
import shutil

import pytest

import rlgen
from rlgen import report
from rlgen.analysis import results
from rlgen.errors import DamagedStoreError
from rlgen.store import preparing
from rlgen.store.run_store import RunStore
from rlgen.util import sums
from rlgen.util.seeding import stream

pytestmark = pytest.mark.slow


@pytest.fixture
def store(tiny_store, tmp_path):
    """A copy with a report."""
    copy = RunStore(shutil.copytree(tiny_store, tmp_path / "store"))
    report.write(copy)
    assert report.is_current(copy)
    return copy


def test_a_changed_summary_is_not_printed_for_what_was_computed(store):
    path, rng = store.path / "summary.json", stream(0, "summary")
    whole = path.read_bytes()
    content = json.loads(whole)
    for _ in range(60):
        flipped = bytearray(whole)
        flipped[rng.integers(len(whole))] ^= 1 << int(rng.integers(8))
        path.write_bytes(flipped)
        try:
            same = json.loads(flipped.decode()) == content  # a space or a digit of no weight
        except ValueError:
            same = False
        assert report.is_current(store) == same
    path.write_text("[]")
    assert not report.is_current(store)


def test_a_run_that_is_published_while_the_report_is_written_makes_it_an_old_one(
    store, monkeypatch
):
    late = store.done()[0]
    elsewhere = store.path.parent / late
    store.run_folder(late).rename(elsewhere)
    read = results.Results.load.__func__

    def load(cls, own):
        loaded = read(cls, own)
        elsewhere.rename(own.run_folder(late))
        return loaded

    monkeypatch.setattr(results.Results, "load", classmethod(load))
    report.write(store)
    monkeypatch.undo()
    assert not report.is_current(store)
    report.write(store)
    assert report.is_current(store)


def test_a_run_that_is_replaced_by_another_makes_it_an_old_one(store):
    one, other, *_ = store.done()
    assert sums.digest(store.run_folder(one)) != sums.digest(store.run_folder(other))
    (store.run_folder(one) / "sha256.json").write_bytes(
        (store.run_folder(other) / "sha256.json").read_bytes()
    )
    assert not report.is_current(store)


@pytest.mark.parametrize("instead", ["/dev/zero", ".", "report.html"])
def test_what_is_no_file_in_the_page_s_place_is_named_and_not_read(store, instead):
    page = store.path / "report.html"
    page.unlink()
    assert report.is_whole(store)
    page.symlink_to(instead)
    assert not report.is_whole(store)
    assert not report.is_current(store)
    (named,) = rlgen.verify(store.path).differences
    assert named.startswith("report.html: ")


def test_of_a_traceback_of_any_size_the_beginning_is_shown(store):
    folder = store.path / "failures" / "0123456789abcdef"
    folder.mkdir(parents=True)
    (folder / "traceback.txt").write_text("ValueError\n" + "x" * 3_000_000)
    text = store.failures()[folder.name]
    assert text.startswith("ValueError\nxxx")
    assert len(text) < 101_000
    assert text.endswith("has more)")


@pytest.mark.parametrize("whole", [False, True])
def test_a_link_to_a_file_elsewhere_does_not_bring_it_into_the_page(whole, store, tmp_path):
    (tmp_path / "traceback.txt").write_text("a secret")
    folder = store.path / "failures" / "0123456789abcdef"
    if whole:
        folder.symlink_to(tmp_path)
    else:
        folder.mkdir(parents=True)
        (folder / "traceback.txt").symlink_to(tmp_path / "traceback.txt")
    with pytest.raises(DamagedStoreError, match="is a link to a file that is not of the store"):
        store.failures()


def test_a_link_in_the_history_s_place_is_not_read(store):
    history = store.path / "history"
    (history / "protocol-001.toml").symlink_to("/dev/zero")
    preparing.keep(history, b"name = 'x'\n")
    assert (history / "protocol-002.toml").read_bytes() == b"name = 'x'\n"
