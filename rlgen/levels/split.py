"""Splits of a family's levels into pools that share no level."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from rlgen.errors import LevelError
from rlgen.levels.drawing import NAMESPACES, draw_pool
from rlgen.levels.family import MAX_POOL, Family, Levels
from rlgen.levels.grouping import Grouping
from rlgen.levels.properties import Value
from rlgen.util.hashing import digest
from rlgen.util.words import counted, exist

#: What is said of two levels that are one.
SAME_TASK = "is the same task as"

#: The unit of observation noise is measured on this many levels, the same for all cells of a study:
#: the first that are named for training; of drawn pools the first test levels.
SCALE_LEVELS = 16


@dataclass(frozen=True)
class Split:
    """Training, validation and test levels that share no level.

    A study evaluates policies only on the levels of a split.

    Attributes:
        family: The family of all three pools.
        flip_p: Flip probability of the training levels; the other pools are never flipped.
        pool_seed: Seed of the training pool.
        train: The levels that an agent may learn from. Pools of growing size are nested.
        validation: The levels for choosing between agents.
        test: The levels for the verdict; they do not depend on the training pool.
        grouping: By which property they are split, if by any.

    Raises:
        LevelError: If two pools share a fingerprint, one occurs twice in a pool, or a pool has a
            level that the grouping gives to another.
    """

    family: Family
    flip_p: float
    pool_seed: int
    train: Levels
    validation: Levels
    test: Levels
    grouping: Grouping | None = None

    def __post_init__(self) -> None:
        owner: dict[str, str] = {}
        for pool, levels in self.pools():
            for level_id, print_ in zip(levels.ids, levels.fingerprints(), strict=True):
                here = f"{pool} level {level_id}"
                if print_ in owner:
                    raise LevelError(f"{here} {SAME_TASK} {owner[print_]}")
                owner[print_] = here
        if self.grouping is not None:
            self._check_values(self.grouping)

    def _check_values(self, grouping: Grouping) -> None:
        trained = set(self.values["train"])
        for pool, levels in self.pools():
            for level, value in zip(levels.ids, self.values[pool], strict=True):
                here = f"{pool} level {level} has {grouping.name} {value}"
                if not grouping.admits(pool, value):
                    raise LevelError(f"{here}, which its pool does not take")
                if pool == "test" and value in trained:
                    raise LevelError(f"{here}, and so have training levels: none is held out")

    @cached_property
    def values(self) -> dict[str, list[Value]]:
        """By pool the value of each level's property; empty if they are not split by one."""
        if self.grouping is None:
            return {}
        return {pool: self.grouping.values(self.family, own) for pool, own in self.pools()}

    def pools(self) -> Iterator[tuple[str, Levels]]:
        """``("train", levels)``, ``("validation", levels)``, ``("test", levels)``."""
        yield "train", self.train
        yield "validation", self.validation
        yield "test", self.test

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """The identity of the split: family, version, options, and every level of every pool."""
        return {
            "family": self.family.name,
            "version": self.family.version,
            "options": dict(self.family.options),
            "flip_p": self.flip_p,
            "pool_seed": self.pool_seed,
            "pools": {
                pool: identified(levels, self.values.get(pool)) for pool, levels in self.pools()
            },
            **({} if self.grouping is None else {"levels": self.grouping.settings}),
        }

    @cached_property
    def manifest_hash(self) -> str:
        """SHA-256 hex digest of the manifest's canonical JSON; every record holds it."""
        return digest(self.manifest)


def identified(levels: Levels, values: Sequence[Value] | None = None) -> dict[str, Any]:
    """The levels of a pool as a manifest has them, with a property's values if there is one."""
    return {
        "ids": [int(i) for i in levels.ids],
        # 64 bits identify a level well enough here; pools are compared by all 256.
        "fingerprints": [p[:16] for p in levels.fingerprints()],
        **({} if values is None else {"values": list(values)}),
    }


