"""Which texts of a cell's settings, or of a protocol, may name code of a user.

Whoever reads a stranger's store asks this before anything is made of it: what is named would be
imported. An executor asks it to send the modules along.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from rlgen.levels.properties import INFO

#: Keys that may name code as ``module:name``; so may every option.
_NAMING = ("family", "network", "agent", "policy")
_OPTIONS = ("family_options", "agent_options", "options")
#: Keys that hold by which property levels are split, in settings of cells and of pools.
_GROUPINGS = ("levels", "grouping")


def texts(settings: Mapping[str, Any]) -> Iterator[str]:
    """Texts that may name code; ids of levels, ranges and conditions have colons too.

    Args:
        settings: Of a cell, or the keys of a protocol.
    """
    for value in [settings.get(key) or "" for key in _NAMING]:
        # Cells of a calibration name their family with its version and options.
        yield from map(str, value if isinstance(value, list | tuple) else [value])
    for options in [settings.get(key) for key in _OPTIONS]:
        if isinstance(options, Mapping):
            yield from (value for value in options.values() if isinstance(value, str))
    for grouping in [settings.get(key) for key in _GROUPINGS]:
        if isinstance(grouping, Mapping):
            names = [str(grouping.get(key) or "") for key in ("group", "axis")]
            yield from (name for name in names if not name.startswith(INFO))
    pools = settings.get("pools") or {}
    for pool in pools.values() if isinstance(pools, Mapping) else ():
        if isinstance(pool, Mapping):
            yield from texts(pool)


def code(settings: Mapping[str, Any]) -> list[str]:
    """The texts that name code."""
    return sorted({text for text in texts(settings) if ":" in text})
