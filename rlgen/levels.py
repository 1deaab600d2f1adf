"""Levels, the families they come from, and splits into pools that share no level."""

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any, Self

import gymnasium as gym
import numpy as np
from numpy.typing import ArrayLike, NDArray

from rlgen.errors import LevelError, nearest
from rlgen.seeding import stream
from rlgen.tabular import TabularLevels

#: Ids of the three pools are drawn from ranges of this size, one after the other.
NAMESPACE_SIZE = 1_000_000_000
NAMESPACES = {"train": 0, "validation": NAMESPACE_SIZE, "test": 2 * NAMESPACE_SIZE}
#: A pool is held in memory as arrays; this many 13 x 13 mazes take about 25 GB with their tables.
MAX_POOL = 1_000_000


class Levels(ABC):
    """A batch of fixed task instances of one family, held as arrays."""

    ids: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ids)

    @abstractmethod
    def take(self, index: ArrayLike | slice) -> Self:
        """The sub-batch at these positions (not ids)."""

    @abstractmethod
    def joined(self, others: Sequence[Self]) -> Self:
        """This batch and others of the same family as one."""

    @abstractmethod
    def fingerprints(self) -> list[str]:
        """One SHA-256 hex digest a level, of what makes it a different task to play."""

    @abstractmethod
    def content_hash(self) -> str:
        """SHA-256 of all that decides what can happen in the batch, rewards included."""


class Family(ABC):
    """A distribution over levels with one observation and one action space.

    Attributes:
        name: Name in the catalogue.
        version: Raised whenever the same level id would become another level.
        observation_space: Of one environment.
        action_space: Of one environment.
        noop: The action that leaves the world as it is, or None.
        can_spawn: Whether start cells can be drawn.
        edits: The edits that ``edited`` knows, with the number of their variants; 0 where they
            are drawn from so many that no one counts.
        options: The family's settings, all of them, as plain values.
    """

    name: str
    version: int
    observation_space: gym.spaces.Box
    action_space: gym.spaces.Discrete
    noop: int | None
    can_spawn: bool = False
    edits: Mapping[str, int] = MappingProxyType({})
    options: Mapping[str, Any]

    @abstractmethod
    def configure(self, options: Mapping[str, Any]) -> Self:
        """The same family with other settings.

        Raises:
            LevelError: For an unknown option, a wrong value or an impossible combination.
        """

    @abstractmethod
    def generate(self, ids: ArrayLike, flip_p: float = 0.0) -> Levels:
        """The levels of these ids.

        Args:
            ids: Non-negative integers, ``(L,)``.
            flip_p: Probability with which each object's reward changes its sign (Zhang et al.
                2018, section 3.3). The geometry of a level does not depend on it.
        """

    def usable(self, levels: Levels) -> NDArray[np.bool_]:
        """Which of the levels may enter a pool, ``(L,)``; all of them unless a family objects."""
        return np.ones(len(levels), dtype=np.bool_)

    @abstractmethod
    def capacity(self) -> int | None:
        """An upper bound on the number of distinct levels, or None where there is no small one."""

    @abstractmethod
    def env(
        self, levels: Levels, *, random_spawn: bool = False, render_mode: str | None = None
    ) -> "gym.Env[Any, Any]":
        """One environment that plays these levels; ``reset(options={"level": id})`` chooses."""

    @abstractmethod
    def vector_env(
        self, levels: Levels, num_envs: int, *, random_spawn: bool = False
    ) -> "gym.vector.VectorEnv[Any, Any, Any]":
        """A batch of environments with same-step autoreset."""

    def tabular(self, levels: Levels) -> TabularLevels | None:
        """The levels as finite deterministic processes, or None where they are none."""
        del levels
        return None

    def edited(self, levels: Levels, edit: str, variant: int) -> Levels:
        """Each level changed a little, so that it is not the same task any more.

        A check of what a policy does beside its training levels without a second pool (method
        3.3, K-12 to K-14). Nothing is promised of the changed levels; who needs them solvable, or
        the edit irrelevant, looks.

        Args:
            levels: ``L`` levels.
            edit: One of ``edits``: "wall" puts an obstacle on a free cell, "symmetry" turns or
                mirrors the level, "object_move" moves one object, "object_swap" lets a good and a
                bad object change places.
            variant: Which of the variants, or the seed of what is drawn.

        Raises:
            LevelError: For an edit that the family does not know.
        """
        del levels, variant
        raise LevelError(f"{self.name} has no edit {edit!r}{nearest(edit, self.edits)}")

    @abstractmethod
    def text(self, levels: Levels, actions: Sequence[int] | None = None) -> str:
        """The first of the levels as text, with the path of some actions."""

    @abstractmethod
    def picture(self, levels: Levels, actions: Sequence[int] | None = None) -> NDArray[np.uint8]:
        """The first of the levels as an RGB picture ``(h, w, 3)``, with a path."""

    @abstractmethod
    def return_bounds(self, flip_p: float = 0.0) -> tuple[float, float]:
        """Lowest and highest possible episode return."""

    def flipped_rewards(self) -> tuple[Sequence[float], float] | None:
        """What the memorisation ceiling is computed from, or None where there is none.

        For families whose flips are those of ``stats.gaps.ceiling`` (method 1.6): signs do not
        depend on the layout, the positive objects of a level share what they are worth in all,
        and any object can be left aside.

        Returns:
            Unflipped rewards of the objects that can flip, and what is earned besides.
        """
        return None


