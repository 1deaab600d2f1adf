"""Splits by a property of levels: whole groups, or a range of an axis, are held out.

A gap to new levels of the same games, templates or rules says nothing of new games. Which levels
a pool may take is then a matter of what they are like (``levels.properties``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import inf, isinf
from typing import TYPE_CHECKING, Any

from rlgen.levels import properties
from rlgen.levels.properties import Value
from rlgen.protocol.level_groups import LIKE
from rlgen.util.ranges import interval
from rlgen.util.seeding import stream

if TYPE_CHECKING:
    from rlgen.levels.family import Family, Levels

#: How many values a message names.
_NAMED = 8


@dataclass(frozen=True)
class Only:
    """Values that a pool takes: labels, numbers from ``low`` up to ``high``, or another pool's.

    Attributes:
        labels: Of groups; empty for a range.
        low: The smallest number.
        high: The first number that is too large.
        like: The pool, "train" or "test", whose values these are; empty for its own.
    """

    labels: tuple[str, ...] = ()
    low: float = -inf
    high: float = inf
    like: str = ""

    def admits(self, value: Value) -> bool:
        """Whether the pool takes levels with this value."""
        if self.labels:
            return value in self.labels
        return not isinstance(value, str) and self.low <= value < self.high

    @property
    def settings(self) -> list[str] | str:
        """As plain values: labels, or the text of a range or pool."""
        if self.labels or self.like:
            return self.like or list(self.labels)
        return ":".join("" if isinf(end) else repr(end) for end in (self.low, self.high))

    def __str__(self) -> str:
        return ", ".join(self.labels) or str(self.settings)

    @classmethod
    def of(cls, settings: Any) -> "Only":
        """From what ``settings`` gave, or a protocol says.

        Raises:
            ValueError: For a text that is no range.
        """
        if not isinstance(settings, str):
            return cls(tuple(settings))
        if settings in LIKE:
            return cls(like=settings)
        return cls((), *interval(settings))


@dataclass(frozen=True)
class Grouping:
    """By which property levels are split, and what each pool takes.

    Attributes:
        name: Of the property, see ``properties.values``.
        axis: Whether its values are numbers that are split by range; else they are groups.
        pools: What pools take, by their name.
        held_out: Share of the groups that is held out, where ``pools`` names none. It is drawn for
            each group by itself, and so does not depend on which others there are.
        source: See ``properties.source_of``.
    """

    name: str
    axis: bool
    pools: Mapping[str, Only]
    held_out: float | None = None
    source: str = ""

    def values(self, family: "Family", levels: "Levels") -> list[Value]:
        """What each level is like; see ``properties.values``."""
        return properties.values(family, levels, self.name, axis=self.axis)

    def admits(self, pool: str, value: Value) -> bool:
        """Whether a pool may take levels with this value."""
        if pool in self.pools:
            own = self.pools[pool]
            return self.admits(own.like, value) if own.like else own.admits(value)
        if pool not in ("train", "validation", "test"):
            return True
        if self.held_out is not None:
            draw = stream(0, "group", self.name, str(value)).random()
            return bool(draw < self.held_out) == (pool == "test")
        if pool == "validation":  # is like what trains
            return self.admits("train", value)
        # It has what the other does not name.
        other = self.pools.get("test" if pool == "train" else "train")
        return other is None or not other.admits(value)

    def absent(self, pool: str, values: set[Value]) -> str:
        """The first group that a pool names and no level was of; empty if there is none."""
        named = self.pools[pool].labels if pool in self.pools else ()
        return next((label for label in named if label not in values), "")

    def wanted(self, pool: str, values: set[Value]) -> str:
        """What a pool takes, in words, and which values levels have."""
        named = self.pools.get(pool)
        what = f"{self.name} {named}" if named else f"its groups of {self.name}"
        few = sorted(values, key=str)[:_NAMED]
        more = f" and {len(values) - _NAMED:,} more" if len(values) > _NAMED else ""
        return f"{what}; those drawn were of {', '.join(map(str, few)) or 'none'}{more}"

    @property
    def settings(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "axis" if self.axis else "group": self.name,
            # In a table of their own: a further pool may be called like a key.
            "pools": {pool: only.settings for pool, only in self.pools.items()},
            **({} if self.held_out is None else {"held_out": self.held_out}),
            **({"source": self.source} if self.source else {}),
        }

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> "Grouping":
        """From what ``settings`` gave, or a protocol says."""
        pools = {pool: Only.of(only) for pool, only in settings.get("pools", {}).items()}
        axis = "axis" in settings
        held_out, source = settings.get("held_out"), settings.get("source", "")
        return cls(settings["axis" if axis else "group"], axis, pools, held_out, source)

    def followed(self, family: "Family") -> "Grouping":
        """With the hash of the source that decides its values."""
        return replace(self, source=properties.source_of(family, self.name))
