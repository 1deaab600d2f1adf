"""Accuracy without supervision by the direction from which attention sets out."""

import pandas as pd

from rlgen.analysis.results import Results
from rlgen.papers import Section
from rlgen_protocols.graphs.estimates import rows
from rlgen_protocols.graphs.panels import COLOURS, interval, panels, points
from rlgen_protocols.knyazev2019.evidence import counted
from rlgen_protocols.knyazev2019.figures.accuracies import SETS
from rlgen_protocols.knyazev2019.modes import UNSUPERVISED


def drawn(results: Results) -> Section | None:
    """Accuracy by initial cosine, one panel a test set; None if nothing has been run."""
    table = results.measured("directions")
    free = rows(counted(results, "colors"), mode=UNSUPERVISED)
    if table.empty:
        return None
    data = []
    cosines = sorted(set(table["cosine"]))
    with panels("knyazev2019-directions", "Accuracy by initial cosine", [*SETS.values()]) as figure:
        for test, axis in zip(SETS, figure.axes, strict=True):
            column = f"accuracy_{test}"
            axis.plot(table["cosine"] - 0.02, table[column], ".", color=COLOURS[1], alpha=0.45)
            means = [interval(rows(table, cosine=cosine)[column]) for cosine in cosines]
            points(axis, cosines, means, color=COLOURS[1], label="direction that was set")
            axis.plot(
                free["cosine_start"],
                free[column],
                "x",
                color=COLOURS[0],
                label="direction as it was drawn",
            )
            axis.set_xlabel("initial cosine with the best direction")
            axis.set_xlim(-1.08, 1.08)
            axis.set_ylim(-0.03, 1.05)
            data += [
                {"test": test, "cosine": cosine} | own
                for cosine, own in zip(cosines, means, strict=True)
            ]
        figure.axes[0].set_ylabel("accuracy")
    ends = "; ".join(
        f"{cosine:g}: {rows(table, cosine=cosine)['cosine_end'].mean():.2f}" for cosine in cosines
    )
    return Section(
        "directions",
        "Without supervision the start decides",
        "COLORS, unsupervised: attention is a softmax of x p, whose best direction is that of "
        "green. Dots are seeds, with means and 95 % intervals by the cosine at which p was set; "
        "crosses are networks whose p is as it was drawn.",
        figure.svg,
        data=pd.DataFrame(data),
        of_agents=False,
        note=f"Mean cosine after training, by that before: {ends}.",
    )
