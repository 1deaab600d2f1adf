"""Options that several commands have, and the exit codes."""

import os

import click

#: Exit codes: a cell or check failed, or a store is damaged; usage, click's own; interrupted.
FAILED, USAGE, INTERRUPTED = 1, 2, 130
#: As ``rlgen.levels.MAX_POOL``, which takes a second to import.
MAX_LEVELS = 1_000_000


def parse_shard(text: str) -> tuple[int, int]:
    """``0/4`` as ``(0, 4)``."""
    number, slash, total = text.partition("/")
    try:
        i, n = int(number), int(total)
    except ValueError:
        raise click.BadParameter(f"{text!r} is not like 0/4", param_hint="--shard") from None
    if not slash or not 0 <= i < n:
        raise click.BadParameter(
            f"{text!r}: the part must be from 0 to {max(n - 1, 0)}", param_hint="--shard"
        )
    return i, n


def parse_levels(text: str, option: str) -> list[int]:
    """Level ids from ``0:1000``, ``3`` or ``0,2,5:8``: a range ends before its second number."""
    ids: list[int] = []
    for piece in text.split(","):
        first, colon, last = piece.partition(":")
        try:
            start = int(first)
            stop = int(last) if colon else start + 1
        except ValueError:
            raise click.BadParameter(
                f"{piece!r} is not like 3, 0:1000 or 0,2,5:8", param_hint=option
            ) from None
        if start < 0 or stop > 2**63 - 1:
            raise click.BadParameter(f"{piece}: ids are from 0 to 2**63 - 2", param_hint=option)
        if stop <= start:
            raise click.BadParameter(f"the range {piece} is empty", param_hint=option)
        if len(ids) + stop - start > MAX_LEVELS:
            raise click.BadParameter(f"more than {MAX_LEVELS:,} levels", param_hint=option)
        ids += range(start, stop)
    if len(set(ids)) < len(ids):
        raise click.BadParameter(f"{text}: a level is listed twice", param_hint=option)
    return ids


def worker_count(jobs: int | None) -> int:
    """Worker processes: as many as asked for, else one a processor."""
    return jobs or os.cpu_count() or 1


protocol_argument = click.argument("protocol")
seeds_option = click.option(
    "--seeds", metavar="RANGE", help="Training seeds instead of the file's: 3, 0:20 or 0,2,5:8."
)
jobs_option = click.option(
    "-j", "--jobs", type=click.IntRange(1, 1024), help="Worker processes. [default: processors]"
)
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
