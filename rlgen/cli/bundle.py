"""``rlgen bundle``: write a store as one file."""

from pathlib import Path

import click

from rlgen.cli.options import command, echo_json, json_option
from rlgen.util.terminal import echo
from rlgen.util.words import counted


@command()
@click.argument("store", type=click.Path(path_type=Path))
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--weights", is_flag=True, help="With the weights of the trained agents.")
@json_option
def bundle(store: Path, file: Path, weights: bool, as_json: bool) -> None:
    """Write all of a STORE but its page and its weights into one FILE, to be kept or sent.

    It is a tar archive, compressed with xz, with the SHA-256 of each file. report, check, audit,
    power, verify and rlgen.load read it as they read a store; evaluate --continue-from goes
    on from it. The same store gives the same bytes.

    \b
    rlgen bundle results/depth depth.tar.xz
    rlgen evaluate depth.toml --continue-from depth.tar.xz
    """
    from rlgen.report import kept

    result = kept.bundle(store, file, weights=weights)
    if as_json:
        summary = {
            "file": str(result.path),
            "bytes": result.size,
            "files": len(result.members),
            "weights_left_out": result.left_out,
        }
        echo_json(summary)
        return
    rest = (
        f"; weights of {counted(result.left_out, 'agent')} are left out" if result.left_out else ""
    )
    n = counted(len(result.members), "file")
    echo(f"{result.path}: {n}, {result.size / 1e6:,.1f} MB{rest}")
