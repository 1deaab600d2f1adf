"""A compacted store says the same, bit for bit; kills, and others at work, change nothing of it."""

import io
import multiprocessing
import shutil
import subprocess
import zipfile
from contextlib import suppress

import pandas as pd
import pytest
from commands import rlgen as run
from kills import killed_at
from simulated_store import make

import rlgen
from rlgen import report
from rlgen.errors import DamagedStoreError, StoreError
from rlgen.protocol.schema import parse
from rlgen.report import kept
from rlgen.store import compacting
from rlgen.store.compacting import compact, expand
from rlgen.store.integrity import damages
from rlgen.store.run_store import RunStore
from rlgen.store.unpacking import unpack
from rlgen.util import segments, sums
from rlgen.util.seeding import stream

FORK = multiprocessing.get_context("fork")
KEYS = {
    "name": "folded",
    "family": "maze-basic",
    "family_options": {"size": 5},
    "n_train_levels": [3, 6],
    "n_validation_levels": 2,
    "n_test_levels": 4,
    "network": "mlp-512-128",
    "seeds": [0, 1, 2],
    "steps": 1000,
    "checkpoint_every": 0,
    "conditions": ["plain", "greedy"],
}


@pytest.fixture(scope="module")
def folded(tmp_path_factory):
    """A store of six runs, one of which has a further part."""
    store = RunStore(make(tmp_path_factory.mktemp("f") / "s", parse(KEYS, "folded"), agents=True))
    cell = min(store.inventory().runs)
    aside = store.aside(cell)
    shutil.copy(store.run_folder(cell) / "records.parquet", aside)
    store.publish(aside, cell, ["delay:1"], whole=False)
    report.write(store)
    return store.path


@pytest.fixture
def store(folded, tmp_path):
    return RunStore(shutil.copytree(folded, tmp_path / "s"))


