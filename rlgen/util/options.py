"""Options of what is looked up by name: their defaults say which there are, and of which type."""

from collections.abc import Mapping, Sequence
from math import inf
from typing import Any

from rlgen.errors import ProtocolError, nearest
from rlgen.util.ranges import whole


def configured(
    name: str,
    options: Mapping[str, Any],
    defaults: Mapping[str, Any],
    limits: Mapping[str, tuple[float, float]],
    choices: Mapping[str, Sequence[str]] | None = None,
) -> dict[str, Any]:
    """The defaults with some options in their place.

    Args:
        name: Of what has them, for messages.
        options: Values, of the types of the defaults; whole numbers will do for others.
        defaults: Of all options.
        limits: The smallest and the largest value of options that are numbers.
        choices: The values of options that are names.

    Raises:
        ProtocolError: For an option that there is not, or a value of another type or beyond its
            limits or choices.
    """
    options = {
        key: whole(value) if type(defaults.get(key)) is int else value
        for key, value in options.items()
    }
    for key, value in options.items():
        if key not in defaults:
            raise ProtocolError(f"{name} has no option {key!r}{nearest(key, defaults)}")
        default = defaults[key]
        if type(value) is not type(default) and not (
            isinstance(default, float) and type(value) is int
        ):
            kind = type(default).__name__
            raise ProtocolError(f"{name} option {key} = {value!r}: must be of type {kind}")
        low, high = limits.get(key, (-inf, inf))
        if isinstance(value, int | float) and not low <= value <= high:
            raise ProtocolError(
                f"{name} option {key} = {value!r}: must be from {low:g} to {high:g}"
            )
        valid = (choices or {}).get(key, (value,))
        if value not in valid:
            raise ProtocolError(f"{name} has no {key} {value!r}{nearest(value, valid)}")
    return {**defaults, **options}
