"""The JSON Schema takes what rlgen takes, and refuses what an editor can know to be wrong."""

import json
import tomllib
from importlib.resources import files

import jsonschema
import pytest
from commands import rlgen

from rlgen.protocol.groups import GROUPS
from rlgen.protocol.json_schema import json_schema, key_cards
from rlgen.protocol.level_groups import LevelGroups
from rlgen.protocol.pools import Pool
from rlgen.protocol.schema import GRID, Protocol, keys

SHIPPED = sorted(path for path in files("rlgen_protocols").rglob("*.toml"))
CHECKED = jsonschema.Draft202012Validator(json_schema())


def test_it_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(json_schema())


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_file_is_taken(path):
    assert not list(CHECKED.iter_errors(tomllib.loads(path.read_text())))


def test_ranges_single_values_and_what_a_policy_makes_needless_are_taken(tiny):
    for keys_too in (
        {"seeds": "0:20"},
        {"seeds": 3},
        {"n_train_levels": 3, "network": "conv-a", "flip_p": 0, "agent_options": {"lr": 1e-3}},
        {"train_levels": "0:5", "test_levels": "7:9"},
        {"budgets": {"small": {"steps": 10}}, "budget": "small"},
        {"pools": {"larger": {"family_options": {"size": 7}, "optional": True}, "a-b": {}}},
    ):
        assert not list(CHECKED.iter_errors(tiny | keys_too))
    needless = ("seeds", "steps", "network", "n_train_levels")
    rest = {name: value for name, value in tiny.items() if name not in needless}
    named = {"policy": "a.zip", "train_levels": "0:5", "test_levels": "7:9"}
    assert not list(CHECKED.iter_errors(rest | named))


@pytest.mark.parametrize(
    "keys_too",
    [
        {"stepz": 3},
        {"steps": "many"},
        {"steps": 0},
        {"n_train_levels": []},
        {"n_train_levels": 0},
        {"seeds": [-1]},
        {"flip_p": 1.5},
        {"train_pool": "own"},
        {"margin": 0},
        {"budgets": {"small": {"stepz": 10}}},
        {"parts": []},
        {"family": None},
        {"network": None},
    ],
    ids=str,
)
def test_what_is_wrong_is_refused(tiny, keys_too):
    table = {k: v for k, v in (tiny | keys_too).items() if v is not None}
    with pytest.raises(jsonschema.ValidationError):
        CHECKED.validate(table)


def test_every_key_is_documented_with_unit_default_and_meaning():
    cards = key_cards()
    own = {f"pools.NAME.{name}" for name in Pool.model_fields}
    own |= {f"levels.{name}" for name in LevelGroups.model_fields}
    assert own < set(cards)
    assert [name for name in cards if name not in own] == list(keys())
    assert set(keys()) == set(Protocol.model_fields)
    for group in GROUPS:
        assert set(group.model_fields) <= set(cards)
    for name, card in cards.items():
        assert ("grid" in card.partition(")")[0]) == (name in GRID), name
        assert len(card.partition(") ")[2]) > 10, name


def test_the_commands_print_them():
    assert json.loads(rlgen("schema")[0]) == json_schema()
    printed, _ = rlgen("list", "keys")
    for name in keys():
        assert f"\n{name} " in f"\n{printed}"
