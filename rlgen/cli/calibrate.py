"""``rlgen calibrate``: whether this installation detects known overfitting."""

import sys
from pathlib import Path

import click

from rlgen.cli.options import (
    FAILED,
    WholeRange,
    command,
    echo_json,
    executor_options,
    jobs_option,
    json_option,
    on_option,
)
from rlgen.protocol import shipped
from rlgen.util.terminal import echo

DEFAULTS = shipped.defaults()


@command()
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    default=Path("results/calibration"),
    show_default=True,
    help="Folder; results that it already holds are kept.",
)
@click.option("--family", default=DEFAULTS.calibrated, show_default=True, help="Family of levels.")
@click.option(
    "--option",
    "options",
    multiple=True,
    default=DEFAULTS.calibrated_options,
    show_default=True,
    metavar="KEY=VALUE",
    help="An option of the family.",
)
@click.option(
    "--pools",
    type=WholeRange(2, 1000),
    default=16,
    show_default=True,
    help="Pools on which every control agent is built.",
)
@click.option(
    "--seeds",
    type=WholeRange(0, 1000),
    default=4,
    show_default=True,
    help="Cloned networks of each kind and pool size.",
)
@jobs_option
@on_option
@json_option
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
def calibrate(
    out: Path,
    family: str,
    options: tuple[str, ...],
    pools: int,
    seeds: int,
    jobs: int | None,
    executor: str,
    address: str | None,
    memory: float | None,
    gpu: float | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Measure agents of known overfitting with every detector, and say which detect it.

    On small mazes, where training gives sound as well as overfitted networks within minutes.

    If a control agent is read wrongly, the instrument is not to be believed: the page says so, and
    the exit code is 1.

    \b
    rlgen calibrate
    rlgen calibrate -o results/more --pools 20 --seeds 20 --jobs 8
    """
    from rlgen import api
    from rlgen.util.bracketed import parse_options

    summary = api.calibrate(
        family,
        out,
        options=parse_options(options),
        pools=pools,
        seeds=seeds,
        jobs=jobs,
        executor=executor,
        executor_options=executor_options(address, memory, gpu),
        quiet=quiet or as_json,
    )
    if as_json:
        echo_json(summary)
    else:
        for trial in summary["trials"]:
            word = "passed" if trial["passed"] else "FAILED"
            echo(f"{word}  {trial['name']}: {trial['found']}")
        for label, why in summary["failed"].items():
            echo(f"FAILED  {label}: {why}")
        believed = "can be believed" if summary["believed"] else "is not to be believed"
        echo(f"The instrument {believed}.")
        echo(f"Report: {out / 'calibration.html'}")
    if not summary["believed"]:
        sys.exit(FAILED)
