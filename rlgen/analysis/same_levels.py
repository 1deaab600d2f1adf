"""Whether the levels of two studies are the same: ids say so only of one family as it was."""

from collections.abc import Mapping
from typing import Any

#: Settings that decide what the levels of a family are, and how they pay.
LEVELS = ("family_options", "family_version", "family_source")


def differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    """The first of ``LEVELS`` in which the settings of two runs differ; empty if none does."""
    return next((key for key in LEVELS if one.get(key) != other.get(key)), "")
