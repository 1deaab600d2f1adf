"""Cloned policies by aggregation: training and held-out returns, and their gap."""

import numpy as np
import pandas as pd

from rlgen.analysis.results import Results
from rlgen.papers import Section
from rlgen.util.words import counted
from rlgen_protocols.graphs.estimates import rows
from rlgen_protocols.graphs.panels import COLOURS, interval, named_places, panels, points
from rlgen_protocols.xu2019.claims import POWER

POOLS = {"train": "training levels", "test": "held-out levels"}


def drawn(results: Results) -> Section | None:
    """Returns by aggregation and update, one panel a setting; None if nothing has been run."""
    table = results.measured("policies")
    if table.empty:
        return None
    settings = sorted(set(zip(table["n"], table["flip_p"], strict=True)))
    data = []
    titles = [f"{counted(n, 'level')}, p = {p:g}" for n, p in settings]
    with panels("xu2019-policies", "Returns by aggregation", titles, width=3.6) as figure:
        for (n, p), axis in zip(settings, figure.axes, strict=True):
            own = rows(table, n=n, flip_p=p)
            chosen = {
                f"{aggregate}, {update}": rows(own, aggregate=aggregate, update=update)
                for update in sorted(set(own["update"]), reverse=True)
                for aggregate in POWER
            }
            for number, (key, label) in enumerate(POOLS.items()):
                means = [interval(each[key]) for each in chosen.values()]
                at = np.arange(len(chosen)) + 0.2 * (number - 0.5)
                points(axis, at.tolist(), means, color=COLOURS[number], label=label)
            for name, each in chosen.items():
                data.append({"levels": n, "p": p, "network": name} | interval(each["gap"]))
            axis.set_ylabel("normalised return")
            named_places(axis, list(chosen))
    return Section(
        "policies",
        "Cloned policies by aggregation",
        "Graph networks that clone the planner, whose cells receive the maximum, the mean or the "
        "sum of their neighbours' features. 1 is the planner's return, 0 the random agent's. The "
        "table has the gaps.",
        figure.svg,
        data=pd.DataFrame(data),
        of_agents=False,
    )
