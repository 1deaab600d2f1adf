"""Options shared by several commands, and the exit codes."""

import json
import math
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any

import click

from rlgen.util.terminal import echo_document

#: Exit codes: something failed, or a verdict is against it; usage (click's own), or a file that
#: cannot be used; there is nothing to check; interrupted.
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


@contextmanager
def _aside(ctx: click.Context) -> Iterator[None]:
    """Let everything but ``echo_json`` print to standard error: environments may print."""
    document = sys.stdout
    try:
        real = document.fileno() == 1
    except (AttributeError, OSError, ValueError):
        real = False  # captured
    if not real:
        ctx.meta[_DOCUMENT] = document
        with redirect_stdout(sys.stderr):
            yield
        return
    document.flush()
    kept = os.dup(1)
    # Of libraries and of worker processes too, which write to the descriptor.
    os.dup2(2, 1)
    try:
        with os.fdopen(os.dup(kept), "w") as stream, redirect_stdout(sys.stderr):
            ctx.meta[_DOCUMENT] = stream
            yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


#: Where the stream for the document is kept in a command's context.
_DOCUMENT = "rlgen.document"


def _reserved(ctx: click.Context, _: click.Parameter, as_json: bool) -> bool:
    if as_json:
        ctx.with_resource(_aside(ctx))
    return as_json


def echo_json(document: Any) -> None:
    """Print the one document of a command with ``json_option``."""
    stream = click.get_current_context().meta[_DOCUMENT]
    echo_document(json.dumps(document, indent=1), stream=stream)


protocol_argument = click.argument("protocol")
seeds_option = click.option(
    "--seeds", metavar="RANGE", help="Training seeds instead of the file's: 3, 0:20 or 0,2,5:8."
)
budget_option = click.option("--budget", metavar="NAME", help="One of the protocol's budgets.")
jobs_option = click.option(
    "-j", "--jobs", type=click.IntRange(1, 1024), help="Worker processes. [default: processors]"
)
json_option = click.option(
    "--json",
    "as_json",
    is_flag=True,
    callback=_reserved,
    help="One JSON document on stdout.",
)
