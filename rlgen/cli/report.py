"""``rlgen report``: write a store's report again."""

import json
from pathlib import Path

import click

from rlgen.cli.answers import print_answers
from rlgen.cli.options import json_option


@click.command()
@click.argument("store", type=click.Path(path_type=Path))
@json_option
def report(store: Path, as_json: bool) -> None:
    """Write report.html and summary.json of a STORE again.

    \b
    rlgen report results/quickstart
    """
    from rlgen import report as reports
    from rlgen.store.run_store import RunStore
    from rlgen.util import files

    page = reports.write(RunStore(store))
    summary = files.read_json(store / "summary.json")
    if as_json:
        click.echo(json.dumps(summary, indent=1))
    else:
        print_answers(summary, page)
