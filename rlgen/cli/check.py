"""``rlgen check``: pass or fail, for continuous integration."""

import sys
from dataclasses import asdict
from pathlib import Path

import click

from rlgen.cli.options import FAILED, USAGE, FiniteRange, command, echo_json, json_option
from rlgen.util import files
from rlgen.util.terminal import echo


def _gaps(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> dict[str, float]:
    """Limits by pool from ``0.3`` and ``larger=0.5``; the test pool has no name."""
    limits: dict[str, float] = {}
    for text in values:
        pool, _, number = text.rpartition("=")
        try:
            value = float(number)
        except ValueError:
            raise click.BadParameter(f"{text!r} is not like 0.3 or POOL=0.3", ctx, param) from None
        limit = FiniteRange().convert(value, param, ctx)
        pool = "" if pool == "test" else pool
        if pool in limits:
            raise click.BadParameter(f"{text!r}: the pool has a limit already", ctx, param)
        limits[pool] = limit
    return limits


@command()
@click.argument("store", type=click.Path(path_type=Path))
@click.option(
    "--max-gap",
    "max_gaps",
    multiple=True,
    callback=_gaps,
    metavar="[POOL=]X",
    help="The gap of every cell, to the test pool or to a further one, must be at most this; may "
    "be repeated.",
)
@click.option(
    "--max-gap-increase",
    type=FiniteRange(),
    help="The gap of every cell may be at most this much larger than in the baseline.",
)
@click.option(
    "--against",
    type=click.Path(path_type=Path),
    metavar="BASELINE",
    help="The store that --max-gap-increase compares with.",
)
@click.option(
    "--min-return",
    type=FiniteRange(),
    help="The mean held-out return of every cell must be at least this: an agent that has learnt "
    "nothing has a small gap.",
)
@click.option(
    "--when",
    type=click.Choice(["likely", "sure", "possible"]),
    default="likely",
    show_default=True,
    help="Fail when a limit is broken by the estimate (likely), by the whole interval (sure), or "
    "by any of the interval (possible).",
)
@click.option(
    "--confidence",
    type=FiniteRange(0, 1, min_open=True, max_open=True),
    default=0.95,
    show_default=True,
    help="Of the two-sided intervals.",
)
@click.option(
    "--junit", type=click.Path(path_type=Path), metavar="FILE", help="Write JUnit XML as well."
)
@json_option
def check(
    store: Path,
    max_gaps: dict[str, float],
    max_gap_increase: float | None,
    against: Path | None,
    min_return: float | None,
    when: str,
    confidence: float,
    junit: Path | None,
    as_json: bool,
) -> None:
    """Pass or fail a STORE by its generalization gap, for continuous integration.

    Each line is a limit and a cell: what was measured, the limit, the interval, and how certain
    the verdict is. Gaps are in units of return, under the condition that the report judges by.
    Runs are paired with the baseline's where seeds and levels are the same; otherwise the line
    says why not.

    Exit code 0: all passed. 1: a limit is broken. 2: something could not be judged: a missing
    run, a cell that only one of the stores has, a gap that is not a number.

    \b
    rlgen check results/new --max-gap 0.3
    rlgen check results/new --against results/main --max-gap-increase 0.1 --junit gap.xml
    rlgen check results/new --max-gap 0.3 --when possible    pass only what is surely within
    rlgen check results/new --max-gap 0.3 --max-gap larger=0.8
    """
    if (against is None) != (max_gap_increase is None):
        raise click.UsageError("--against and --max-gap-increase are given together")
    if not max_gaps and max_gap_increase is None and min_return is None:
        raise click.UsageError(
            "nothing to do: give --max-gap, --against with --max-gap-increase, or --min-return"
        )
    from rlgen.analysis.gate import junit as xml
    from rlgen.analysis.gate.cells import limit_results
    from rlgen.analysis.gate.limits import ERROR, Limits
    from rlgen.analysis.gate.limits import FAILED as BROKEN
    from rlgen.errors import RlgenError
    from rlgen.util.targets import check_replaceable

    if junit is not None:
        check_replaceable(junit, "JUnit file")
    max_gap = max_gaps.pop("", None)
    limits = Limits(max_gap, max_gaps, max_gap_increase, min_return, when, confidence)
    name = files.real(store).name
    try:
        outcomes = limit_results(store, limits, against)
    except RlgenError as error:
        if junit is not None:
            try:
                xml.write(junit, [], name, str(error))
            except RlgenError as further:
                raise type(error)(*error.args, *further.args) from None
        raise
    if junit is not None:
        xml.write(junit, outcomes, name)
    if as_json:
        lines = [asdict(outcome) | {"line": outcome.line} for outcome in outcomes]
        echo_json(files.without_nan(lines))
    else:
        for outcome in outcomes:
            echo(outcome.line)
    verdicts = {outcome.verdict for outcome in outcomes}
    if ERROR in verdicts:
        sys.exit(USAGE)
    if BROKEN in verdicts:
        sys.exit(FAILED)