def content(folder):
    """Files of a store by path, without locks and segments."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not {"locks", segments.FOLDER} & set(path.parts)
    }


def number_of_files(store):
    return sum(path.is_file() for kind in segments.KINDS for path in (store.path / kind).rglob("*"))


def bundled(store, tmp_path):
    path = tmp_path / "of.tar.xz"
    kept.bundle(store.path, path)
    return path.read_bytes()


@pytest.mark.slow
def test_all_that_is_read_of_it_is_the_same(store, tmp_path):
    def everything():
        fresh = RunStore(store.path)
        cells = fresh.done()
        return (
            fresh.state(),
            cells,
            [fresh.conditions(cell) for cell in cells],
            fresh.provenance(),
            dict(fresh.trajectories()),
            [name for name, _ in fresh.splits()],
            report.is_current(fresh),
            bundled(fresh, tmp_path),
            list(damages(fresh)),
        )

    before, rows = everything(), rlgen.load(store.path)
    curves, files = store.curves(), number_of_files(store)
    done = compact(store)
    assert (done.folders, done.files, done.left) == (7, files, {})
    assert number_of_files(store) == 0
    assert len(list((store.path / segments.FOLDER).iterdir())) == 1
    assert everything() == before
    pd.testing.assert_frame_equal(rlgen.load(store.path), rows)
    pd.testing.assert_frame_equal(RunStore(store.path).curves(), curves)
    assert compact(store).folders == 0


def test_expanding_brings_every_bit_back_and_so_does_unzip(store, tmp_path):
    before = content(store.path)
    compact(store)
    (segment,) = (store.path / segments.FOLDER).iterdir()
    with zipfile.ZipFile(segment) as archive:
        archive.extractall(tmp_path / "unzipped")
    for path in (tmp_path / "unzipped").rglob("*"):
        if path.is_file() and path.name != segments.INDEX:
            assert path.read_bytes() == before[path.relative_to(tmp_path / "unzipped").as_posix()]
    assert expand(store).folders == 7
    assert content(store.path) == before
    assert list((store.path / segments.FOLDER).iterdir()) == []


def test_the_same_runs_give_the_same_segment(folded, tmp_path):
    names = set()
    for name in "ab":
        own = RunStore(shutil.copytree(folded, tmp_path / name))
        names |= set(compact(own).segments)
    assert len(names) == 1


def test_runs_that_come_later_go_into_a_further_segment(store, monkeypatch):
    monkeypatch.setattr(compacting, "MOST", 3)
    before = store.state()
    assert len(compact(store).segments) == 3
    assert RunStore(store.path).state() == before
    assert store.done()


def test_runs_whose_weights_a_bundle_left_out_are_folded_without(store, tmp_path):
    kept.bundle(store.path, tmp_path / "b.tar.xz")
    unpack(tmp_path / "b.tar.xz", tmp_path / "again")
    again = RunStore(tmp_path / "again")
    before = again.state()
    assert list(store.path.rglob("*.safetensors"))
    assert not list(again.path.rglob("*.safetensors"))
    done = compact(again)
    assert (done.left, done.folders) == ({}, 7)
    assert RunStore(again.path).state() == before
    assert not list(damages(again))
    assert expand(again).folders == 7
    assert not list(damages(again))


def test_what_is_damaged_claimed_or_without_sums_is_left_as_it_is(store):
    damaged, claimed, old, odd, *_ = sorted(store.inventory().runs - {min(store.inventory().runs)})
    before = store.state()
    (store.run_folder(damaged) / "curve.parquet").write_bytes(b"x")
    (store.run_folder(old) / sums.NAME).unlink()
    (store.run_folder(odd) / "further.txt").write_text("x")
    elsewhere = FORK.Event(), FORK.Event()

    def hold():
        with store.claim(claimed):
            elsewhere[0].set()
            elsewhere[1].wait(30)

    process = FORK.Process(target=hold)
    process.start()
    elsewhere[0].wait(30)
    left = compact(store).left
    assert left.keys() == {f"runs/{cell}" for cell in (damaged, claimed, old, odd)}
    assert "curve.parquet: is not as it was written" in left[f"runs/{damaged}"]
    assert "another command" in left[f"runs/{claimed}"]
    assert "without sums" in left[f"runs/{old}"]
    assert "further.txt" in left[f"runs/{odd}"]
    assert {path.name for path in (store.path / "runs").iterdir()} == {damaged, claimed, old, odd}
    elsewhere[1].set()
    process.join()
    # It lies in its folder and in a segment; the next command removes the folder.
    assert store.state() != before, "one has no sums"
    assert f"runs/{claimed}" not in compact(store).left
    assert not store.run_folder(claimed).exists()
    assert store.has(claimed)


@pytest.mark.slow
def test_a_flipped_bit_in_a_segment_is_noticed_by_who_reads_it_or_by_verify(store):
    compact(store)
    (path,) = (store.path / segments.FOLDER).iterdir()
    whole, rng = path.read_bytes(), stream(0, "segments")
    right = rlgen.load(store.path)
    for _ in range(20):
        flipped = bytearray(whole)
        flipped[int(rng.integers(len(whole)))] ^= 1 << int(rng.integers(8))
        path.write_bytes(flipped)
        segments.forget()
        assert list(damages(store))
        with suppress(DamagedStoreError):
            pd.testing.assert_frame_equal(rlgen.load(store.path), right)
    for damage in (b"", whole[: len(whole) // 2], whole + b"x", b"\0" * len(whole)):
        path.write_bytes(damage)
        segments.forget()
        with pytest.raises(DamagedStoreError, match=r"\.zip"):
            rlgen.load(store.path)
        assert list(damages(store))
    path.write_bytes(whole)
    segments.forget()
    assert not list(damages(store))


def test_a_run_that_is_damaged_in_a_segment_can_be_computed_again(store):
    compact(store)
    (path,) = (store.path / segments.FOLDER).iterdir()
    cell = max(store.inventory().runs)
    place, _ = segments.files(store.run_folder(cell))["curve.parquet"]
    data = bytearray(path.read_bytes())
    data[place + 9] ^= 1
    path.write_bytes(data)
    with pytest.raises(DamagedStoreError, match="--undo"):
        store.curves()
    expand(store)
    with pytest.raises(DamagedStoreError, match="move the folder"):
        store.curves()
    shutil.rmtree(store.run_folder(cell))
    assert not store.has(cell)
    store.curves()


@pytest.mark.parametrize("index", ["{", "[]", '{"runs/a": {"b": [0]}}', '{"../x": {"b": [0, 1]}}'])
@pytest.mark.parametrize("name", ["a" * 64, "b"])
def test_an_index_that_a_stranger_made_is_refused(index, name, store):
    file = io.BytesIO(index.encode())
    data = index.encode() + segments.comment(0, file.getvalue())
    (store.path / segments.FOLDER).mkdir()
    (store.path / segments.FOLDER / f"{name}.zip").write_bytes(data)
    with pytest.raises(DamagedStoreError, match="not as rlgen writes it"):
        store.done()


def test_an_index_that_leads_beyond_the_end_is_refused(store):
    index = b'{"runs/a": {"b": [5, 10000]}}'
    (store.path / segments.FOLDER).mkdir()
    (store.path / segments.FOLDER / "x.zip").write_bytes(index + segments.comment(0, index))
    with pytest.raises(DamagedStoreError, match="after its end"):
        store.done()


def test_two_commands_do_not_compact_at_once(store):
    with compacting.held(store), pytest.raises(StoreError, match="another command"):
        compact(store)


@pytest.mark.slow
@pytest.mark.parametrize("act", [compact, expand], ids=["compact", "undo"])
def test_a_kill_at_any_moment_loses_and_doubles_nothing(act, folded, tmp_path):
    whole, state = content(folded), RunStore(folded).state()
    rng, alive, number = stream(0, "kills"), False, 0
    while not alive:
        number += int(rng.integers(50, 150))
        place = tmp_path / f"s{number}"
        store = RunStore(shutil.copytree(folded, place))
        if act is expand:
            compact(store)
        alive = killed_at(number, place, lambda store=store: act(store))
        segments.forget()
        assert RunStore(place).state() == state, f"after a kill at touch {number}"
        assert len(RunStore(place).done()) == 6
        assert not list(damages(store))
        compact(store)
        assert number_of_files(store) == 0
        expand(store)
        assert content(place) == whole
        assert list((place / segments.FOLDER).iterdir()) == []
        shutil.rmtree(place)
    assert number > 150, "killed twice at least"


@pytest.mark.slow
def test_readers_see_all_runs_while_a_store_is_folded_and_unfolded(store):
    right = store.state()
    over = FORK.Event()

    def fold():
        for _ in range(6):
            compact(store)
            expand(store)
        over.set()

    process = FORK.Process(target=fold)
    process.start()
    looked = 0
    while not over.is_set():
        fresh = RunStore(store.path)
        assert len(fresh.done()) == 6
        assert fresh.state() == right
        assert len(fresh.records()) == len(rlgen.load(store.path))
        looked += 1
    process.join()
    assert process.exitcode == 0
    assert looked > 2


@pytest.mark.slow
def test_every_command_goes_on_with_a_compacted_study(
    tiny_store, write_protocol, tmp_path, undrawn
):
    """The agents are real: a run that lies in a segment is evaluated under a further condition."""
    place = shutil.copytree(tiny_store, tmp_path / "s")
    other = shutil.copytree(tiny_store, tmp_path / "other")
    run("compact", place)
    assert not list((place / "runs").iterdir())
    words = [("check", "--max-gap", "9", "--json"), ("audit",), ("power", "--store")]
    for command, *options in words:
        texts = [
            run(command, *options, where)[0].replace(str(where), "S") for where in (place, other)
        ]
        assert texts[0] == texts[1], command
    again = rlgen.evaluate(str(write_protocol()), place)
    assert again.computed == []
    conditions = ["plain", "greedy", "random_spawn", "delay:1"]
    protocol = str(write_protocol(conditions=conditions, seeds=[0]))
    for where in (place, other):
        done = rlgen.evaluate(protocol, where)
        assert len(done.computed) == 2
        assert not done.failed
    assert RunStore(place).conditions(done.computed[0]) == set(conditions)
    run("compact", place)
    pd.testing.assert_frame_equal(rlgen.load(place), rlgen.load(other))
    run("report", place)
    run("verify", place)


@pytest.mark.slow
def test_unzip_is_the_way_out_without_rlgen(store, tmp_path):
    if shutil.which("unzip") is None:
        pytest.skip("unzip is not installed")
    before = content(store.path)
    compact(store)
    (segment,) = (store.path / segments.FOLDER).iterdir()
    done = subprocess.run(["unzip", "-n", "-q", segment], cwd=store.path, check=False)
    assert done.returncode == 0
    (store.path / segments.INDEX).unlink()
    segment.unlink()
    assert content(store.path) == before
