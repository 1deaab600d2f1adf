"""``rlgen view``: levels, and what policies do on them."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rlgen.cli.options import INTERRUPTED, WholeRange, beside, command, refuse_given, write_page
from rlgen.util.terminal import echo

if TYPE_CHECKING:
    from rlgen.view.content import Extent


@command()
@click.argument("store", type=click.Path(path_type=Path))
@click.argument("other", type=click.Path(path_type=Path), required=False)
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="The page. [default: STORE-view.html beside the store]",
)
@click.option(
    "--levels",
    type=WholeRange(3, 100_000),
    default=30,
    show_default=True,
    metavar="N",
    help="Of each pool, a third each the worst, the middle and the best.",
)
@click.option(
    "--runs",
    type=WholeRange(1, 10_000),
    default=3,
    show_default=True,
    metavar="N",
    help="Of each cell, from the smallest gap to the largest.",
)
@click.option("--trust", multiple=True, metavar="PATH", help="Whose modules may be imported.")
@click.option(
    "--serve",
    is_flag=True,
    help="Serve the page to this machine's browser instead: every run and every level of it.",
)
@click.option(
    "--port",
    type=WholeRange(1, 65_535),
    metavar="N",
    help="Where it is served, at 127.0.0.1. [default: a free one]",
)
def view(
    store: Path,
    other: Path | None,
    out: Path | None,
    levels: int,
    runs: int,
    trust: tuple[str, ...],
    serve: bool,
    port: int | None,
) -> None:
    """Draw the levels of a STORE or bundle, or of two, into one page to walk through.

    The page opens from disk and loads nothing: cells, their runs, their levels. Where the levels
    are square cells whose states can be listed and the weights are there, it draws the planner's
    path, the policy's most probable actions and its exact expected visits, whole or step by step,
    under each condition; of other levels the returns and a picture. Served, it has the same, and
    computes the other levels and runs when they are opened; its address holds a secret, and Ctrl-C
    ends it.

    \b
    rlgen view results/mine
    rlgen view results/mine.tar.xz results/theirs -o both.html --levels 60
    rlgen view results/mine --serve
    """
    from rlgen.util.targets import check_replaceable
    from rlgen.view import render
    from rlgen.view.content import Extent

    stores = [store] if other is None else [store, other]
    extent = Extent(levels, runs, tuple(trust))
    if serve:
        refuse_given(["out"], "writes a file; --serve serves the page and writes none")
        _serve(stores, extent, port or 0)
        return
    refuse_given(["port"], "needs --serve")
    page = out or beside(store, "-view.html")
    check_replaceable(page, "page")
    write_page(page, render(stores, extent, lambda line: echo(line, err=True)))
    echo(f"View: {page}")


def _serve(stores: list[Path], extent: "Extent", port: int) -> None:
    from rlgen.view.serving import serve

    def say(line: str) -> None:
        echo(line, err=True)

    try:
        serve(stores, extent, port, say, lambda address: echo(f"View: {address} (Ctrl-C ends it)"))
    except KeyboardInterrupt:
        # Nothing was computed that another command would go on with.
        sys.exit(INTERRUPTED)
