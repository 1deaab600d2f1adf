"""What the forms have in common: the paper's drawing beside ours, and its colours."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib import colors
from matplotlib.axes import Axes
from numpy.typing import NDArray

from rlgen.analysis.stats.choices import TOP
from rlgen.report.figures.base import INK, Drawing, bars, style, to_svg
from rlgen_protocols.zhang2018.figures.selection import Selection

#: The two ways in which every item is drawn, and what their panels say.
FORMS = {
    "paper": f"as in the paper: mean of the best {TOP}",
    "ours": "mean of all runs, 95 % interval",
}
#: Dark to light, of training and of held-out returns by size of the training pool.
BLUE, RED = ("#1f5a9e", "#b9d6f2"), ("#a3211c", "#f4b8b3")
#: Of held-out returns where the size of the pool has another sign, as in the paper.
TESTSET = "#c8473f"
#: What a reading ends with.
READING = (
    f"As the paper does, its form shows the {TOP} runs with the best training return, which are "
    "better than what a new run would give; ours shows all runs with 95 % intervals for new "
    "training runs on new levels of the same family."
)

Line = TypeVar("Line")
Column = TypeVar("Column")
Row = Mapping[str, Any]


class Form(ABC):
    """One way to draw items of the paper.

    Attributes:
        reading: How to read it.
    """

    reading: str

    @abstractmethod
    def draw(self, selection: Selection, name: str) -> Drawing | None:
        """The item, or None if none of its runs is there.

        Args:
            selection: The part's runs.
            name: Prefix of ids, unique on the page.
        """


def grid(
    name: str,
    lines: Sequence[Line],
    columns: Sequence[Column],
    draw: Callable[[Axes, Line, Column], str],
    has: Callable[[Line, Column], bool],
    *,
    size: tuple[float, float],
    title: str,
    legend: Mapping[str, Any],
    **axes: Any,
) -> str:
    """Panels on common axes with a legend above, as SVG; those without data are not drawn.

    Args:
        name: Prefix of ids.
        lines: What the rows are of.
        columns: What the columns are of.
        draw: Draws one panel, and says its title.
        has: Whether there is anything to draw in a panel; in one of them there is.
        size: Width and height of a panel, inches.
        title: For screen readers.
        legend: Of ``Figure.legend``.
        **axes: Of ``Axes.set``, for every panel.
    """
    lines = [line for line in lines if any(has(line, column) for column in columns)]
    columns = [column for column in columns if any(has(line, column) for line in lines)]
    with style(name):
        canvas, panels = plt.subplots(
            len(lines),
            len(columns),
            figsize=(max(5.5, 0.5 + size[0] * len(columns)), 0.6 + size[1] * len(lines)),
            sharex=True,
            sharey=True,
            squeeze=False,
            layout="constrained",
        )
        for row, line in zip(panels, lines, strict=True):
            first = True
            for axis, column in zip(row, columns, strict=True):
                if not has(line, column):
                    axis.set_visible(False)
                    continue
                axis.set_title(draw(axis, line, column), fontsize=9)
                axis.set(**axes)
                axis.tick_params(labelbottom=True, labelleft=first)
                if first:
                    axis.set_ylabel("episode return")
                first = False
        canvas.legend(loc="outside upper left", alignment="left", **legend)
        svg = to_svg(canvas, name, title)
        plt.close(canvas)
    return svg


def shades(ends: tuple[str, str], sizes: Sequence[int]) -> dict[int, str]:
    """A colour for each size of the training pool, dark for the largest, which comes first."""
    ramp = colors.LinearSegmentedColormap.from_list("ramp", ends)
    places = np.linspace(0, 1, len(sizes)) if len(sizes) > 1 else [0.3]
    ordered = sorted(sizes, reverse=True)
    return {n: colors.to_hex(ramp(place)) for n, place in zip(ordered, places, strict=True)}


def bar(
    axis: Axes,
    x: NDArray[np.float64],
    rows: pd.DataFrame,
    form: str,
    *,
    width: float,
    whisker: float | None = 0.0,
    **look: Any,
) -> None:
    """Bars at the heights of their form's numbers.

    Args:
        axis: Drawn into.
        x: Centre of each.
        rows: Of ``Selection.table``, one a bar.
        form: One of ``FORMS``; ours has intervals.
        width: Of a bar.
        whisker: Where on the bar the interval stands, from -0.5 to 0.5; None for none.
        **look: Of ``Axes.bar``.
    """
    axis.bar(x, rows["top" if form == "paper" else "mean"], width, linewidth=0, **look)
    if form == "ours" and whisker is not None:
        axis.errorbar(
            x + whisker * width,
            rows["mean"],
            yerr=bars(rows),
            fmt="none",
            ecolor=INK,
            elinewidth=1,
            capsize=1.5,
            zorder=3,
        )


def limits(data: pd.DataFrame) -> tuple[float, float]:
    """Vertical limits of panels, set by the means: intervals of few runs may reach beyond them."""
    heights = data[["top", "mean"]].to_numpy()
    low, high = min(0.0, np.nanmin(heights)), max(0.0, np.nanmax(heights))
    space = 0.15 * (high - low) + 0.05
    return low - space * (low < 0), high + space


def groups(axis: Axes, flip_p: Sequence[float]) -> None:
    """The groups of bars along the flip probability."""
    axis.set_xticks(range(len(flip_p)), [f"{p:g}" for p in flip_p])
    axis.set_xlim(-0.5, len(flip_p) - 0.5)
    axis.grid(visible=False, axis="x")
    axis.axhline(0, color=INK, linewidth=0.8)


def centres(rows: pd.DataFrame, flip_p: Sequence[float], shift: float) -> NDArray[np.float64]:
    """Where the bars of some rows stand in their groups."""
    return rows["flip_p"].map(list(flip_p).index).to_numpy(np.float64) + shift


def words(setting: Row, selection: Selection) -> str:
    """The family, and whatever else of a setting tells it apart from others of the part."""
    pieces = [str(setting["family"])]
    if len(selection.part.flip_p) > 1 and "flip_p" in setting:
        pieces.append(f"p = {setting['flip_p']:g}")
    if setting["regulariser"] != "none":
        pieces.append(f"trained with {setting['regulariser']}")
    elif len(selection.part.regulariser) > 1:
        pieces.append("trained without")
    return ", ".join(pieces)
