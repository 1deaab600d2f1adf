"""Settings as they are written in one word or line: ``NAME[key=value]``, ``key=value``."""

import json
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from rlgen.errors import LevelError

#: Whole numbers below it are equal to no other as floats.
MOST_EXACT = 2**53


def named_options(name: str) -> tuple[str, dict[str, Any]]:
    """Split a name into the part before the brackets, and the options in them.

    Example:
        >>> named_options("corridor[length=9]")
        ('corridor', {'length': 9})
    """
    bare, bracket, inside = name.partition("[")
    if not bracket or not inside.endswith("]"):
        return name, {}
    options = {}
    for piece in inside[:-1].split(","):
        key, equals, value = piece.partition("=")
        if not equals:
            raise LevelError(f"{name}: options are given as [key=value,key=value]")
        if key.strip() in options:
            raise LevelError(f"{name}: {key.strip()} is given twice")
        options[key.strip()] = parse_value(value.strip())
    return bare, options


def two_spellings(names: Iterable[str], before: Collection[str] = ()) -> tuple[str, str] | None:
    """Two names that mean the same, with options in another order or numbers written otherwise.

    Args:
        names: Each may have options in brackets.
        before: Further names, which may be spelt as they are.

    Example:
        >>> two_spellings(["a[x=1,y=2]", "a[y=2.0,x=1]"])
        ('a[x=1,y=2]', 'a[y=2.0,x=1]')
    """
    by_meaning = {_meaning(name): name for name in before}
    for name in names:
        first = by_meaning.setdefault(_meaning(name), name)
        if first != name and name not in before:
            return first, name
    return None


def _meaning(name: str) -> str:
    try:
        bare, options = named_options(name)
    except LevelError:
        return name  # who looks it up says what is wrong with it
    # Of a number only how it is written may differ: true is none, and lists stay as they are.
    numbers = {k: float(v) for k, v in options.items() if type(v) is int and abs(v) < MOST_EXACT}
    return json.dumps([bare, {**options, **numbers}], sort_keys=True)


def parse_value(text: str) -> Any:
    """Parse a setting: a number, true, false, or the text itself."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def parse_options(options: Sequence[str]) -> dict[str, Any]:
    """Family options from ``key=value``; a value is a number, true, false, or text.

    Raises:
        LevelError: For an option without an equals sign, or one that is given twice.
    """
    parsed: dict[str, Any] = {}
    for text in options:
        key, equals, value = text.partition("=")
        if not equals:
            raise LevelError(f"--option {text!r}: must be KEY=VALUE")
        if key in parsed:
            raise LevelError(f"--option {text!r}: {key!r} is given twice")
        parsed[key] = parse_value(value)
    return parsed
