"""How much of one pool of levels another holds: shares, and what they say of larger ranges.

What a level shows is an opaque value here, so that these functions count anything: hashes of first
observations, of canonical forms, fingerprints.
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
        count: Levels that were seen to be so.
        total: Of this many.
        low: Lower end of the interval.
        high: Upper end.
        least: The share itself; where it is not known but bounded, the lowest it may be.
        most: The highest it may be; ``least`` where it is known.
        reason: Why there is none; empty where there is one.
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
    """What occurs more than once within a pool.

    Attributes:
        levels: Size of the pool.
        distinct: Different ones among them.
        repeated: Levels that show what an earlier one has shown: ``levels - distinct``.
        largest: Levels that show the most frequent one.
    """

    levels: int
    distinct: int
    repeated: int
    largest: int


def repeats(shown: Sequence[Hashable]) -> Repeats:
    """Count repetitions within a pool.

    Args:
        shown: ``(L,)``, what each level shows.
    """
    counts = Counter(shown)
    largest = max(counts.values(), default=0)
    return Repeats(len(shown), len(counts), len(shown) - len(counts), largest)


def share(train: Sequence[Hashable], test: Sequence[Hashable], confidence: float = 0.95) -> Share:
    """The share of test levels that a training pool holds.

    The interval (Clopper & Pearson 1934, exact) is for further test levels of the generator that
    the given ones come from, against the training levels as they are: given these, each test level
    is there or not, independently of the others.

    Args:
        train: ``(N,)``, what each training level shows.
        test: ``(M,)``, what each test level shows.
        confidence: Of the interval.
    """
    held = set(train)
    count, total = sum(each in held for each in test), len(test)
    if not total or not train:
        return Share(count, total, reason="there are no levels")
    told = clopper_pearson(count, total, confidence, two_sided=True)
    return Share(count, total, told.lower, told.upper, count / total, count / total)


def share_of_range(found: Share, n_train: int, n_range: int) -> Share:
    """The share of test levels that a whole training range holds, from some of its levels.

    Let ``q(x)`` be the probability with which the generator gives what ``x`` shows. A new level is
    among ``n`` others with probability ``p(n) = E[1 - (1 - q)^n]``, the expectation over levels.
    The share ``found`` estimates ``p(n)``, the question is ``p(N)`` for ``N > n``, and between them
    stand two inequalities that need no assumption about ``q``:

    - ``p(N) >= p(n)``, as more levels hold more. Equality where all that can recur has done so.
    - ``p(N) <= 1 - (1 - p(n))^(N / n)``, by Jensen's inequality for the convex ``y^(N / n)`` of
      ``y = (1 - q)^n``. Equality where all levels are equally probable.

    Nothing more can be said without a model of ``q``: levels that recur after ``N`` draws and not
    after ``n`` are those that have not been seen to recur. Where the bounds are too far apart, show
    all ``N`` levels; then the share itself answers.

    Args:
        found: From ``share``, with ``n`` levels of the training range.
        n_train: ``n``.
        n_range: ``N``, at least ``n``.

    Returns:
        ``least`` and ``most`` are the bounds at the share that was found, ``low`` and ``high``
        those at the ends of its interval: together an interval for ``p(N)``.
    """
    if found.reason:
        return found
    if n_range < n_train:
        reason = f"{n_range:,} levels of which {n_train:,} were given"
        return Share(found.count, found.total, reason=reason)

    def most(p: float) -> float:
        return max(p, float(1 - (1 - p) ** (n_range / n_train)))  # rounding may go below

    return Share(
        found.count, found.total, found.low, most(found.high), found.least, most(found.least)
    )
