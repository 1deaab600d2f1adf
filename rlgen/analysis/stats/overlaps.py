"""The share of one pool of levels that another contains, and bounds for larger ranges.

What a level shows (a view) is any hashable value: a hash of the first observation or of a
canonical form, or a fingerprint.
"""

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from rlgen.analysis.stats.certificates import clopper_pearson

NAN = float("nan")


@dataclass(frozen=True)
class Share:
    """A share of levels, or a range for it, with an interval.

    Attributes:
        count: Levels counted.
        total: Levels in all.
        low: Lower end of the interval.
        high: Upper end.
        least: The share, or its lower bound where it is only bounded.
        most: The share, or its upper bound.
        reason: Why there is no interval; empty where there is one.
    """

    count: int
    total: int
    low: float = NAN
    high: float = NAN
    least: float = NAN
    most: float = NAN
    reason: str = ""


@dataclass(frozen=True)
class Repeats:
    """Repetitions within a pool.

    Attributes:
        levels: Size of the pool.
        distinct: Number of different views.
        repeated: Levels that show what an earlier level shows: ``levels - distinct``.
        largest: Levels that show the most frequent view.
    """

    levels: int
    distinct: int
    repeated: int
    largest: int


def repeats(views: Sequence[Hashable]) -> Repeats:
    """Count repetitions within a pool.

    Args:
        views: ``(L,)``, what each level shows.
    """
    counts = Counter(views)
    largest = max(counts.values(), default=0)
    return Repeats(len(views), len(counts), len(views) - len(counts), largest)


def share(train: Sequence[Hashable], test: Sequence[Hashable], confidence: float = 0.95) -> Share:
    """The share of test levels that a training pool holds.

    The interval (Clopper & Pearson 1934, exact) is for further test levels of the generator that
    the given ones come from, against the training levels as they are: given these, each test level
    is there or not, independently of the others.

    Args:
        train: ``(N,)``, what each training level shows.
        test: ``(M,)``, what each test level shows.
        confidence: Confidence level of the interval.

    Example:
        >>> overlap = share(["a", "b"], ["a", "c", "d", "a"])
        >>> overlap.count, overlap.total, overlap.least
        (2, 4, 0.5)
    """
    held = set(train)
    count, total = sum(each in held for each in test), len(test)
    if not total or not train:
        return Share(count, total, reason="there are no levels")
    rate = clopper_pearson(count, total, confidence, two_sided=True)
    return Share(count, total, rate.lower, rate.upper, count / total, count / total)


def share_of_range(part: Share, n_train: int, n_range: int) -> Share:
    """The share of test levels that a whole training range holds, from some of its levels.

    Let ``q(x)`` be the probability with which the generator gives what ``x`` shows. A new level is
    among ``n`` others with probability ``p(n) = E[1 - (1 - q)^n]``, the expectation over levels.
    The share in the part estimates ``p(n)``. The question is ``p(N)`` for ``N > n``, and between
    them stand two inequalities that need no assumption about ``q``:

    - ``p(N) >= p(n)``, as more levels hold more. Equality where all that can recur has done so.
    - ``p(N) <= 1 - (1 - p(n))^(N / n)``, by Jensen's inequality for the convex ``y^(N / n)`` of
      ``y = (1 - q)^n``. Equality where all levels are equally probable.

    Nothing more can be said without a model of ``q``: levels that recur after ``N`` draws and not
    after ``n`` are those that have not been seen to recur. Where the bounds are too far apart, show
    all ``N`` levels; then the share itself answers.

    Args:
        part: Result of ``share`` for ``n`` levels of the training range.
        n_train: ``n``.
        n_range: ``N``, at least ``n``.

    Returns:
        ``least`` and ``most`` are the bounds at the share of the part, ``low`` and ``high``
        those at the ends of its interval: together an interval for ``p(N)``.
    """
    if part.reason:
        return part
    if n_range < n_train:
        reason = f"{n_range:,} levels of which {n_train:,} were given"
        return Share(part.count, part.total, reason=reason)

    def most(p: float) -> float:
        # Rounding may go below, and beyond 1.
        return max(p, float(1 - max(1 - p, 0.0) ** (n_range / n_train)))

    return Share(part.count, part.total, part.low, most(part.high), part.least, most(part.least))
