"""``rlgen audit``: training levels among the test levels."""

import json
import sys
from pathlib import Path
from typing import Any

import click

from rlgen.cli.options import FAILED, json_option, parse_levels


@click.command()
@click.argument("store", type=click.Path(path_type=Path), required=False)
@click.option("--env", "family", help="Family of levels, instead of a store.")
@click.option("--train-levels", metavar="IDS", help="Level ids: 0:1000 or 0,2,5:8.")
@click.option("--test-levels", metavar="IDS", help="Level ids, held out.")
@click.option("--option", "options", multiple=True, metavar="KEY=VALUE", help="Of the family.")
@click.option(
    "--steps",
    type=click.IntRange(1, 10_000),
    default=1,
    show_default=True,
    help="Observations of each level that are compared, under one sequence of actions.",
)
@click.option(
    "--train-range",
    type=click.IntRange(1),
    metavar="N",
    help="The training levels are a sample of N: bound the share for all of them.",
)
@click.option(
    "--grid/--no-grid",
    default=None,
    help="Observations are grids of cells. [default: told by their looks]",
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
    """Look for training levels among the test levels, by what levels show.

    Of a family and two sets of level ids, or of the pools of a STORE. Intervals are 95 %.

    \b
    rlgen audit --env maze-basic --train-levels 0:1000 --test-levels 100000:101000
    rlgen audit --env maze-basic --option size=5 --train-levels 0:1000 --test-levels 5000:6000
    rlgen audit results/mine --strict
    """
    if (store is None) == (family is None):
        raise click.UsageError("give a STORE or --env, one of the two")
    question: dict[str, Any] = {"observations": steps, "grid": grid, "train_range": train_range}
    if store is not None:
        given = {
            "--train-levels": train_levels,
            "--test-levels": test_levels,
            "--option": options,
            "--train-range": train_range,
        }
        for name, value in given.items():
            if value:
                raise click.UsageError(f"{name} is for --env; a store has levels of its own")
        from rlgen.diagnostics.level_overlap import Question, audit_store

        told = audit_store(store, Question(**question))
    else:
        if train_levels is None or test_levels is None:
            raise click.UsageError("--env needs --train-levels and --test-levels")
        train = parse_levels(train_levels, "--train-levels")
        test = parse_levels(test_levels, "--test-levels")
        from rlgen.diagnostics.level_overlap import Question, find_family
        from rlgen.diagnostics.level_overlap import audit as compare
        from rlgen.evaluation import drawing

        member = find_family(str(family), drawing.parse_options(options))
        told = [compare(member, train, test, Question(**question))]
    if as_json:
        click.echo(json.dumps(told if store is not None else told[0], indent=1))
    else:
        for number, each in enumerate(told):
            if number:
                click.echo()
            _print(each)
    if strict and any(each["across"]["count"] for each in told):
        sys.exit(FAILED)


def _print(told: dict[str, Any]) -> None:
    across, within = told["across"], told["within"]
    looked = told["observations"]
    what = "first observation" if looked == 1 else f"first {looked} observations"
    where = f"split {told['split'][:12]}, {told['pool']} levels: " if "split" in told else ""
    click.echo(
        f"{where}{told['family']}, {within['train']['levels']:,} training levels and "
        f"{across['total']:,} held-out levels, compared by the {what}"
    )
    if not told["stable"]:
        click.echo("  NOT STABLE: a level shows something else the second time; shares mean little")
    if told["same_ids"]:
        click.echo(f"  {told['same_ids']:,} level ids are in both pools")
    click.echo(f"  held-out levels that show what a training level shows: {_share(across)}")
    for pair in across["pairs"]:
        click.echo(f"    level {pair['test']} is training level {pair['train']}")
    if told["range"]:
        whole = told["range"]
        click.echo(
            f"  the same for a range of {whole['levels']:,} training levels: from "
            f"{_percent(whole['least'])} to {_percent(whole['most'])} "
            f"[{_percent(whole['low'])}, {_percent(whole['high'])}]"
        )
    for pool, name in (("train", "training"), ("test", "held-out")):
        own = within[pool]
        click.echo(f"  {name} levels that repeat an earlier one: {own['repeated']:,}")
    if told["symmetric"]:
        click.echo(f"  the same up to rotation and reflection: {_share(told['symmetric'])}")
    if told["nearest"]:
        spread = told["nearest"]["quantiles"]
        click.echo(
            f"  cells, of {told['nearest']['cells']}, in which a held-out level differs from the "
            f"nearest training level: median {spread['0.5']}, 90 % between {spread['0.05']} and "
            f"{spread['0.95']}, least {spread['0']}"
        )


def _share(told: dict[str, Any]) -> str:
    return (
        f"{told['count']:,} of {told['total']:,}, {_percent(told['least'])} "
        f"[{_percent(told['low'])}, {_percent(told['high'])}]"
    )


def _percent(value: float) -> str:
    return f"{100 * value:.3g} %"
