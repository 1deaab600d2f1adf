"""Accuracy against the quality of attention."""

import pandas as pd

from rlgen.analysis.results import Results
from rlgen.papers import Section
from rlgen_protocols.graphs.estimates import rows
from rlgen_protocols.graphs.panels import panels
from rlgen_protocols.knyazev2019.evidence import counted
from rlgen_protocols.knyazev2019.figures.accuracies import COLOUR, SETS

AUC = "AUC of attention for the true one"


def drawn(results: Results) -> Section | None:
    """A dot a network, one panel a test set; None if nothing has been run."""
    table = counted(results, "colors")
    table = table[table["auc_largec"].notna()]
    if table.empty:
        return None
    with panels(
        "knyazev2019-quality", "Accuracy by quality of attention", [*SETS.values()]
    ) as drawing:
        for test, axis in zip(SETS, drawing.axes, strict=True):
            for mode in dict.fromkeys(table["mode"]):
                own = rows(table, mode=mode)
                axis.plot(
                    own[f"auc_{test}"],
                    own[f"accuracy_{test}"],
                    "o",
                    color=COLOUR[mode],
                    alpha=0.8,
                    markersize=5,
                    label=mode,
                )
            axis.set_xlabel(AUC)
            axis.set_xlim(-0.03, 1.05)
            axis.set_ylim(-0.03, 1.05)
        drawing.axes[0].set_ylabel("accuracy")
    columns = [f"{what}_{test}" for test in SETS for what in ("auc", "accuracy")]
    return Section(
        "quality",
        "The better attention is, the better networks generalise",
        "Each dot is a network on COLORS. AUC: the share of pairs of a green and another node, of "
        "all test graphs, in which the green one has more attention; ties are half.",
        drawing.svg,
        data=pd.DataFrame(table[["seed", "mode", *columns]]),
        of_agents=False,
    )
