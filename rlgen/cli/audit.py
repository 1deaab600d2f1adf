"""``rlgen audit``: training levels among the test levels."""

import sys
from pathlib import Path
from typing import Any

import click

from rlgen.cli.options import (
    FAILED,
    WholeRange,
    command,
    echo_json,
    json_option,
    parse_levels,
    refuse_given,
)
from rlgen.util.terminal import echo
from rlgen.util.words import counted


@command()
@click.argument("store", type=click.Path(path_type=Path), required=False)
@click.option("--env", "family", help="A family of levels, instead of a store.")
@click.option("--train-levels", metavar="IDS", help="Level ids: 0:1000 or 0,2,5:8.")
@click.option("--test-levels", metavar="IDS", help="Held-out level ids.")
@click.option(
    "--option", "options", multiple=True, metavar="KEY=VALUE", help="An option of the family."
)
@click.option(
    "--steps",
    type=WholeRange(1, 10_000),
    default=1,
    show_default=True,
    help="Observations compared per level, under one sequence of actions.",
)
@click.option(
    "--train-range",
    type=WholeRange(1),
    metavar="N",
    help="The training levels are a sample of N levels: bound the share for all N.",
)
@click.option(
    "--grid/--no-grid",
    default=None,
    help="Observations are grids of cells. [default: detected]",
)
@click.option("--strict", is_flag=True, help="Exit code 1 if a test level is a training level.")
@json_option
def audit(
    store: Path | None,
    family: str | None,
    train_levels: str | None,
    test_levels: str | None,
    options: tuple[str, ...],
    steps: int,
    train_range: int | None,
    grid: bool | None,
    strict: bool,
    as_json: bool,
) -> None:
    """Look for training levels among the test levels, by comparing observations.

    Compares two sets of level ids of a family, or the pools of a STORE. Intervals are 95 %.

    \b
    rlgen audit --env CartPole-v1 --train-levels 0:1000 --test-levels 100000:101000
    rlgen audit --env CartPole-v1 --option time_limit=50 --train-levels 0:99 --test-levels 500:600
    rlgen audit results/mine --strict
    """
    if (store is None) == (family is None):
        raise click.UsageError("give a STORE or --env, one of the two")
    question: dict[str, Any] = {"observations": steps, "grid": grid, "train_range": train_range}
    if store is not None:
        refuse_given(
            ["train_levels", "test_levels", "options", "train_range"],
            "goes with --env; a store names its own levels",
        )
        from rlgen.diagnostics.level_overlap import Question, audit_store

        overlaps = audit_store(store, Question(**question))
    else:
        if train_levels is None or test_levels is None:
            raise click.UsageError("--env needs --train-levels and --test-levels")
        train = parse_levels(train_levels, "--train-levels")
        test = parse_levels(test_levels, "--test-levels")
        from rlgen.diagnostics.level_overlap import Question, find_family
        from rlgen.diagnostics.level_overlap import audit as compare
        from rlgen.util.bracketed import parse_options

        member = find_family(str(family), parse_options(options))
        overlaps = [compare(member, train, test, Question(**question))]
    if as_json:
        echo_json(overlaps if store is not None else overlaps[0])
    else:
        if len(overlaps) > 1:
            _print_summary(overlaps)
        for number, overlap in enumerate(_worst(overlaps)):
            if number:
                echo()
            _print(overlap)
    if strict and any(overlap["across"]["count"] for overlap in overlaps):
        sys.exit(FAILED)


#: The most comparisons of a store that are printed; all are in the JSON.
MOST_SHOWN = 3


def _worst(overlaps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those that are printed: with the largest shares of held-out levels that are not new."""
    ordered = sorted(overlaps, key=lambda overlap: -overlap["across"]["least"])
    return ordered[:MOST_SHOWN]


def _print_summary(overlaps: list[dict[str, Any]]) -> None:
    n = sum(overlap["across"]["count"] > 0 for overlap in overlaps)
    echo(
        f"{counted(len(overlaps), 'comparison')} of training and held-out pools: in {n} of them "
        "held-out levels look like training levels"
    )
    if len(overlaps) > MOST_SHOWN:
        echo(f"The {MOST_SHOWN} with the largest share (--json has all):")
    echo()


def _print(overlap: dict[str, Any]) -> None:
    across, within = overlap["across"], overlap["within"]
    steps = overlap["observations"]
    what = "first observation" if steps == 1 else f"first {steps} observations"
    where = (
        f"split {overlap['split'][:12]}, {overlap['pool']} levels: " if "split" in overlap else ""
    )
    echo(
        f"{where}{overlap['family']}, {counted(within['train']['levels'], 'training level')} and "
        f"{counted(across['total'], 'held-out level')}, compared by the {what}"
    )
    if not overlap["stable"]:
        echo("  NOT STABLE: a level looks different the second time; shares are unreliable")
    if overlap["same_ids"]:
        echo(f"  {counted(overlap['same_ids'], 'level id')} in both pools")
    echo(f"  held-out levels that look like a training level: {_share(across)}")
    for pair in across["pairs"]:
        echo(f"    level {pair['test']} is training level {pair['train']}")
    if overlap["range"]:
        whole = overlap["range"]
        echo(
            f"  the same for the full range of {counted(whole['levels'], 'training level')}: from "
            f"{_percent(whole['least'])} to {_percent(whole['most'])} "
            f"[{_percent(whole['low'])}, {_percent(whole['high'])}]"
        )
    for pool, name in (("train", "training"), ("test", "held-out")):
        own = within[pool]
        echo(f"  {name} levels that repeat an earlier one: {own['repeated']:,}")
    if overlap["symmetric"]:
        echo(f"  the same up to rotation and reflection: {_share(overlap['symmetric'])}")
    if overlap["nearest"]:
        spread = overlap["nearest"]["quantiles"]
        echo(
            f"  cells, of {overlap['nearest']['cells']}, in which a held-out level differs from "
            f"the nearest training level: median {spread['0.5']}, 90 % between {spread['0.05']} "
            f"and {spread['0.95']}, least {spread['0']}"
        )


def _share(share: dict[str, Any]) -> str:
    return (
        f"{share['count']:,} of {share['total']:,}, {_percent(share['least'])} "
        f"[{_percent(share['low'])}, {_percent(share['high'])}]"
    )


def _percent(value: float) -> str:
    return f"{100 * value:.3g} %"
