"""Further held-out pools beside those of a split, of the same family or another configuration."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from rlgen.errors import LevelError
from rlgen.levels import lookup
from rlgen.levels.drawing import draw_pool
from rlgen.levels.family import Family, Levels
from rlgen.levels.grouping import Grouping
from rlgen.levels.properties import Value
from rlgen.levels.split import SAME_TASK, Split, identified
from rlgen.util.hashing import digest
from rlgen.util.ranges import parse_ids


@dataclass(frozen=True)
class Source:
    """Where the levels of a further pool come from.

    Attributes:
        name: Of the pool.
        family: Name of the levels' family, options in brackets included.
        world: The family itself, configured.
        n_levels: How many levels.
        named: Text of their ids; empty where they are drawn.
        kind: What they are to the training levels: a name in ``protocol.pools.KINDS``.
        optional: Whether a policy that does not take their observations may be left out.
        left_out: Why the cell's policy does not play them; empty if it does.
        grouping: By which property the study's levels are split, and what this pool takes.
    """

    name: str
    family: str
    world: Family
    n_levels: int
    named: str
    kind: str
    optional: bool = False
    left_out: str = ""
    grouping: Grouping | None = None

    def first(self, n: int) -> Levels:
        """Some of its levels, whether or not another pool has them."""
        if self.named:
            return self.world.generate(parse_ids(self.named)[:n])
        return self.drawn(min(n, self.n_levels), set())

    def drawn(self, n: int, used: set[str]) -> Levels:
        """Draw levels; see ``drawing.draw_pool``."""
        return draw_pool(self.world, self.name, n, used, grouping=self.grouping)

    @property
    def settings(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "family": self.family,
            "family_options": dict(self.world.options),
            "family_version": self.world.version,
            "n_levels": self.n_levels,
            "levels": self.named,
            "kind": self.kind,
            "left_out": self.left_out,
            **({} if self.grouping is None else {"grouping": self.grouping.settings}),
        }

    @classmethod
    def from_settings(cls, name: str, settings: Mapping[str, Any]) -> "Source":
        """From what ``settings`` gave.

        Raises:
            LevelError: If the family is of another version here.
        """
        world = lookup.family(settings["family"]).configure(settings["family_options"])
        if world.version != settings["family_version"]:
            raise LevelError(
                f"pool {name}: {settings['family']} is of version {settings['family_version']} in "
                f"the study and {world.version} here"
            )
        grouping = settings.get("grouping")
        return cls(
            name,
            settings["family"],
            world,
            settings["n_levels"],
            settings["levels"],
            settings["kind"],
            left_out=settings["left_out"],
            grouping=None if grouping is None else Grouping.of(grouping),
        )


@dataclass(frozen=True)
class FurtherPool:
    """The levels of a further pool.

    Attributes:
        name: Of the pool.
        family: Of its levels.
        levels: The levels; never flipped.
        grouping: By which property the study's levels are split, if by any.

    Raises:
        LevelError: If it has a level that the grouping gives to others.
    """

    name: str
    family: Family
    levels: Levels
    grouping: Grouping | None = None

    def __post_init__(self) -> None:
        for level, value in zip(self.levels.ids, self._values or (), strict=False):
            if self.grouping is not None and not self.grouping.admits(self.name, value):
                raise LevelError(
                    f"{self.name} level {level} has {self.grouping.name} {value}, which its "
                    "pool does not take"
                )

    @cached_property
    def _values(self) -> list[Value] | None:
        return self.grouping.values(self.family, self.levels) if self.grouping else None

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """Its identity, laid out as that of a split."""
        return {
            "family": self.family.name,
            "version": self.family.version,
            "options": dict(self.family.options),
            "pools": {self.name: identified(self.levels, self._values)},
        }

    @cached_property
    def manifest_hash(self) -> str:
        """See ``Split.manifest_hash``."""
        return digest(self.manifest)


def further_pools(split: Split, sources: Sequence[Source]) -> Iterator[FurtherPool]:
    """Draw further pools: each skips the levels of the split and of the pools before it.

    Args:
        split: Training, validation and test levels.
        sources: Of the pools, in their order.

    Raises:
        LevelError: If levels that are named are in another pool, or too few can be drawn.
    """
    owners = {
        mark: f"{pool} level {level}"
        for pool, levels in split.pools()
        for level, mark in zip(levels.ids, levels.fingerprints(), strict=True)
    }
    for source in sources:
        if source.named:
            levels = source.first(source.n_levels)
        else:
            levels = source.drawn(source.n_levels, set(owners))
        for level, mark in zip(levels.ids, levels.fingerprints(), strict=True):
            here = f"{source.name} level {level}"
            if mark in owners:
                raise LevelError(f"{here} {SAME_TASK} {owners[mark]}")
            owners[mark] = here
        family = _scaled(source.world, split.family)
        yield FurtherPool(source.name, family, levels, source.grouping)


def _scaled(world: Family, own: Family) -> Family:
    """The family of a pool, with the noise of the other pools if its observations allow it."""
    if own.scale_source is None or world.observation_space.shape != own.observation_space.shape:
        return world
    family, ids = own.scale_source
    return world.scaled_on(ids, family)
