"""What levels are like: a property of their family, or a function of their ids."""

import math
import numbers
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from rlgen.errors import LevelError, nearest, one_line
from rlgen.levels.capabilities import Described
from rlgen.util.named_code import importable, source_hash

if TYPE_CHECKING:
    from rlgen.levels.family import Family, Levels

#: The value of a property: the label of a group, or a place on an axis.
Value = str | float
#: What begins so is an entry of what an environment's reset says, and never a module.
INFO = "info:"
#: The longest label.
LONGEST = 200


def values(family: "Family", levels: "Levels", name: str, *, axis: bool) -> list[Value]:
    """The value of a property of each level.

    Args:
        family: Of the levels.
        levels: ``L`` levels.
        name: One of the family's properties, or "module:function" of a level's id.
        axis: Whether it must be a number; else it must be a label.

    Raises:
        LevelError: If there is no such property, or a value is not what it must be.
    """
    if not len(levels):
        return []
    raw: Sequence[Any]
    if isinstance(family, Described) and of_family(family, name):
        raw = family.described(levels, name)
    elif is_code(family, name):
        raw = _called(name, [int(level) for level in levels.ids])
    else:
        there = family.properties if isinstance(family, Described) else ()
        prefixed = [f"{own}{name}" for own in there if own.endswith(":")]
        hint = f" (do you mean {prefixed[0]!r}?)" if prefixed else nearest(name, there)
        raise LevelError(
            f"{family.name} has no property {name!r}{hint}; module:function names a function of a "
            "level's id"
        )
    convert = _number if axis else _label
    result: list[Value] = []
    for value, level in zip(raw, levels.ids, strict=True):
        try:
            result.append(convert(value))
        except ValueError as error:
            raise LevelError(f"{name} of level {level}: {error}") from None
    return result


def of_family(family: "Family", name: str) -> bool:
    """Whether a family has the property itself; a name that ends in ":" stands for all like it."""
    return isinstance(family, Described) and any(
        name != own and name.startswith(own) if own.endswith(":") else name == own
        for own in family.properties
    )


def is_code(family: "Family", name: str) -> bool:
    """Whether a property is a function of a user's."""
    return ":" in name and not name.startswith(INFO) and not of_family(family, name)


def source_of(family: "Family", name: str) -> str:
    """Hash of the source of a function that decides groups; empty for properties of the family."""
    if not is_code(family, name):
        return ""
    return source_hash(name.rpartition(":")[0]) or ""


def _called(name: str, ids: Sequence[int]) -> list[Any]:
    module, _, function = name.rpartition(":")
    importable(module)
    try:
        member = getattr(import_module(module), function)
    except Exception as error:
        raise LevelError(f"{name}: {type(error).__name__}: {one_line(error)}") from None
    if not callable(member):
        raise LevelError(f"{name}: is no function of a level's id")
    results = []
    for level in ids:
        try:
            results.append(member(level))
        except Exception as error:
            raise LevelError(
                f"{name}({level}) raises {type(error).__name__}: {one_line(error)}"
            ) from None
    return results


def _label(value: Any) -> str:
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, str) and value and value.isprintable() and len(value) <= LONGEST:
        return value
    if isinstance(value, numbers.Integral):
        return str(value)
    raise ValueError(f"{value!r} is no label: a line of text, a whole number, True or False")


def _number(value: Any) -> float:
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, numbers.Real) and math.isfinite(value):
        return float(value)
    raise ValueError(f"{value!r} is no number")
