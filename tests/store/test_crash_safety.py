"""A store goes on after a kill at any moment of its creation, and notices every changed bit."""

import multiprocessing
from contextlib import suppress

import pandas as pd
import pytest
from kills import killed_at
from planning import cells_of

from rlgen.errors import DamagedStoreError, ProtocolError, StoreError
from rlgen.protocol.suite import read
from rlgen.store import records
from rlgen.store.run_store import RunStore
from rlgen.util import files, sums
from rlgen.util.seeding import stream

FORK = multiprocessing.get_context("fork")


def content(folder):
    """Every file of a store but its locks, by path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "locks" not in path.parts
    }


@pytest.fixture
def study(write_protocol):
    """A protocol and its cells."""
    ((protocol, where),) = read(write_protocol()).parts
    return protocol, cells_of(protocol, where)


@pytest.mark.slow
def test_creation_goes_on_after_a_kill_at_any_moment(study, tmp_path):
    protocol, cells = study

    def create(folder):
        RunStore.create(folder, protocol, cells, {"part-one": protocol})

    create(tmp_path / "whole")
    expected = content(tmp_path / "whole")
    number, alive = 0, False
    while not alive:
        number += 1
        folder = tmp_path / f"killed-{number}"
        alive = killed_at(number, folder, lambda folder=folder: create(folder))
        create(folder)
        assert content(folder) == expected, f"after a kill at touch {number}"
    assert number > 20, "the kills have reached every step"


@pytest.mark.slow
def test_publishing_goes_on_after_a_kill_at_any_moment(study, tmp_path):
    protocol, (cell, *_) = study
    number, alive = 0, False
    while not alive:
        number += 1
        store = RunStore.create(tmp_path / f"store-{number}", protocol, [cell])

        def publish(store=store):
            with store.claim(cell.id) as held:
                assert held
                if not store.has(cell.id):
                    aside = store.aside(cell.id)
                    for name in ("records.parquet", "cell.json"):
                        (aside / name).write_bytes(name.encode() * 100)
                    store.publish(aside, cell.id, ["plain"])

        alive = killed_at(number, store.path, publish)
        publish()
        run = store.run_folder(cell.id)
        names = {"records.parquet", "cell.json", "conditions.json", sums.NAME}
        assert {path.name for path in run.iterdir()} == names
        assert sums.read(run / "records.parquet") == b"records.parquet" * 100
        assert not list((store.path / ".rlgen" / "parts").iterdir())
    assert number > 8


@pytest.mark.slow
def test_commands_that_start_at_once_share_a_new_folder(study, tmp_path):
    protocol, cells = study
    for attempt in range(3):
        folder = tmp_path / f"store-{attempt}"
        barrier = FORK.Barrier(12)

        def create(number, folder=folder, barrier=barrier):
            barrier.wait()
            RunStore.create(folder, protocol, cells[number % 4 : number % 4 + 1])

        processes = [FORK.Process(target=create, args=(number,)) for number in range(12)]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
        assert [process.exitcode for process in processes] == [0] * 12
        planned = {entry["id"] for entry in RunStore(folder).plan()}
        assert planned == {cell.id for cell in cells[:4]}


@pytest.mark.long
def test_every_flipped_bit_of_a_run_is_noticed(study, tmp_path):
    protocol, (cell, *_) = study
    store = RunStore.create(tmp_path / "store", protocol, [cell])
    aside, rng = store.aside(cell.id), stream(0, "flips")
    table = pd.DataFrame({name: [0, 1] for name in records.CURVES.names})
    table["run_id"], table["split"] = cell.id, "test"
    records.write(aside / "curve.parquet", table, records.CURVES)
    files.write_json(
        aside / "provenance.json", {"versions": {}, "seconds": {"train": 12.5}, "command": []}
    )
    (aside / "policy.safetensors").write_bytes(rng.bytes(5000))
    store.publish(aside, cell.id, ["plain"])
    run = store.run_folder(cell.id)
    readers = {
        "curve.parquet": store.curves,
        "provenance.json": store.provenance,
        "conditions.json": lambda: store.conditions(cell.id),
        "policy.safetensors": lambda: sums.read(run / "policy.safetensors"),
    }
    for name, act in readers.items():
        act()
        whole = (run / name).read_bytes()
        for _ in range(50):
            flipped = bytearray(whole)
            flipped[rng.integers(len(whole))] ^= 1 << int(rng.integers(8))
            (run / name).write_bytes(flipped)
            with pytest.raises(DamagedStoreError, match=rf"{name}: is not as it was written"):
                act()
        (run / name).write_bytes(whole)
    # The sums themselves: never a wrong number, at most a false alarm.
    whole = (run / sums.NAME).read_bytes()
    right = store.provenance()
    for _ in range(100):
        flipped = bytearray(whole)
        flipped[rng.integers(len(whole))] ^= 1 << int(rng.integers(8))
        (run / sums.NAME).write_bytes(flipped)
        with suppress(DamagedStoreError):
            assert store.provenance() == right
    # A name in them: no file of a run is read that they do not name.
    for name, act in readers.items():
        (run / sums.NAME).write_bytes(whole.replace(name.encode(), b"x" + name[1:].encode()))
        with pytest.raises(DamagedStoreError, match=rf"{name}: .*sha256.json does not name it"):
            act()


def test_leftovers_of_the_dead_are_removed_and_those_of_the_living_are_not(tmp_path):
    own = files.aside(tmp_path / "plan.json")
    own.write_text("being written")
    process = FORK.Process(target=lambda: files.aside(tmp_path / "x.json").write_text("left"))
    process.start()
    process.join()
    (tmp_path / ".hidden.part").write_text("of somebody else")
    elsewhere = own.name.replace(own.name.split(".")[-4], "another-host")
    (tmp_path / elsewhere).write_text("being written there")
    assert len(list(tmp_path.iterdir())) == 4
    files.remove_leftovers(tmp_path)
    assert {p.name for p in tmp_path.iterdir()} == {own.name, ".hidden.part", elsewhere}


@pytest.mark.parametrize("name", ["", "..", ".hidden", "../up", "a/b", "/etc", "a\nb", "x" * 300])
def test_a_name_of_a_file_never_leads_elsewhere(name, study, tmp_path):
    protocol, cells = study
    store = RunStore.create(tmp_path / "store", protocol, cells)
    for act in (store.run_folder, store.has, lambda cell: store.fail(cell, "why")):
        with pytest.raises(StoreError, match="is not a name for a file"):
            act(name)
    with pytest.raises(StoreError, match="is not a name for a file"):
        store.save_split({}, name)
    with pytest.raises(StoreError, match="is not a name for a file"):
        RunStore.create(tmp_path / "store", protocol, cells, {name: protocol})
    assert {p.name for p in tmp_path.iterdir()} == {"store", "tiny.toml"}


@pytest.mark.parametrize("item", ["../../../up", "/etc/passwd", "a/b", ".hidden", "a\nb", "C:x"])
def test_an_item_of_the_first_form_never_leads_elsewhere(item, write_protocol):
    with pytest.raises(ProtocolError, match="item") as error:
        read(write_protocol(item=item))
    assert error.value.exit_code == 2
