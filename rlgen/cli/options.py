"""Options shared by several commands, and the exit codes."""

import math
import os
from typing import Any

import click

#: Exit codes: something failed or a store is damaged; usage (click's own); there is nothing to
#: check; interrupted.
FAILED, USAGE, NOTHING, INTERRUPTED = 1, 2, 3, 130


class FiniteRange(click.FloatRange):
    """A number within limits; never nan or infinite, with which no comparison fails."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """See ``click.ParamType``."""
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value} is not a finite number.", param, ctx)
        return number


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


def parse_levels(text: str, option: str) -> tuple[int, ...]:
    """Level ids from ``0:1000``, ``3`` or ``0,2,5:8``: ranges exclude their second number."""
    from rlgen.util.ranges import parse_ids

    try:
        return parse_ids(text)
    except ValueError as error:
        raise click.BadParameter(f"{text!r}: {error}", param_hint=option) from None


def worker_count(jobs: int | None) -> int:
    """The number of worker processes: as given, else one per processor."""
    return jobs or os.cpu_count() or 1


protocol_argument = click.argument("protocol")
seeds_option = click.option(
    "--seeds", metavar="RANGE", help="Training seeds instead of the file's: 3, 0:20 or 0,2,5:8."
)
budget_option = click.option("--budget", metavar="NAME", help="One of the protocol's budgets.")
jobs_option = click.option(
    "-j", "--jobs", type=click.IntRange(1, 1024), help="Worker processes. [default: processors]"
)
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
