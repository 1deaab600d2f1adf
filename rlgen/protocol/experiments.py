"""Experiments of a paper in a protocol: tables of options whose lists span a grid."""

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from rlgen.util.ranges import parse_seeds, whole
from rlgen.util.validation import Scalar, listed

#: The option that every experiment has.
SEEDS = "seeds"
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}")


def _named(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError("an experiment's name is 1 to 64 small letters, digits, - and _")
    return name


def _spread(values: Any) -> Any:
    """Each value as a tuple, and seeds as numbers."""
    if not isinstance(values, Mapping):
        return values
    lists = {key: listed(value) for key, value in values.items()}
    lists |= {SEEDS: whole(lists[SEEDS])} if SEEDS in lists else {}
    if isinstance(seeds := values.get(SEEDS), str):
        lists[SEEDS] = parse_seeds(seeds)
    return lists


def _checked(options: dict[str, tuple[Scalar, ...]]) -> dict[str, tuple[Scalar, ...]]:
    for name, values in options.items():
        if not values:
            raise ValueError(f"{name} = []: needs at least one value")
        if len(set(map(repr, values))) < len(values):
            raise ValueError(f"{name}: a value is listed twice")
    for seed in options.get(SEEDS, ()):
        if type(seed) is not int or not 0 <= seed < 2**62:
            raise ValueError(f"{SEEDS} = {seed!r}: seeds are whole numbers from 0")
    return options


_Options = Annotated[
    dict[str, tuple[Scalar, ...]],
    BeforeValidator(
        _spread,
        json_schema_input_type=dict[str, Scalar | Annotated[list[Scalar], Field(min_length=1)]],
    ),
    AfterValidator(_checked),
]
#: By experiment the values of each option; the product of the lists is what is run.
Experiments = dict[Annotated[str, AfterValidator(_named)], _Options]


def joined(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The experiments of two protocols: of an option the values of both."""
    both: dict[str, dict[str, Any]] = {name: dict(options) for name, options in old.items()}
    for name, options in new.items():
        before = both.setdefault(name, {})
        for key, values in options.items():
            first = tuple(before.get(key, ()))
            before[key] = (*first, *(value for value in values if value not in first))
    return both


def replaced(before: Any, now: Any) -> Any:
    """The tables of a file with those keys of them that a budget replaces."""
    if not isinstance(before, Mapping) or not isinstance(now, Mapping):
        return now
    tables = dict(before)
    for name, options in now.items():
        own = tables.get(name)
        both = isinstance(own, Mapping) and isinstance(options, Mapping)
        tables[name] = {**own, **options} if both else options  # type: ignore[dict-item]
    return tables
