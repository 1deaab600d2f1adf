"""``rlgen card``: a model card of a study."""

from pathlib import Path

import click

from rlgen.cli.options import command
from rlgen.errors import StoreError
from rlgen.util.terminal import echo


@command()
@click.argument("store", type=click.Path(path_type=Path))
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), help="A file, such as README.md. [default: -]"
)
def card(store: Path, out: Path | None) -> None:
    """Write the model card of a STORE or bundle: its answers, with intervals, in Markdown.

    Its head is what the Hugging Face hub reads: tags, and the mean returns on training and held-out
    levels. A file that is there is not replaced.

    \b
    rlgen card results/depth
    rlgen card results/depth -o model/README.md
    """
    from rlgen.report.model_card import card as text_of
    from rlgen.util import files

    if out is not None and out.exists():
        raise StoreError(f"{out}: is there already; name another file")
    text = text_of(store)
    if out is None:
        for line in text.splitlines():
            echo(line)
        return
    files.write_text(out, text)
    echo(f"Card: {out}")
