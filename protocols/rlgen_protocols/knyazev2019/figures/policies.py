"""Returns of policies by where their attention comes from."""

from typing import Any

import pandas as pd

from rlgen.analysis.results import Results
from rlgen.papers import Section
from rlgen_protocols.graphs.estimates import rows
from rlgen_protocols.graphs.panels import COLOURS, interval, named_places, panels, points

#: Titles of what is measured.
MEASURED = {
    "train": "training levels",
    "test": "held-out levels",
    "larger": "larger levels",
    "auc_test": "AUC of attention",
}


def drawn(results: Results) -> Section | None:
    """One panel a pool of levels, and the quality of attention; None if nothing has been run."""
    table = results.measured("policies")
    if table.empty:
        return None
    kinds = list(dict.fromkeys(table["attention"]))
    data: list[dict[str, Any]] = []
    titles = list(MEASURED.values())
    with panels("knyazev2019-policies", "Attention in policies", titles, width=2.4) as figure:
        for column, axis in zip(MEASURED, figure.axes, strict=True):
            for place, kind in enumerate(kinds):
                values = rows(table, attention=kind)[column].dropna()
                if values.empty:
                    continue
                axis.plot(
                    [place - 0.12] * len(values), values, ".", color=COLOURS[place], alpha=0.45
                )
                own = interval(values)
                points(axis, [place], [own], color=COLOURS[place])
                data.append({"measured": column, "attention": kind} | own)
            named_places(axis, kinds)
        figure.axes[0].set_ylabel("normalised return")
    levels = ", ".join(str(n) for n in sorted(set(table["levels"])))
    return Section(
        "policies",
        "Attention in a policy",
        "Graph networks cloned from the planner. With attention they read, beside the cells around "
        "the agent, a mean of all cells weighted by attention; supervised, towards the cells that "
        "the planner has still to go over. Exact returns, 1 the planner's and 0 those of random "
        "actions, and the AUC of attention for these cells; dots are seeds.",
        figure.svg,
        data=pd.DataFrame(data),
        of_agents=False,
        note=f"Training levels: {levels}.",
    )
