"""Level overlap: training levels among the test levels.

Different ids do not imply different levels. In Procgen, the usual benchmark, about 24 % of the
seeds 100,000 to 199,999 begin with the same frame as one of the seeds 0 to 99,999 in coinrun
(easy), 20 % in maze (easy), 10 % in maze (hard) and 1 % in coinrun (hard)
(https://github.com/openai/procgen/issues/100).

Levels are compared by their first observation, or their first observations under a fixed sequence
of actions. Levels that look the same so far may differ later, so more observations can only lower
the share.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rlgen.analysis.stats import overlaps
from rlgen.diagnostics.level_overlap import grids
from rlgen.diagnostics.level_overlap.views import Views, show
from rlgen.errors import DamagedStoreError, LevelError, StoreError
from rlgen.levels import lookup
from rlgen.levels.family import MAX_POOL, Family, Levels
from rlgen.store.opening import opened
from rlgen.store.run_store import RunStore
from rlgen.util.words import counted

#: Most pairs of equal levels that are listed.
EXAMPLES = 5


@dataclass(frozen=True)
class Question:
    """How levels are compared.

    Attributes:
        observations: The number of observations per level.
        grid: Whether observations are grids; None to detect it.
        train_range: Size of the range that the training levels are a sample of.
        seed: Of the actions.
    """

    observations: int = 1
    grid: bool | None = None
    train_range: int | None = None
    seed: int = 0


def find_family(name: str, options: Mapping[str, Any] | None = None) -> Family:
    """The configured family with this name."""
    family = lookup.family(name)
    return family.configure(options) if options else family


def audit(
    family: Family, train: Sequence[int], test: Sequence[int], question: Question | None = None
) -> dict[str, Any]:
    """Compare two pools of a family by their levels' observations.

    Args:
        family: Of the levels.
        train: Ids of the training levels, ``(N,)``.
        test: Ids of the test levels, ``(M,)``.
        question: How they are compared.

    Returns:
        Plain values. ``across``: a ``stats.overlaps.Share`` of the test levels that look like
        a training level, and ``pairs`` of such; ``within``: ``stats.overlaps.Repeats`` of each
        pool; ``range``: the share for the whole training range, if requested;
        ``symmetric`` and ``nearest``, of grids: the same up to rotation and reflection, and
        quantiles of the number of cells in which test levels differ from their nearest training
        level; ``stable``: whether levels that were viewed twice looked the same.

    Raises:
        LevelError: If a pool is empty or too large, or ``grid`` is True where observations are not
            grids.
    """
    question = question or Question()
    for pool, ids in (("training", train), ("test", test)):
        if not 1 <= len(ids) <= MAX_POOL:
            raise LevelError(f"{len(ids):,} {pool} levels: must be from 1 to {MAX_POOL:,}")
    return compare(family, family.generate(train), family.generate(test), question)


def compare(family: Family, train: Levels, test: Levels, question: Question) -> dict[str, Any]:
    """``audit`` for levels that have been generated."""
    keep = question.grid or (question.grid is None and grids.may_be(family.observation_space))
    views = {
        pool: show(
            family, levels, observations=question.observations, seed=question.seed, keep=keep
        )
        for pool, levels in (("train", train), ("test", test))
    }
    marks = {pool: own.marks for pool, own in views.items()}
    across = overlaps.share(marks["train"], marks["test"])
    overlap: dict[str, Any] = {
        "family": family.name,
        "options": dict(family.options),
        "observations": question.observations,
        "stable": all(own.stable for own in views.values()),
        "same_ids": len(set(train.ids.tolist()) & set(test.ids.tolist())),
        "across": asdict(across) | {"pairs": _pairs(views["train"], views["test"])},
        "within": {pool: asdict(overlaps.repeats(own)) for pool, own in marks.items()},
        "range": None,
        "symmetric": None,
        "nearest": None,
    }
    if question.train_range is not None:
        if question.train_range < len(train):
            raise LevelError(
                f"--train-range {question.train_range}: must be at least the "
                f"{counted(len(train), 'training level')} given"
            )
        whole = overlaps.share_of_range(across, len(train), question.train_range)
        overlap["range"] = asdict(whole) | {"levels": question.train_range}
    overlap |= _as_grids(family, views, question)
    return overlap


def _pairs(train: Views, test: Views) -> list[dict[str, int]]:
    """Some pairs of levels that look the same."""
    first = {mark: int(i) for mark, i in zip(train.marks[::-1], train.ids[::-1], strict=True)}
    pairs = [
        {"test": int(level), "train": first[mark]}
        for level, mark in zip(test.ids, test.marks, strict=True)
        if mark in first
    ]
    return pairs[:EXAMPLES]


def _as_grids(family: Family, views: Mapping[str, Views], question: Question) -> dict[str, Any]:
    """The results that only grids have."""
    first = [views[pool].first for pool in ("train", "test")]
    arrays = [array for array in first if array is not None]
    alike = len(arrays) == 2 and arrays[0].shape[1:] == arrays[1].shape[1:]
    both = np.concatenate(arrays) if alike else None
    wanted = grids.is_grid(both) if question.grid is None else question.grid
    if not wanted:
        return {}
    if both is None:
        raise LevelError(f"--grid: observations of {family.name} are not arrays of one shape")
    cells = grids.codes(both)
    train, test = np.split(cells, [len(arrays[0])])
    marks = grids.canonical(train), grids.canonical(test)
    return {
        "symmetric": asdict(overlaps.share(*marks))
        | {
            "within": {
                "train": asdict(overlaps.repeats(marks[0])),
                "test": asdict(overlaps.repeats(marks[1])),
            }
        },
        "nearest": grids.distances(train, test),
    }


def audit_store(path: Path, question: Question | None = None) -> list[dict[str, Any]]:
    """Compare the pools of each split of a store or bundle: held-out levels with training levels.

    The levels are generated again from their ids.

    Returns:
        For each split and held-out pool, the result of ``audit`` with ``split`` (its hash) and
        ``pool``.

    Raises:
        StoreError: If it has no splits, or its family has another version now.
    """
    with opened(path) as store:
        comparisons = list(_audited(store, question or Question()))
    if not comparisons:
        raise StoreError(f"{path}: has no splits yet")
    return comparisons


def _audited(store: RunStore, question: Question) -> Iterator[dict[str, Any]]:
    if store.imported:
        raise StoreError(
            f"{store.path}: holds imported results, whose levels are not there to be compared"
        )
    for file, manifest in store.splits():
        if "train" not in manifest.get("pools", {"train": {}}):
            continue  # a further pool, which no training levels are kept with
        try:
            name, options = manifest["family"], manifest["options"]
            if ":" in name or options.get("wrappers"):
                # A store may be someone else's: the modules that it names are not imported.
                raise StoreError(
                    f"{file}: its levels need modules that it names: {name}, wrappers "
                    f"{options.get('wrappers', '')!r}; if you trust them, say --env {name} and "
                    "its levels in the place of the store"
                )
            family = find_family(name, options)
            pools = {name: levels["ids"] for name, levels in manifest["pools"].items()}
            flip_p = manifest["flip_p"]
            version = manifest["version"]
        except (KeyError, TypeError, AttributeError):
            raise DamagedStoreError(f"{file}: is not a split manifest") from None
        if version != family.version:
            raise StoreError(
                f"{file}: levels of {family.name} version {version}; this is {family.version}"
            )
        train = family.generate(pools["train"], flip_p)
        for pool in ("validation", "test"):
            if pools.get(pool):
                comparison = compare(family, train, family.generate(pools[pool]), question)
                yield {"split": file.stem, "pool": pool} | comparison
