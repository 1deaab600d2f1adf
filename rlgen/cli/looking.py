"""The commands that show what there is."""

import json
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import click

from rlgen.cli.options import json_option

#: Catalogues by what they hold, each imported when it is listed.
CATALOGUES = {
    "agents": "rlgen.agents:AGENTS",
    "networks": "rlgen.networks:NETWORKS",
    "perturbations": "rlgen.perturbations:PERTURBATIONS",
    "regularisers": "rlgen.training.regularisers:REGULARISERS",
    "checks": "rlgen.diagnostics.detectors:CHECKS",
    "controls": "rlgen.agents.controls:CONTROLS",
}
KINDS = ("families", *CATALOGUES, "protocols")


@click.command("list")
@click.argument("kind", type=click.Choice(KINDS), required=False)
@json_option
def list_(kind: str | None, as_json: bool) -> None:
    """List what there is, a line each.

    \b
    rlgen list
    rlgen list networks --json
    """
    told = {each: _cards(each) for each in ([kind] if kind else KINDS)}
    if as_json:
        click.echo(json.dumps(told[kind] if kind else told, indent=1))
        return
    for each, cards in told.items():
        if not kind:
            click.echo(f"{each}:")
        width = max(map(len, cards), default=0)
        for name, card in cards.items():
            click.echo(f"{'' if kind else '  '}{name:{width}}  {card}")


def _cards(kind: str) -> dict[str, str]:
    from rlgen.levels import lookup
    from rlgen.protocol import shipped

    if kind == "families":
        return lookup.family_cards()
    if kind == "protocols":
        return shipped.protocol_cards()
    module, _, name = CATALOGUES[kind].partition(":")
    catalogue = getattr(import_module(module), name)
    return {name: catalogue.card(name) for name in catalogue}


@click.command()
@click.argument("family")
@click.option("--level", type=click.IntRange(0), required=True, help="Level id.")
@click.option("--solution", is_flag=True, help="Draw the planner's path.")
@click.option("--flip-p", type=click.FloatRange(0, 1), default=0.0, help="Flip probability.")
@click.option(
    "--option", "options", multiple=True, metavar="KEY=VALUE", help="Of the family: size=5."
)
@click.option("--png", type=click.Path(path_type=Path), help="Write a picture instead of text.")
def show(
    family: str,
    level: int,
    solution: bool,
    flip_p: float,
    options: Sequence[str],
    png: Path | None,
) -> None:
    """Draw a level of a FAMILY in the terminal or as a picture.

    \b
    rlgen show maze-tunnel --level 17 --solution
    rlgen show maze-basic --level 3 --option size=7 --png level.png
    """
    from rlgen.evaluation import drawing
    from rlgen.levels import lookup

    member = lookup.family(family).configure(drawing.parse_options(options))
    shown = drawing.show(member, level, flip_p=flip_p, solution=solution, png=png)
    click.echo(shown)
