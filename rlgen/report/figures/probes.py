"""The numbers of probes against the gap, one point a run."""

import matplotlib.pyplot as plt
import pandas as pd

from rlgen.analysis.probes import STRATUM, Number, Probed
from rlgen.analysis.results import Results
from rlgen.analysis.verdicts import count
from rlgen.report.figures.base import FURTHER, MOST_PANELS, Drawing, Figure, style, to_svg

NAME = "probe-scatter"


class Probes(Figure):
    """One panel a number; only of studies whose networks were probed."""

    title = "Probes against the gap"
    reading = (
        "Each point is a run: what a probe measured of it, and its gap. Colours are numbers of "
        "training levels: an order within one colour is what the experimenter's settings do not "
        "say already."
    )

    def draw(self, results: Results) -> Drawing | None:
        """See ``Figure.draw``."""
        probed = Probed(results)
        if probed.table.empty:
            return None
        table = probed.table
        drawn = [n for n in probed.numbers if table[[n.name, "gap"]].notna().all(axis=1).any()]
        left_out = max(0, len(drawn) - MOST_PANELS)
        word = "normalised gap" if probed.quantity == "normalised" else "gap, episode return"
        svg = _panels(table, drawn[:MOST_PANELS], word) if drawn else ""
        columns = [n.name for n in probed.numbers]
        data = table[["run_id", "seed", *STRATUM, "agent", "network", "regulariser", "gap"]]
        note = f"{left_out} more panels are in the table only." if left_out else ""
        return Drawing(svg, data.join(table[columns]), note)


def _panels(table: pd.DataFrame, numbers: list[Number], word: str) -> str:
    sizes = sorted(table["n_train_levels"].unique())
    columns = min(3, len(numbers))
    rows = -(-len(numbers) // columns)
    with style(NAME):
        canvas, axes = plt.subplots(
            rows,
            columns,
            figsize=(0.6 + 3.0 * columns, 0.5 + 2.5 * rows),
            sharey=True,
            squeeze=False,
            layout="constrained",
        )
        for axis, number in zip(axes.flat, numbers, strict=False):
            for place, size in enumerate(sizes):
                mine = table[table["n_train_levels"] == size]
                colour = FURTHER[place % len(FURTHER)]
                axis.plot(
                    mine[number.name],
                    mine["gap"],
                    "o",
                    color=colour,
                    markersize=4,
                    alpha=0.8,
                    label=f"{count(size)} levels",
                )
            axis.set(xlabel=number.name, ylabel=word if axis in axes[:, 0] else "")
        for axis in axes.flat[len(numbers) :]:
            axis.set_visible(False)
        handles, labels = axes.flat[0].get_legend_handles_labels()
        canvas.legend(handles, labels, loc="outside upper left", ncols=min(4, len(labels)))
        svg = to_svg(canvas, NAME, "What probes measured against the gap")
        plt.close(canvas)
    return svg


FIGURE = Probes()
