"""``rlgen report``: write a store's report again."""

from pathlib import Path

import click

from rlgen.cli.answers import print_answers
from rlgen.cli.options import beside, command, echo_json, json_option, write_page


@command()
@click.argument("store", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the page there, and nothing into the store. [of a bundle: NAME.html beside it]",
)
@json_option
def report(store: Path, out: Path | None, as_json: bool) -> None:
    """Write report.html and summary.json of a STORE anew, or the page of a bundle.

    \b
    rlgen report results/mine
    rlgen report results/mine.tar.xz          writes results/mine.html
    """
    from rlgen import report as reports
    from rlgen.errors import StoreError
    from rlgen.store.opening import opened
    from rlgen.util import files
    from rlgen.util.targets import check_replaceable

    if out is None and store.is_file():
        out = beside(store, ".html")
    if out is not None:
        check_replaceable(out, "page")
    with opened(store) as readable:
        if out is None:
            try:
                page = reports.write(readable)
            except OSError as error:
                raise StoreError(
                    f"{store}: cannot be written to: {error.strerror or error}; -o FILE writes the "
                    "page elsewhere"
                ) from None
            summary = files.read_json(readable.path / "summary.json")
        else:
            page = out
            text, summary = reports.render(readable)
            write_page(page, text)
    if as_json:
        echo_json(summary)
    else:
        print_answers(summary, page)
