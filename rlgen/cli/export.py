"""``rlgen export``: figures and tables for papers."""

from pathlib import Path

import click

from rlgen.cli.options import beside, command
from rlgen.util.terminal import echo
from rlgen.util.words import counted


@command()
@click.argument("store", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="A new or empty folder. [default: STORE-export beside the store]",
)
@click.option(
    "--figures",
    type=click.Choice(["svg", "pdf", "png", "none"]),
    multiple=True,
    default=["svg", "pdf"],
    show_default=True,
    help="Forms of figures; may be repeated.",
)
@click.option(
    "--tables",
    type=click.Choice(["csv", "tex", "none"]),
    multiple=True,
    default=["csv", "tex"],
    show_default=True,
    help="Forms of tables; may be repeated.",
)
def export(
    store: Path, out: Path | None, figures: tuple[str, ...], tables: tuple[str, ...]
) -> None:
    """Write each figure and each table of a STORE's or bundle's report as a file of its own.

    CSV has the numbers of summary.json in six digits; LaTeX (booktabs) has means with their
    intervals, to be read. Figures are drawn on white.

    \b
    rlgen export results/mine
    rlgen export results/mine.tar.xz -o figures --figures pdf --tables tex
    """
    from rlgen.report.exporting import export as run

    folder = out or beside(store, "-export")
    forms = [[form for form in dict.fromkeys(own) if form != "none"] for own in (figures, tables)]
    if not any(forms):
        raise click.UsageError("--figures none --tables none: nothing is left to export")
    written = run(store, folder, *forms)
    echo(f"Export: {counted(len(written), 'file')} in {folder}")