def draw_split(
    family: Family,
    n_train: int,
    n_validation: int = 0,
    n_test: int = 1000,
    *,
    pool_seed: int = 0,
    flip_p: float = 0.0,
    grouping: Grouping | None = None,
) -> Split:
    """Draw disjoint pools (method 1.3).

    The test pool is drawn first and depends on its size alone; smaller test pools are its prefixes.
    Then the validation pool is drawn in the same way, then the training pool from ``pool_seed``. A
    level that is already in a pool is skipped, so that training pools of growing size stay nested.

    Args:
        family: Family of the levels.
        n_train: Number of training levels.
        n_validation: Number of validation levels.
        n_test: Number of test levels.
        pool_seed: Seed of the training pool.
        flip_p: Flip probability of the training levels.
        grouping: Which levels a pool may take; any by default.

    Raises:
        LevelError: If a size is out of range or the family has too few distinct levels.
    """
    sizes = {"train": n_train, "validation": n_validation, "test": n_test}
    check_pool_sizes(family, sizes)
    used: set[str] = set()
    test = draw_pool(family, "test", n_test, used, grouping=grouping)
    validation = draw_pool(family, "validation", n_validation, used, grouping=grouping)
    train = draw_pool(family, "train", n_train, used, pool_seed, flip_p, grouping)
    scaled = family.scaled_on(test.ids[:SCALE_LEVELS])
    return Split(scaled, flip_p, pool_seed, train, validation, test, grouping)


def chosen_split(
    family: Family,
    ids: Mapping[str, Sequence[int]],
    n_train: int,
    *,
    flip_p: float = 0.0,
    grouping: Grouping | None = None,
) -> Split:
    """A split whose pools are named by their level ids.

    Args:
        family: Family of the levels.
        ids: Level ids of the pools "train", "validation" and "test"; a missing pool is empty.
        n_train: Number of training levels, the first of their ids: growing pools are nested.
        flip_p: Flip probability of the training levels.
        grouping: By which property they are held out, if by any.

    Raises:
        LevelError: If two pools name the same level, the training pool is too small, or a group
            that is to be held out has no level.
    """
    check_apart(ids)
    check_size(ids, n_train)
    pools = {pool: np.asarray(ids.get(pool, ()), np.int64) for pool in NAMESPACES}
    train = family.generate(pools["train"][:n_train], flip_p)
    validation, test = (family.generate(pools[pool]) for pool in ("validation", "test"))
    scaled = family.scaled_on(pools["train"][:SCALE_LEVELS])
    split = Split(scaled, flip_p, 0, train, validation, test, grouping)
    if grouping is not None and (absent := grouping.absent("test", set(split.values["test"]))):
        raise LevelError(f"no test level has {grouping.name} {absent}, which is to be held out")
    return split


def check_apart(ids: Mapping[str, Sequence[int]]) -> None:
    """Refuse named pools that share a level."""
    pools = list(ids)
    for i, pool in enumerate(pools):
        for other in pools[i + 1 :]:
            common = set(ids[pool]) & set(ids[other])
            if common:
                raise LevelError(
                    f"level {min(common)} is in the {pool} and in the {other} pool"
                    f" ({exist(len(common), 'level')})"
                )


def check_size(ids: Mapping[str, Sequence[int]], n_train: int) -> None:
    """Refuse fewer named training levels than requested."""
    if n_train > len(ids.get("train", ())):
        named = len(ids.get("train", ()))
        verb = "is" if named == 1 else "are"
        raise LevelError(f"{counted(n_train, 'level')}: only {named:,} {verb} named")


def check_pool_sizes(family: Family, sizes: Mapping[str, int]) -> None:
    """Refuse pool sizes that certainly cannot be drawn."""
    for pool, size in sizes.items():
        least = 0 if pool == "validation" else 1
        if not least <= size <= MAX_POOL:
            level = "level" if size == 1 else "levels"
            raise LevelError(f"{size} {pool} {level}: must be from {least} to {MAX_POOL:,}")
    capacity, total = family.capacity(), sum(sizes.values())
    if capacity is not None and total > capacity:
        raise LevelError(
            f"{counted(total, 'level')} requested in all, but {family.name} with options "
            f"{dict(family.options)} has at most {capacity:,} distinct levels"
        )
