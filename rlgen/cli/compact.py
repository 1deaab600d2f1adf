"""``rlgen compact``: fold a store's finished runs into few large files."""

from dataclasses import asdict
from pathlib import Path

import click

from rlgen.cli.options import command, echo_json, json_option
from rlgen.util.terminal import echo
from rlgen.util.words import counted


@command()
@click.argument("store", type=click.Path(path_type=Path))
@click.option("--undo", is_flag=True, help="Bring all runs back into folders.")
@json_option
def compact(store: Path, undo: bool, as_json: bool) -> None:
    """Fold the finished runs of a STORE into few large files, which every command reads as before.

    A run has nine files or more; file systems, copies and backups of tens of thousands of runs are
    slow for their number alone. A folded run is compared with what it was before its folder is
    removed. Other commands may use the store meanwhile; runs that are damaged, that another command
    is at, or that were written without sums are left as they are, a line each. `unzip -n` of a file
    in segments/ brings its folders back too.

    \b
    rlgen compact results/depth
    rlgen compact results/depth --undo
    """
    from rlgen.store import compacting
    from rlgen.store.bundle import is_bundle
    from rlgen.store.opening import refuse_bundle
    from rlgen.store.run_store import RunStore

    if is_bundle(store):
        refuse_bundle(store, "is one file already")
    study = RunStore(store)
    done = compacting.expand(study) if undo else compacting.compact(study)
    if as_json:
        echo_json(asdict(done))
        return
    for folder, why in done.left.items():
        echo(f"{store}/{folder}: left as it is: {why}", err=True)
    what = f"{counted(done.files, 'file')} of {counted(done.folders, 'folder')}"
    number = counted(len(done.segments), "segment")
    echo(f"{store}: {what} brought back from {number}" if undo else f"{store}: {what} folded")