@dataclass(frozen=True)
class Split:
    """Training, validation and test levels that share no level.

    Nothing is evaluated in a study except through a split.

    Attributes:
        family: The family all three pools come from.
        flip_p: Flip probability of the training levels; the other pools are never flipped.
        pool_seed: Seed of the training pool.
        train: Levels an agent may learn from. Pools of growing size are nested.
        validation: Levels for choosing between agents.
        test: Levels for the verdict; they do not depend on the training pool.

    Raises:
        LevelError: If two pools share a fingerprint, or a pool holds one twice.
    """

    family: Family
    flip_p: float
    pool_seed: int
    train: Levels
    validation: Levels
    test: Levels

    def __post_init__(self) -> None:
        owner: dict[str, str] = {}
        for pool, levels in self.pools():
            for level_id, print_ in zip(levels.ids, levels.fingerprints(), strict=True):
                here = f"{pool} level {level_id}"
                if print_ in owner:
                    raise LevelError(f"{here} is the same task as {owner[print_]}")
                owner[print_] = here

    def pools(self) -> Iterator[tuple[str, Levels]]:
        """``("train", levels)``, ``("validation", levels)``, ``("test", levels)``."""
        yield "train", self.train
        yield "validation", self.validation
        yield "test", self.test

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """What identifies the split: family, version, options, and every level of every pool."""
        return {
            "family": self.family.name,
            "version": self.family.version,
            "options": dict(self.family.options),
            "flip_p": self.flip_p,
            "pool_seed": self.pool_seed,
            "pools": {
                pool: {
                    "ids": [int(i) for i in levels.ids],
                    # 64 bits name a level well enough for a reader; the check above used all 256.
                    "fingerprints": [p[:16] for p in levels.fingerprints()],
                }
                for pool, levels in self.pools()
            },
        }

    @cached_property
    def manifest_hash(self) -> str:
        """SHA-256 of the manifest's canonical JSON; every record carries it."""
        text = json.dumps(self.manifest, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def draw_split(
    family: Family,
    n_train: int,
    n_validation: int = 0,
    n_test: int = 1000,
    *,
    pool_seed: int = 0,
    flip_p: float = 0.0,
) -> Split:
    """Draw disjoint pools (method 1.3).

    The test pool is drawn first and depends on nothing but its size, of which smaller sizes are
    prefixes; then validation, likewise; then training levels from ``pool_seed``. A level that an
    earlier pool, or the same pool, already holds is passed over, so training pools of growing
    size stay nested.

    Raises:
        LevelError: If a size is out of range or the family has too few distinct levels.
    """
    sizes = {"train": n_train, "validation": n_validation, "test": n_test}
    check_pool_sizes(family, sizes)
    seen: set[str] = set()
    test = _draw_pool(family, "test", 0, n_test, 0.0, seen)
    validation = _draw_pool(family, "validation", 0, n_validation, 0.0, seen)
    train = _draw_pool(family, "train", pool_seed, n_train, flip_p, seen)
    return Split(family, flip_p, pool_seed, train, validation, test)


def check_pool_sizes(family: Family, sizes: Mapping[str, int]) -> None:
    """Refuse pool sizes that cannot be drawn, as far as that is known without drawing."""
    for pool, size in sizes.items():
        least = 0 if pool == "validation" else 1
        if not least <= size <= MAX_POOL:
            raise LevelError(f"{size} {pool} levels: must be from {least} to {MAX_POOL:,}")
    capacity, total = family.capacity(), sum(sizes.values())
    if capacity is not None and total > capacity:
        raise LevelError(
            f"{total:,} levels asked for in all, but {family.name} with options "
            f"{dict(family.options)} has at most {capacity:,} distinct levels"
        )


def _draw_pool(
    family: Family, pool: str, pool_seed: int, size: int, flip_p: float, seen: set[str]
) -> Levels:
    """The first ``size`` usable, unseen levels of the pool's seeded sequence of ids."""
    rng = stream(pool_seed, "pool", pool, family.name)
    pending = np.zeros(0, np.int64)
    batches: list[Levels] = [family.generate(pending, flip_p)]
    missing, drawn = size, 0
    while missing:
        if not len(pending):
            pending = NAMESPACES[pool] + rng.integers(NAMESPACE_SIZE, size=256, dtype=np.int64)
        # No id is skipped, whatever the size: that keeps pools of growing size nested.
        ids, pending = np.split(pending, [min(len(pending), missing + 8)])
        drawn += len(ids)
        levels = family.generate(ids, flip_p)
        usable = family.usable(levels)
        keep: list[int] = []
        for position, print_ in enumerate(levels.fingerprints()):
            if len(keep) < missing and usable[position] and print_ not in seen:
                seen.add(print_)
                keep.append(position)
        batches.append(levels.take(keep))
        missing -= len(keep)
        if missing and drawn > 2000 + 50 * size:
            raise LevelError(
                f"{family.name} with options {dict(family.options)} seems to have too few distinct "
                f"levels: {drawn:,} draws gave {size - missing:,} new ones of {size:,} wanted for "
                f"the {pool} pool"
            )
    return batches[0].joined(batches[1:])
