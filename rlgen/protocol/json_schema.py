"""The JSON Schema of protocol files, for editors and other programs, and what each key means.

It takes what ``rlgen evaluate`` takes: one value where a list is meant, ranges of seeds as text,
budgets, suites and their parts. That names exist and fit each other only rlgen itself knows.
"""

from collections.abc import Mapping
from typing import Any

from pydantic.fields import FieldInfo

from rlgen.protocol.level_groups import LevelGroups
from rlgen.protocol.pools import Pool
from rlgen.protocol.schema import GRID, Protocol, keys
from rlgen.protocol.suite import BUDGET, BUDGETS
from rlgen.protocol.suite_parts import PARTS
from rlgen.util.toml import toml
from rlgen.util.validation import Settings

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, Any]:
    """Of a protocol file, a suite's file or a part's.

    A file with a name that is no suite has all keys that a study needs, unless budgets have some
    of them.

    Example:
        >>> sorted(json_schema()["$defs"])
        ['LevelGroups', 'Pool', 'budget']
    """
    schema = Protocol.model_json_schema(mode="validation")
    properties: dict[str, dict[str, Any]] = {name: schema["properties"][name] for name in keys()}
    for field in properties.values():
        field.pop("title", None)
    table = {
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
    }
    names = {"type": "array", "items": {"type": "string"}, "minItems": 1}
    budget = {**table, "properties": {**properties, PARTS: names}}
    of_files = {
        BUDGETS: {"type": "object", "additionalProperties": {"$ref": "#/$defs/budget"}},
        BUDGET: {"type": "string"},
        PARTS: names,
    }
    whole = {
        "required": ["name"],
        "not": {"anyOf": [{"required": [PARTS]}, {"required": [BUDGETS]}]},
    }
    return {
        "$schema": DIALECT,
        "title": "A protocol of rlgen",
        "description": "https://json-schema.org for editors; made by rlgen schema",
        "$defs": {"budget": budget, **schema["$defs"]},
        "type": "object",
        "properties": {**properties, **of_files},
        "additionalProperties": False,
        "if": whole,
        "then": _required(schema["required"]),
    }


def _required(names: list[str]) -> dict[str, Any]:
    """What a whole protocol needs: less where policies or levels are named."""
    of_training, of_levels = ("network", "seeds", "steps"), ("n_train_levels",)
    rest = [name for name in names if name not in (*of_training, *of_levels)]
    return {
        "required": rest,
        "allOf": [
            {"anyOf": [{"required": ["policy"]}, {"required": list(of_training)}]},
            {"anyOf": [{"required": ["train_levels"]}, {"required": list(of_levels)}]},
        ],
    }


#: Keys that hold tables, with what their own keys are called and what they are.
TABLES: Mapping[str, Mapping[str, type[Settings]]] = {
    "levels": {"levels": LevelGroups},
    "pools": {"pools.NAME": Pool},
}


def key_cards() -> dict[str, str]:
    """By key its unit, its default and what it means, in the order of documentation."""
    cards = {}
    for name in keys():
        cards[name] = _card(Protocol.model_fields[name], *(["grid"] if name in GRID else []))
        for prefix, table in TABLES.get(name, {}).items():
            cards |= {f"{prefix}.{k}": _card(field) for k, field in table.model_fields.items()}
    return cards


def _card(field: FieldInfo, *notes: str) -> str:
    extra = field.json_schema_extra
    unit = str(extra.get("unit", "")) if isinstance(extra, dict) else ""
    default = field.get_default(call_default_factory=True)
    if isinstance(default, tuple) and len(default) < 2:
        default = default[0] if default else []
    value = "required" if field.is_required() else f"default {toml(default)}"
    return f"({', '.join(filter(None, (unit, value, *notes)))}) {field.description}"
