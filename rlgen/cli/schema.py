"""``rlgen schema``: the JSON Schema of protocol files."""

import json

import click

from rlgen.util.terminal import echo_document


@click.command()
def schema() -> None:
    """Print the JSON Schema of protocol files, suites and their parts, for editors.

    \b
    rlgen schema > protocol.schema.json
    """
    from rlgen.protocol.json_schema import json_schema

    echo_document(json.dumps(json_schema(), indent=1))
