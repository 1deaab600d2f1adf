"""Settings as they are written in one word or line: ``NAME[key=value]``, ``key=value``."""

import json
from collections.abc import Sequence
from typing import Any

from rlgen.errors import LevelError


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
