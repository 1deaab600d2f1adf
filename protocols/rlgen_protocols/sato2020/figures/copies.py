"""The copy gap beside the gap that held-out levels show."""

import pandas as pd

from rlgen.analysis.results import Results
from rlgen.papers import Section
from rlgen_protocols.graphs.panels import COLOURS, panels
from rlgen_protocols.sato2020.ordering import tau, within_networks


def drawn(results: Results) -> Section | None:
    """Each clone's copy gap and gaps; None if nothing has been run."""
    table = results.measured("cloning")
    if table.empty:
        return None
    ways = {
        "gap": "gap of normalised return",
        "agreement_gap": "gap of agreement with the planner",
    }
    networks = sorted(set(table["network"]))
    with panels("sato2020-copies", "Copy gap and gap", list(ways.values()), width=4) as figure:
        for (column, words), axis in zip(ways.items(), figure.axes, strict=True):
            for colour, network in zip(COLOURS, networks, strict=False):
                own = table[table["network"] == network]
                axis.plot(own["copy_gap"], own[column], "o", color=colour, label=network, alpha=0.8)
            axis.set_xlabel("copy gap, no held-out level needed")
            axis.set_ylabel(words)
    overall = {"all networks": tau(table, "copy_gap"), **dict(within_networks(table, "copy_gap"))}
    data = pd.DataFrame(
        [
            {"networks": name, "tau": one.value, "low": one.low, "high": one.high, "n": one.n}
            for name, one in overall.items()
        ]
    )
    return Section(
        "copies",
        "Acting in turned and mirrored copies of the training levels",
        "The copy gap is the agreement with the planner on training states less that on their "
        "seven turned and mirrored images. It is exactly 0 for a graph network whose head points "
        "at cells. The table has Kendall's tau of copy gap and gap within the same number of "
        "levels and the same p, over all networks and within each architecture.",
        figure.svg,
        data=data,
        of_agents=False,
    )
