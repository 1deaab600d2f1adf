"""Options shared by several commands, and the exit codes."""

import ctypes
import json
import math
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext, redirect_stdout, suppress
from functools import partial
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from rlgen.util.terminal import echo_document

#: Exit codes: something failed, or a verdict is against it; usage (click's own), or a file that
#: cannot be used; there is nothing to check; interrupted; asked to end by a scheduler.
FAILED, USAGE, NOTHING, INTERRUPTED, TERMINATED = 1, 2, 3, 130, 143


class FiniteRange(click.FloatRange):
    """A number within limits; never nan or infinite, with which no comparison fails."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """See ``click.ParamType``."""
        with suppress(TypeError, ValueError):  # said below
            if not math.isfinite(float(value)):
                self.fail(f"{value} is not a finite number.", param, ctx)
        return float(super().convert(value, param, ctx))


class WholeRange(click.IntRange):
    """A whole number within limits, which may be written as 1e6."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """See ``click.ParamType``."""
        from rlgen.util.ranges import parse_whole

        # What is none is refused by click, in its own words.
        with suppress(ValueError, OverflowError):
            value = parse_whole(value) if isinstance(value, str) else value
        return int(super().convert(value, param, ctx))


def flag(name: str) -> str:
    """An option as it is typed, from the name of its parameter or of the key that it sets."""
    parameters = click.get_current_context().command.params
    typed = (param.opts[0] for param in parameters if param.name == name)
    return next(typed, f"--{name.replace('_', '-')}")


def given(name: str) -> bool:
    """Whether an option was typed in the command line, whatever its value."""
    source = click.get_current_context().get_parameter_source(name)
    return source is ParameterSource.COMMANDLINE


def refuse_given(names: Iterable[str], why: str) -> None:
    """Refuse options that nothing would read, by the names of their parameters.

    Raises:
        click.UsageError: Naming the first of them that was typed, and ``why``.
    """
    for name in names:
        if given(name):
            raise click.UsageError(f"{flag(name)} {why}")


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
        # Libraries in C keep what they print, and would write it at the end of the process.
        ctypes.CDLL(None).fflush(None)
        os.dup2(kept, 1)
        os.close(kept)


#: Where the stream for the document is kept in a command's context.
_DOCUMENT = "rlgen.document"


class Command(click.Command):
    """A command; with ``json_option`` typed, nothing but its document goes to standard output."""

    def invoke(self, ctx: click.Context) -> Any:
        """See ``click.Command``."""
        with _aside(ctx) if ctx.params.get("as_json") else nullcontext():
            return super().invoke(ctx)


command = partial(click.command, cls=Command)
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")


def echo_json(document: Any) -> None:
    """Print the one document of a command with ``json_option``."""
    stream = click.get_current_context().meta[_DOCUMENT]
    echo_document(json.dumps(document, indent=1), stream=stream)


def beside(store: Path, ending: str) -> Path:
    """Where what is made of a store or bundle goes unless it is said: beside it, by its name."""
    from rlgen.store.bundle import ENDING

    place = store.resolve() if store.name in ("", "..") else store
    if not place.name:
        raise click.UsageError(f"{store}: has no name, after which a file beside it is called")
    return place.with_name(f"{place.name.removesuffix(ENDING)}{ending}")


def write_page(page: Path, text: str) -> None:
    """Write a page.

    Raises:
        StoreError: If it cannot be written.
    """
    from rlgen.errors import StoreError
    from rlgen.util import targets

    try:
        targets.write(page, text.encode())
    except OSError as error:
        raise StoreError(f"{page}: cannot be written: {error.strerror or error}") from None


protocol_argument = click.argument("protocol")
seeds_option = click.option(
    "--seeds", metavar="RANGE", help="Training seeds instead of the file's: 3, 0:20 or 0,2,5:8."
)
budget_option = click.option("--budget", metavar="NAME", help="One of the protocol's budgets.")
jobs_option = click.option(
    "-j", "--jobs", type=WholeRange(1, 1024), help="Worker processes. [default: cores]"
)
device_option = click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda"]),
    default="auto",
    show_default=True,
    help="auto: a GPU if there is one.",
)


def executor_options(
    address: str | None, memory: float | None, gpu: float | None
) -> dict[str, Any]:
    """Those of the executor's options that were typed."""
    typed = {"address": address, "memory": memory, "gpu": gpu}
    return {name: value for name, value in typed.items() if value is not None}


def on_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """What runs the workers: arguments ``executor``, and those of ``executor_options``."""
    for decorate in (
        click.option("--gpu", type=float, metavar="PART", help="With --on ray: of a GPU, a cell."),
        click.option("--memory", type=float, metavar="GIB", help="With --on ray: a cell takes."),
        click.option("--address", metavar="HOST:PORT", help="With --on ray: of the cluster."),
        click.option(
            "--on",
            "--executor",
            "executor",
            metavar="NAME",
            default="local",
            show_default=True,
            help="What runs the workers: rlgen list executors.",
        ),
    ):
        function = decorate(function)
    return function
