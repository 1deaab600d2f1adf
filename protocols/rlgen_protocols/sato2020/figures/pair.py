"""Two mazes that 1-WL cannot tell apart, and what untrained networks make of such pairs."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from rlgen.analysis.results import Results
from rlgen.papers import Section
from rlgen_protocols.graphs.mazes import MazeGraph
from rlgen_protocols.graphs.panels import COLOURS, named_places, panels, powers
from rlgen_protocols.graphs.refinement import weisfeiler_leman
from rlgen_protocols.sato2020.drawing import Kind, of_cells
from rlgen_protocols.sato2020.networks import MODELS

#: The pair that is drawn, with dead ends.
SHOWN = Kind(10, 2, 2, 1)
#: Differences below this are drawn there.
FLOOR = 1e-17


def drawn(results: Results) -> Section | None:
    """The pair, each cell in the colour of its stable class; None if nothing has been run."""
    if results.measured("ladder").empty and results.measured("telling").empty:
        return None
    mazes = [of_cells(SHOWN, shape) for shape in ("dumbbell", "theta")]
    colours = weisfeiler_leman(mazes)
    titles = ["dumbbell: one corridor joins two rings", "theta: no cell parts the junctions"]
    with panels("sato2020-pair", "Two mazes", titles, height=2.2, width=4) as figure:
        for number, axis in enumerate(figure.axes):
            _maze(axis, mazes[number], colours.of(number).tolist())
    counts = colours.counts().T
    used = np.flatnonzero(counts.any(axis=1))
    data = pd.DataFrame(counts[used], columns=["dumbbell", "theta"])
    return Section(
        "pair",
        "Two mazes that message passing cannot tell apart",
        f"Cells of one colour are the same to 1-WL, which is stable after {colours.rounds} rounds: "
        "both mazes have as many cells of each colour. In the first, blocking one cell of the "
        "corridor parts the rings; in the second no such cell exists.",
        figure.svg,
        data=data,
        of_agents=False,
    )


def _maze(axis: Axes, maze: MazeGraph, colours: Sequence[int]) -> None:
    names = {colour: i for i, colour in enumerate(sorted(set(colours)))}
    for (row, column), colour in zip(maze.cells.tolist(), colours, strict=True):
        look = COLOURS[names[colour] % len(COLOURS)]
        axis.add_patch(Rectangle((column, row), 0.94, 0.94, color=look))
        axis.text(column + 0.47, row + 0.5, str(names[colour]), ha="center", va="center")
    axis.set_xlim(-0.5, maze.cells[:, 1].max() + 1.5)
    axis.set_ylim(maze.cells[:, 0].max() + 1.5, -0.5)
    axis.set_aspect("equal")
    axis.set_axis_off()


def telling(results: Results) -> Section | None:
    """Differences of untrained networks within ten pairs; None if nothing has been run."""
    table = results.measured("telling")
    if table.empty:
        return None
    models = [model for model in MODELS if model in set(table["model"])]
    data = []
    with panels("sato2020-telling", "Differences within pairs", [""], width=6.2) as figure:
        axis = figure.axes[0]
        for place, model in enumerate(models):
            own = table[table["model"] == model]
            values = np.array(own["differences"].tolist())
            spots = place + np.linspace(-0.25, 0.25, values.shape[1])
            for row in values:
                axis.plot(spots, np.maximum(row, FLOOR), ".", color=COLOURS[0], alpha=0.7)
            data.append(
                {"model": model, "seeds": len(own), "least": values.min(), "most": values.max()}
                | {"most in float32": own["largest32"].max(), "copies": own["copies"].max()}
            )
        powers(axis)
        axis.axhline(1e-12, color=COLOURS[6], linewidth=1, label="margin for rounding")
        axis.set_ylabel("difference over largest score")
        named_places(axis, models)
    return Section(
        "telling",
        "What untrained networks make of such pairs",
        "Each point is one of ten pairs, for one network with random weights in float64: the "
        "difference of its scores of the two graphs. Message passing gives both the same score up "
        "to rounding; what sees distances or pairs of cells does not. Differences below 1e-17 are "
        "drawn there.",
        figure.svg,
        data=pd.DataFrame(data),
        of_agents=False,
    )
