"""``rlgen verify``: compare a summary with the rows that it was computed from."""

import sys
from dataclasses import asdict
from pathlib import Path

import click

from rlgen.cli.options import FAILED, command, echo_json, json_option
from rlgen.util.terminal import echo
from rlgen.util.words import counted


@command()
@click.argument("store", type=click.Path(path_type=Path))
@click.option("--strict", is_flag=True, help="Exit code 1 for problems too.")
@json_option
def verify(store: Path, strict: bool, as_json: bool) -> None:
    """Compute the summary of a STORE or bundle again and compare it with the one that is in it.

    Also verified: the SHA-256 of each file, and every one that is damaged is named; of each run,
    that its files are there, that its id is the hash of its settings, and that it has a row for
    each of its conditions and levels.

    Problems are named by a code: runs that were chosen by their returns on the test levels (S101),
    levels in two pools (S102), missing cells (S201) and conditions (S202), settings with one seed
    (S203), a run that is there twice (S204), several versions in one study (S301).

    Exit code 0: all holds; 1: something differs, a line each; 2: it cannot be read. With --strict a
    problem is exit code 1 too.

    \b
    rlgen verify results/depth
    rlgen verify depth.tar.xz --json
    """
    from rlgen.report import kept

    result = kept.verify(store)
    if as_json:
        echo_json(asdict(result))
    else:
        for line in result.differences:
            echo(f"{store}: {line}")
        for problem in result.problems:
            echo(f"{store}: {problem}")
        if not result.differences:
            rows, runs = counted(result.rows, "row"), counted(result.runs, "run")
            echo(f"{store}: {rows} of {runs} give its summary")
    if result.differences or (strict and result.problems):
        sys.exit(FAILED)
