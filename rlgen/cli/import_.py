"""``rlgen import``: a store of results that were measured elsewhere."""

from collections.abc import Sequence
from pathlib import Path

import click

from rlgen.cli.answers import print_answers
from rlgen.cli.options import WholeRange, command, echo_json, json_option, refuse_given
from rlgen.util.terminal import echo
from rlgen.util.words import counted


def _pairs(texts: Sequence[str], option: str) -> dict[str, str]:
    """Parse ``NAME=VALUE`` pairs, each name once."""
    pairs: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not (equals and name and value):
            raise click.BadParameter(f"{text!r} is not like NAME=VALUE", param_hint=option)
        if name in pairs:
            raise click.BadParameter(f"{name!r} is given twice", param_hint=option)
        pairs[name] = value
    return pairs


@command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), required=True, help="The new store's folder."
)
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="OURS=THEIRS",
    help="The name of a column in the files: return=score.",
)
@click.option(
    "--set",
    "values",
    multiple=True,
    metavar="OURS=VALUE",
    help="A value for all rows, for a column that the files lack: n_train_levels=200.",
)
@click.option(
    "--pool",
    "pools",
    multiple=True,
    metavar="POOL",
    help="train, validation or test: once for all files, or once per file.",
)
@click.option(
    "--pattern",
    default="",
    metavar="PATH",
    help="Columns to take from the files' paths, * for any name: 'logs/{seed}/{pool}/*.npz'.",
)
@click.option(
    "--own-numbers",
    is_flag=True,
    help="Each pool has its own numbering: level 3 of one is not level 3 of another.",
)
@click.option("--repeats", is_flag=True, help="Treat equal rows as further episodes.")
@click.option(
    "--last",
    type=WholeRange(0),
    default=100,
    show_default=True,
    help="The number of last episodes to take from a monitor.csv; 0 is all.",
)
@json_option
def import_(
    files: tuple[Path, ...],
    out: Path,
    columns: tuple[str, ...],
    values: tuple[str, ...],
    pools: tuple[str, ...],
    pattern: str,
    own_numbers: bool,
    repeats: bool,
    last: int,
    as_json: bool,
) -> None:
    """Make a store and its report from returns that were measured elsewhere.

    FILES are tables (.csv, .tsv, .parquet) with one row per episode or per level,
    stable-baselines3's evaluations.npz and monitor.csv, wide exports of Weights & Biases, and
    TensorBoard's event files. A table has a return, a pool (train or
    test), a run or a seed, and if possible a level; optionally agent, network, family,
    n_train_levels, step, condition, episode, solved, length, and oracle and random, the best and
    the random agent's return, for scores. Other common names of these are understood.

    Missing columns stay unknown, and the report says what cannot be computed without them. An
    existing store is never changed.

    \b
    rlgen import returns.csv -o results/mine
    rlgen import r.csv -o results/mine --column return=score --set agent=ppo --set random=0
    rlgen import logs/*/*/evaluations.npz -o results/sb3 --pattern '{seed}/{pool}/evaluations.npz'
    """
    theirs, constants = _pairs(columns, "--column"), _pairs(values, "--set")
    from rlgen import report
    from rlgen.store.importing import ImportOptions, import_files, sb3_files
    from rlgen.util import files as disk

    if not any(sb3_files.begins_as_monitor(path) for path in files):
        refuse_given(["last"], "goes with files of stable-baselines3's Monitor, and none is one")
    imported = import_files(
        files,
        out,
        ImportOptions(theirs, constants, pools, pattern, own_numbers, repeats, last),
    )
    page = out / "report.html"
    if not report.is_current(imported.store):
        report.write(imported.store)
    summary = disk.read_json(out / "summary.json")
    if as_json:
        document = {
            "store": str(out),
            "report": str(page),
            "ignored": imported.ignored,
            "already": imported.already,
            "again": imported.again,
            "summary": summary,
        }
        echo_json(document)
        return
    if imported.again:
        echo(f"Written again: {counted(imported.again, 'run')} that {out} had and lacks now.")
    elif imported.already:
        echo(f"Nothing to import: {out} already holds these files.")
    else:
        echo(f"Imported {counted(imported.returns, 'return')} of {counted(imported.runs, 'run')}.")
    if imported.ignored:
        echo(f"Not used: {', '.join(imported.ignored)}.")
    for limit in summary["imported"]["limits"]:
        echo(f"Note: {limit}")
    print_answers(summary, page)
