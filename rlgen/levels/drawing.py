"""One pool of levels, drawn from a sequence of ids that its seed decides."""

import numpy as np

from rlgen.errors import LevelError
from rlgen.levels.family import Family, Levels
from rlgen.levels.grouping import Grouping
from rlgen.levels.properties import Value
from rlgen.util.seeding import stream
from rlgen.util.words import counted

#: The ids of each pool are drawn from a range of this size.
NAMESPACE_SIZE = 1_000_000_000
NAMESPACES = {"train": 0, "validation": NAMESPACE_SIZE, "test": 2 * NAMESPACE_SIZE}
#: Where the ids of all further pools begin.
FURTHER = 3 * NAMESPACE_SIZE


def draw_pool(
    family: Family,
    pool: str,
    size: int,
    used: set[str],
    pool_seed: int = 0,
    flip_p: float = 0.0,
    grouping: Grouping | None = None,
) -> Levels:
    """The first ``size`` usable, unused levels of the pool's seeded sequence of ids.

    Args:
        family: Family of the levels.
        pool: Its name.
        size: How many levels.
        used: Fingerprints of levels that are skipped; those of the pool are added.
        pool_seed: Seed of the sequence.
        flip_p: Flip probability of the levels.
        grouping: Which levels the pool may take; any by default.

    Raises:
        LevelError: If the family seems to have too few distinct levels, or none of a group that
            is named.
    """
    start = NAMESPACES.get(pool, FURTHER)
    rng = stream(pool_seed, "pool", pool, family.name)
    pending = np.zeros(0, np.int64)
    batches: list[Levels] = [family.generate(pending, flip_p)]
    missing, drawn = size, 0
    values: set[Value] = set()
    while missing:
        if not len(pending):
            pending = start + rng.integers(NAMESPACE_SIZE, size=256, dtype=np.int64)
        # No id is skipped, whatever the size: that keeps pools of growing size nested.
        ids, pending = np.split(pending, [min(len(pending), missing + 8)])
        drawn += len(ids)
        levels = family.generate(ids, flip_p)
        usable = family.usable(levels)
        if grouping is not None:
            own = grouping.values(family, levels)
            values |= set(own)
            usable = usable & np.array([grouping.admits(pool, value) for value in own], np.bool_)
        keep: list[int] = []
        for position, print_ in enumerate(levels.fingerprints()):
            if len(keep) < missing and usable[position] and print_ not in used:
                used.add(print_)
                keep.append(position)
        batches.append(levels.take(keep))
        missing -= len(keep)
        if missing and drawn > 2000 + 50 * size:
            if grouping is not None:
                raise LevelError(
                    f"{drawn:,} draws gave {counted(size - missing, 'level')} of {size:,} wanted "
                    f"for the {pool} pool, of {grouping.wanted(pool, values)}"
                )
            raise LevelError(
                f"{family.name} with options {dict(family.options)} seems to have too few distinct "
                f"levels: {drawn:,} draws gave {size - missing:,} new ones of {size:,} wanted for "
                f"the {pool} pool"
            )
    while size and grouping is not None and (absent := grouping.absent(pool, values)):
        # A group that is named and rare may be in no level of a small pool; one that is never drawn
        # is none of the family's.
        if drawn > 2000 + 50 * size:
            raise LevelError(
                f"{drawn:,} draws gave no level of {grouping.name} {absent!r} for the {pool} pool, "
                f"of {grouping.wanted(pool, values)}"
            )
        ids = start + rng.integers(NAMESPACE_SIZE, size=256, dtype=np.int64)
        drawn += len(ids)
        values |= set(grouping.values(family, family.generate(ids)))
    return batches[0].joined(batches[1:])
