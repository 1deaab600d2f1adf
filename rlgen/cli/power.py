"""``rlgen power``: how large a study must be."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rlgen.cli.options import FiniteRange, WholeRange, command, echo_json, json_option, refuse_given
from rlgen.util.terminal import echo
from rlgen.util.words import counted

if TYPE_CHECKING:
    from rlgen.analysis.stats.sample_size import Spread

#: Beyond, squares of squares have no float.
_LARGEST = 1e50
_positive = FiniteRange(0, _LARGEST, min_open=True)
_deviation = FiniteRange(0, _LARGEST)


@command()
@click.option("--gap", type=_positive, help="The gap to be detected, in units of return.")
@click.option("--runs", type=WholeRange(2), help="Training runs (seeds) per cell.")
@click.option("--levels", type=WholeRange(2), help="Test levels.")
@click.option("--sd-run", type=_deviation, help="Standard deviation of the gap between runs.")
@click.option("--sd-residual", type=_deviation, help="Standard deviation of run by level.")
@click.option(
    "--sd-level",
    type=_deviation,
    help="Standard deviation between test levels; 0 for a difference of two agents on the same "
    "levels, in which it cancels. [default: the study's, else 0]",
)
@click.option(
    "--store", type=click.Path(path_type=Path), help="Take what is not given from this study."
)
@click.option(
    "--power",
    "chance",
    type=FiniteRange(0, 1, min_open=True, max_open=True),
    default=0.8,
    show_default=True,
    help="Probability of detecting the gap.",
)
@click.option("--budget", type=_positive, help="Seconds available.")
@click.option("--train-cost", type=_positive, help="Seconds to train a run.")
@click.option("--level-cost", type=_positive, help="Seconds to evaluate a run on a level.")
@json_option
def power(
    gap: float | None,
    runs: int | None,
    levels: int | None,
    sd_run: float | None,
    sd_residual: float | None,
    sd_level: float | None,
    store: Path | None,
    chance: float,
    budget: float | None,
    train_cost: float | None,
    level_cost: float | None,
    as_json: bool,
) -> None:
    """Compute how many runs and levels a study needs, or what a study can detect.

    For a two-sided test at .05 of a gap, with every run on all test levels, or of a difference of
    two agents, with the standard deviations of the difference. The output is everything that
    follows from the options given.

    \b
    rlgen power --gap 0.2 --sd-run 0.25 --sd-residual 0.8     how many runs and levels
    rlgen power --runs 5 --levels 200 --sd-run 0.25 --sd-residual 0.8   what they can detect
    rlgen power --store results/mine                          what that study can detect
    rlgen power --store results/mine --budget 36000 --train-cost 600 --level-cost 0.05
    """
    costs = None
    if budget and train_cost and level_cost:
        costs = (budget, train_cost, level_cost)
    elif budget or train_cost or level_cost:
        raise click.UsageError("--budget, --train-cost and --level-cost are given together")
    if not (gap or costs or store or (runs and levels)):
        raise click.UsageError(
            "nothing to do: give --gap, or --runs and --levels, or --budget, or --store"
        )
    if not (gap or store or (runs and levels)):
        refuse_given(["runs", "levels"], "goes with --gap, or both without --budget's split")
    if store is None and (sd_run is None or sd_residual is None):
        raise click.UsageError("give --sd-run and --sd-residual, or a --store to take them from")
    from rlgen.analysis.stats import sample_size

    spread = sample_size.Spread(0.0, 0.0)
    if store is not None:
        spread = _spread_of(store)
        runs, levels = runs or spread.runs, levels or spread.levels
    spread = replace(
        spread,
        run=spread.run if sd_run is None else sd_run,
        residual=spread.residual if sd_residual is None else sd_residual,
        level=spread.level if sd_level is None else sd_level,
    )
    answers = sample_size.answers(
        spread, gap=gap, runs=runs, levels=levels, chance=chance, budget=costs
    )
    if as_json:
        answers = {"spread": asdict(spread), "power": chance, **answers}
        echo_json(answers)
        return
    echo(
        f"Standard deviation of the gap {spread.run:.3g} between runs, {spread.residual:.3g} run "
        f"by level, {spread.level:.3g} between levels; power {chance:g}, two-sided test at .05."
    )
    _print_answers(answers, gap, runs, levels, budget)


def _print_answers(
    answers: dict[str, Any],
    gap: float | None,
    runs: int | None,
    levels: int | None,
    budget: float | None,
) -> None:
    for row in answers.get("needs", ()):
        if row["runs"]:
            echo(f"A gap of {gap:g} needs {_size(row['runs'], row['levels'])}.")
        else:
            number = counted(row["levels"], "level")
            echo(f"A gap of {gap:g} is found on {number} by no number of runs.")
    if "levels_needed" in answers:
        enough = answers["levels_needed"]
        how = (
            f"{counted(enough, 'level')} {'is' if enough == 1 else 'are'} enough"
            if enough
            else "no number of levels is enough"
        )
        echo(f"With {counted(runs or 0, 'run')} {how}.")
    if "detects" in answers:
        study = _size(runs or 0, levels or 0)
        echo(f"{study} detect a gap of {answers['detects']:.3g}.")
    if "split" in answers:
        best = answers["split"]
        echo(
            f"{budget:,g} s are best spent on {_size(best['runs'], best['levels'])} "
            f"({best['cost']:,.0f} s): they detect a gap of {best['detects']:.3g}."
        )


def _size(runs: int, levels: int) -> str:
    return f"{counted(runs, 'run')} on {counted(levels, 'level')}"


def _spread_of(store: Path) -> "Spread":
    from rlgen.analysis.results import Results
    from rlgen.analysis.stats import sample_size
    from rlgen.errors import StoreError
    from rlgen.store.opening import opened

    with opened(store) as readable:
        spread = sample_size.gap_spread(Results.load(readable).main_records)
    if spread.reason:
        raise StoreError(f"{store}: has no standard deviations: {spread.reason}")
    return spread
