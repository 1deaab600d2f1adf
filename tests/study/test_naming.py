"""What a stranger's store names is not imported, and an executor sends what is."""

import json
import shutil

import pytest

from rlgen import draw_split
from rlgen.diagnostics import store_health
from rlgen.errors import LevelError, StoreError
from rlgen.levels import lookup
from rlgen.protocol import suite
from rlgen.store.run_store import RunStore
from rlgen.study import naming, probing
from rlgen.study.executors import shipping
from rlgen.study.plan import plan

EVIL = "raise SystemExit('imported')\n"


@pytest.mark.parametrize(
    "settings",
    [
        {"family": "evil:Env"},
        {"family": ("maze-basic", "CartPole-v1[wrappers=evil:Wrap]")},
        {"network": "evil:NETWORK"},
        {"policy": ["evil:policy"]},
        {"family_options": {"wrappers": "evil:Wrap"}},
        {"levels": {"group": "evil:f", "axis": ""}},
        {"levels": {"axis": "evil:f"}},
        {"pools": {"far": {"family": "evil:Env"}}},
        {"pools": {"far": {"grouping": {"group": "evil:f"}}}},
    ],
)
def test_what_may_be_imported_is_named(settings):
    assert any("evil:" in text for text in naming.code(settings))


def test_ids_ranges_conditions_and_what_reset_says_are_no_code():
    settings = {
        "train_levels": "0:200",
        "regulariser": "dropout:0.1",
        "levels": {"group": "info:game", "train": ":3", "test": "3:"},
        "pools": {"far": {"levels": "7:9", "grouping": {"axis": "distance", "far": "2:5"}}},
    }
    assert naming.code(settings) == []


@pytest.fixture
def evil(tmp_path, monkeypatch):
    """A module that must not be imported, where it would be found."""
    (tmp_path / "evil.py").write_text(EVIL)
    (tmp_path / "info.py").write_text(EVIL)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize(
    "keys",
    [
        {"levels": {"group": "evil:f", "test": ["a"]}},
        {"pools": {"far": {"family": "evil:Env", "family_options": {}, "family_version": 3}}},
    ],
)
def test_a_strangers_run_imports_nothing_that_its_levels_name(keys, tiny_store, evil):
    store = evil / "store"
    shutil.copytree(tiny_store, store)
    run = sorted((store / "runs").iterdir())[0]
    (run / "sha256.json").unlink()
    card = json.loads((run / "cell.json").read_text())
    card["settings"] |= keys
    (run / "cell.json").write_text(json.dumps(card))
    with pytest.raises(StoreError, match=r"its run names code, evil:\w+, which would"):
        probing.cell_of(run, ())


@pytest.mark.slow
def test_nor_does_a_strangers_study_that_is_verified(tiny_store, evil):
    store = evil / "store"
    shutil.copytree(tiny_store, store)
    text = (store / "protocol.toml").read_text()
    grouped = text + 'levels = { group = "evil:f", test = ["a"] }\n'
    (store / "protocol.toml").write_text(grouped)
    (store / "parts").mkdir()
    (store / "parts" / "one.toml").write_text(grouped)
    reasons = [each.reason for each in store_health.problems(RunStore(store))]
    assert any("only named code says what they are of, evil:f" in reason for reason in reasons)


def test_an_entry_of_reset_is_no_module(evil):
    with pytest.raises(LevelError, match="maze-basic has no property 'info:f'"):
        draw_split(lookup.family("maze-basic"), 1, 0, 1, levels={"group": "info:f", "test": ["a"]})


def test_a_function_that_says_the_group_travels_and_its_edit_makes_another_cell(
    tiny, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    module = tmp_path / "grouping_of_mine.py"
    module.write_text("def parity(level):\n    return level % 2\n")
    levels = {"group": "grouping_of_mine:parity", "test": [1]}

    def cells():
        return [task.cell for task in plan(suite.read({**tiny, "levels": levels})).tasks]

    first = cells()[0]
    assert list(shipping.modules(first.settings).values()) == [module.read_bytes()]
    assert not first.untracked
    assert type(first).from_settings(first.settings).id == first.id
    module.write_text(module.read_text() + "# edited\n")
    assert cells()[0].id != first.id
    assert type(first).from_settings(first.settings).id != first.id
