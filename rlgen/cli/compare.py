"""``rlgen compare``: which generalises better."""

from pathlib import Path

import click

from rlgen.cli.options import command, echo_json, json_option
from rlgen.util.terminal import echo


@command()
@click.argument("store", type=click.Path(path_type=Path))
@click.argument("other", type=click.Path(path_type=Path), required=False)
@json_option
def compare(store: Path, other: Path | None, as_json: bool) -> None:
    """Compare the agents, networks and regularisers of a STORE or bundle, or those of two.

    Runs are paired by seed and level: two stores need the same levels, as two protocols have that
    differ in agent, network, regulariser or steps alone. A line a pair: the difference of the
    held-out return with its 95 % interval, and on how many held-out levels it is higher or lower.
    "Better" is said at a family-wise error of 5 %. --json has all numbers.

    \b
    rlgen compare results/depth
    rlgen compare results/mine results/theirs.tar.xz --json
    """
    from rlgen.analysis.results import MAIN
    from rlgen.report.comparing import compare as run

    comparison = run(store, other)
    if as_json:
        echo_json(comparison)
        return
    if comparison["condition"] != MAIN:
        echo(f"Returns are those under {comparison['condition']}.")
    if comparison["trust"]:
        echo(comparison["trust"])
    for pair in comparison["pairs"]:
        echo(pair["sentence"])
