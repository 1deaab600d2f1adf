"""The overfitting alarm: when, during training, a gap was certain (method 2.10 and 2.11)."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from rlgen.analysis.stats.certificates import betting
from rlgen.analysis.stats.grouped import group_means
from rlgen.levels.split import Split
from rlgen.util.seeding import stream

#: Chance that a run without a gap raises the alarm at any of its checkpoints.
ALPHA = 0.05
NAN = float("nan")


def gap_low(
    split: Split,
    returns: Mapping[str, NDArray[np.float64]],
    *,
    checkpoint: int,
    seed: int,
    step: int,
) -> float:
    """Lower confidence limit of the gap between the training pool and new levels; an alarm if > 0.

    With probability ``1 - ALPHA`` the limits of all checkpoints of a run hold at once: each has
    its share of ``ALPHA`` (``spent``). A checkpoint is looked at once, with a number of levels
    fixed beforehand, so that the bets may be made for that number.

    A pool that is watched as a whole has a known mean, and all of the doubt is about new levels.
    Of a larger one the levels watched are a random sample, since a learner knows no order; there
    the limit is far lower, and an alarm rare (the table in ``analysis/stats/README.md``).

    The gap is that of this pool: where it is easier than new levels by chance, even an agent that
    plays all levels alike has one.

    Args:
        split: Whose levels were watched: each pool's first.
        returns: By pool the exact return of the frozen policy on each level watched, ``(L,)``.
        checkpoint: Its number in the run, from 1.
        seed: Of the run.
        step: Of the checkpoint.

    Returns:
        In units of return; nan where a pool was not watched, and where returns have no bounds or
        are out of them.
    """
    if not (len(returns.get("train", ())) and len(returns.get("test", ()))):
        return NAN
    train, test, alpha = returns["train"], returns["test"], spent(ALPHA, checkpoint)
    if split.grouping is not None and not split.grouping.axis:
        # The levels of a held-out group are alike: the groups are what was drawn.
        test = group_means(test, [str(value) for value in split.values["test"][: len(test)]])
    (low, high), flipped = split.family.return_bounds(), split.family.return_bounds(split.flip_p)
    if not np.isfinite([low, high, *flipped]).all():
        return NAN
    if len(train) == len(split.train):
        least = float(train.mean())
    else:
        alpha /= 2
        drawn = _drawn(train, len(split.train), stream(seed, "alarm", step))
        least = betting(drawn, *flipped, 1 - alpha).lower
    # An upper bound is a lower bound of the mirrored returns.
    return least + betting(-test, -high, -low, 1 - alpha).lower


def spent(alpha: float, checkpoint: int) -> float:
    """Alpha for the first, second, ... checkpoint of a run; over all they sum to ``alpha``.

    Raises:
        ValueError: For a checkpoint below 1.
    """
    if checkpoint < 1:
        raise ValueError(f"checkpoint {checkpoint}: they are counted from 1")
    return 6 * alpha / (np.pi * checkpoint) ** 2


def _drawn(sample: NDArray[np.float64], pool: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """As many draws with replacement from a pool of which ``sample`` is a random part.

    Draws of positions in the pool say which of them are the same level; which levels these are
    does not matter, since every choice of levels from the pool is as likely.
    """
    _, level = np.unique(rng.integers(pool, size=len(sample)), return_inverse=True)
    return rng.permutation(sample)[level]
