"""``rlgen list``: the catalogues, one entry a line."""

from importlib import import_module

import click

from rlgen.cli.options import command, echo_json, json_option
from rlgen.util.terminal import echo

#: Catalogues by content, each imported only when it is listed.
CATALOGUES = {
    "agents": "rlgen.agents:AGENTS",
    "networks": "rlgen.networks:NETWORKS",
    "perturbations": "rlgen.perturbations:PERTURBATIONS",
    "regularisers": "rlgen.training.regularisers:REGULARISERS",
    "probes": "rlgen.probes:PROBES",
    "detectors": "rlgen.diagnostics.detectors:DETECTORS",
    "controls": "rlgen.agents.controls:CONTROLS",
    "executors": "rlgen.study.executors:EXECUTORS",
    "trackers": "rlgen.study.tracking:TRACKERS",
    "kinds": "rlgen.study.kinds:KINDS",
}
#: Those that are listed only where they are asked for: of levels, and of protocol files.
ASKED = ("properties", "keys")
KINDS = ("families", *CATALOGUES, "papers", "experiments", "protocols", *ASKED)


@command("list")
@click.argument("kind", type=click.Choice(KINDS), required=False)
@json_option
def list_(kind: str | None, as_json: bool) -> None:
    """List what there is, a line each; properties of levels and keys of files only by name.

    \b
    rlgen list
    rlgen list networks --json
    """
    listings = {each: _cards(each) for each in ([kind] if kind else KINDS[: -len(ASKED)])}
    if as_json:
        echo_json(listings[kind] if kind else listings)
        return
    for each, cards in listings.items():
        if not kind:
            echo(f"{each}:")
        width = max(map(len, cards), default=0)
        for name, card in cards.items():
            echo(f"{'' if kind else '  '}{name:{width}}  {card}")


def _cards(kind: str) -> dict[str, str]:
    from rlgen import papers
    from rlgen.levels import lookup
    from rlgen.protocol import shipped

    if kind == "families":
        return lookup.family_cards()
    if kind == "properties":
        return lookup.property_cards()
    if kind == "protocols":
        return shipped.protocol_cards()
    if kind == "keys":
        from rlgen.protocol.json_schema import key_cards

        return key_cards()
    if kind == "experiments":
        return {
            f"{paper}/{name}": experiment.card
            for paper, member in papers.catalogue().items()
            for name, experiment in member.experiments.items()
        }
    if kind == "papers":
        catalogue = papers.catalogue()
    else:
        module, _, name = CATALOGUES[kind].partition(":")
        catalogue = getattr(import_module(module), name)
    return {name: catalogue.card(name) for name in catalogue}
