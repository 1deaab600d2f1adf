"""What aggregations make equal: multisets, and cells of mazes without features."""

import numpy as np
import pandas as pd

from rlgen.analysis.results import Results
from rlgen.papers import Section
from rlgen_protocols.graphs.panels import COLOURS, named_places, panels, powers
from rlgen_protocols.xu2019.networks import AGGREGATIONS

#: Spreads below this are drawn there.
FLOOR = 1e-17


def drawn(results: Results) -> Section | None:
    """Pairs of multisets and spreads of cells by aggregation; None if nothing has been run."""
    table = results.measured("aggregations")
    if table.empty:
        return None
    titles = ["pairs of multisets made equal, of 21", "spread of cells' features"]
    data = []
    with panels("xu2019-exact", "What aggregations make equal", titles, width=3.2) as figure:
        equal, spread = figure.axes
        for place, name in enumerate(AGGREGATIONS):
            confused, apart = table[f"{name}_confuses"], table[f"{name}_spread"]
            equal.bar([place], [confused.max()], 0.5, color=COLOURS[place])
            spots = np.full(len(apart), place)
            spread.plot(spots, np.maximum(apart, FLOOR), "o", color=COLOURS[place])
            data.append(
                {"aggregation": name, "pairs made equal": confused.max(), "seeds": len(table)}
                | {"least spread": apart.min(), "most spread": apart.max()}
            )
        powers(spread)
        spread.set_ylabel("over the largest feature")
        for axis in figure.axes:
            named_places(axis, AGGREGATIONS)
    without, with_bias = (table[key].max() for key in ("one_layer", "one_layer_bias"))
    return Section(
        "exact",
        "What sum, mean and maximum make equal",
        "Left: of the multisets a, aa, ab, aabb, aab, abb and aaabbb, how many pairs have the same "
        "sum, mean or maximum of one-hot letters. Right: how much the features of cells differ "
        "after four rounds of untrained networks in mazes whose cells have no features, in float64 "
        "and without batch normalisation; below 1e-17 they are drawn there.",
        figure.svg,
        data=pd.DataFrame(data),
        of_agents=False,
        note="Sums of ReLU(W x) over {1,1,1,1,1} and {2,3} differ by at most "
        f"{without:.1g}; with a bias by up to {with_bias:.2g}.",
    )
