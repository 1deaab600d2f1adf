"""Ranges of numbers as text: ``"0:20"``, ``"3"`` or ``"0,2,5:8"``."""

#: Most numbers that a text may name; pools are no larger.
MOST = 1_000_000


def parse_seeds(text: str) -> tuple[int, ...]:
    """Seeds from ``"0:20"``, ``"3"`` or ``"0,2,5:8"``.

    Raises:
        ValueError: If the text has another form.
    """
    seeds: list[int] = []
    for piece in text.split(","):
        first, colon, last = piece.partition(":")
        try:
            start = int(first)
            stop = int(last) if colon else start + 1
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
