"""``rlgen show``: a drawing of one level."""

from collections.abc import Sequence
from pathlib import Path

import click

from rlgen.cli.options import FiniteRange, WholeRange, refuse_given
from rlgen.util.terminal import echo_document


@click.command()
@click.argument("family")
@click.option("--level", type=WholeRange(0), help="Level id; without it the family is described.")
@click.option("--solution", is_flag=True, help="Draw the planner's path.")
@click.option("--flip-p", type=FiniteRange(0, 1), default=0.0, help="Flip probability.")
@click.option(
    "--option", "options", multiple=True, metavar="KEY=VALUE", help="Of the family: size=5."
)
@click.option("--png", type=click.Path(path_type=Path), help="Write a picture instead of text.")
def show(
    family: str,
    level: int | None,
    solution: bool,
    flip_p: float,
    options: Sequence[str],
    png: Path | None,
) -> None:
    """Draw a level of a FAMILY in the terminal or as a picture, or say what is known of it.

    Families that draw no text, such as environments registered with Gymnasium, are described:
    observations, actions, length of episodes, whether seeds decide levels, and what they can do.

    \b
    rlgen show CartPole-v1
    rlgen show FAMILY --level 17 --solution
    rlgen show FAMILY --level 3 --option size=7 --png level.png
    """
    from rlgen.evaluation import drawing
    from rlgen.levels import lookup
    from rlgen.levels.describing import described
    from rlgen.levels.family import Family
    from rlgen.util.bracketed import parse_options

    member = lookup.family(family).configure(parse_options(options))
    if level is None:
        refuse_given(["solution", "flip_p", "png"], "goes with --level")
    text = type(member).text is not Family.text
    if level is None or not (text or solution or png or flip_p):
        echo_document(described(member, level))
        return
    echo_document(drawing.show(member, level, flip_p=flip_p, solution=solution, png=png))
