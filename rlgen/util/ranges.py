"""Whole numbers as they are written, and ranges as text: ``"0:20"``, ``"3"`` or ``"0,2,5:8"``."""

from collections.abc import Iterable, Mapping
from typing import Any

#: Most numbers that a text may name; pools are no larger.
MOST = 1_000_000


#: Larger floats are not sure to be the whole numbers that were written.
_LARGEST = 2.0**53


def whole(value: Any) -> Any:
    """A float that is a whole number as an int, such as 1e6; anything else as it is.

    Examples:
        >>> whole(1e6), whole(1.5), whole(True), whole([2.0, 0.5])
        (1000000, 1.5, True, [2, 0.5])
    """
    if isinstance(value, list | tuple):
        return type(value)(map(whole, value))
    exact = isinstance(value, float) and value.is_integer() and abs(value) <= _LARGEST
    return int(value) if exact else value


def plain(value: Any) -> Any:
    """Numbers and arrays of numpy, in tables and lists too, as Python's own."""
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if type(value) in (list, tuple):
        return type(value)(map(plain, value))
    # Anything else that has the method, such as a tensor, means by it what numpy does.
    return value.tolist() if hasattr(value, "tolist") else value


def parse_whole(text: str) -> int:
    """A whole number as it may be written: 1000, 1_000 or 1e3.

    Raises:
        ValueError: If the text is none.
    """
    try:
        return int(text)
    except ValueError:
        number = whole(float(text))
        if not isinstance(number, int):
            raise
        return number


def parse_seeds(text: str) -> tuple[int, ...]:
    """Seeds from ``"0:20"``, ``"3"`` or ``"0,2,5:8"``.

    Raises:
        ValueError: If the text has another form.
    """
    seeds: list[int] = []
    for piece in text.split(","):
        first, colon, last = piece.partition(":")
        try:
            start = parse_whole(first)
            stop = parse_whole(last) if colon else start + 1
        except ValueError:
            raise ValueError("must be like 3, 0:20 or 0,2,5:8") from None
        if stop <= start:
            raise ValueError(f"the range {piece} is empty")
        if len(seeds) + stop - start > MOST:
            raise ValueError(f"more than {MOST:,} numbers")
        seeds += range(start, stop)
    return tuple(seeds)


def parse_ids(text: str) -> tuple[int, ...]:
    """Level ids from text of the same form.

    Raises:
        ValueError: If the text has another form, or an id is out of range or repeated.
    """
    ids = parse_seeds(text)
    if min(ids) < 0 or max(ids) >= 2**63:
        raise ValueError("level ids must be at least 0 and below 2**63")
    if len(set(ids)) < len(ids):
        raise ValueError("a level is named twice")
    return ids


def range_text(ids: Any) -> Any:
    """A range or a list of whole numbers as text, in its order; anything else as it is.

    Examples:
        >>> range_text(range(1000, 1200)), range_text("0:5"), range_text([7, 3])
        ('1000:1200', '0:5', '7,3')
    """
    if isinstance(ids, range) and ids.step == 1 and ids:
        return f"{ids.start}:{ids.stop}"
    if isinstance(ids, list | tuple | range) and 0 < len(ids) <= MOST:
        numbers = list(map(whole, ids))
        if all(type(number) is int for number in numbers):
            return ",".join(map(str, numbers))
    return ids


def ids_text(ids: Iterable[int]) -> str:
    """The shortest text of distinct whole numbers, which ``parse_ids`` reads, in rising order.

    Example:
        >>> ids_text([3, 0, 1, 2, 8])
        '0:4,8'
    """
    pieces: list[str] = []
    start = stop = -1
    for number in (*sorted(ids), -1):
        if number == stop:
            stop += 1
            continue
        if start >= 0:
            pieces.append(str(start) if stop == start + 1 else f"{start}:{stop}")
        start, stop = number, number + 1
    return ",".join(pieces)


def interval(text: str) -> tuple[float, float]:
    """The ends of ``"3:8"``, ``"3:"`` or ``":8"``; the end that is not said is infinite.

    Raises:
        ValueError: If the text has another form.
    """
    low, colon, high = (part.strip() for part in text.partition(":"))
    try:
        ends = float(low or "-inf"), float(high or "inf")
    except ValueError:
        ends = 0.0, 0.0
    if not colon or not ends[0] < ends[1]:
        raise ValueError(f"{text!r} is no range like '3:8', '3:' or ':8'")
    return ends
