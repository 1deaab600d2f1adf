"""Figures: the interface, and SVG output that suits dark and light pages."""

import io
import re
import sys
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import cycle
from textwrap import fill
from typing import Any

import matplotlib as mpl

# Before pyplot, so that no window system is needed; a notebook keeps what shows its own figures.
if "ipykernel" not in sys.modules:
    mpl.use("svg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from markupsafe import escape
from matplotlib.axes import Axes
from matplotlib.colors import is_color_like, to_hex
from matplotlib.figure import Figure as Canvas

from rlgen.analysis.further import shifts
from rlgen.analysis.results import Results
from rlgen.report.figures.svg import small

#: The two pools' colours: distinct for colour-blind readers, visible on dark and light.
TRAIN, TEST = "#3b82c4", "#e07b39"
#: Pools as drawn: name in the records, label, colour.
DRAWN_POOLS = (("train", "training levels", TRAIN), ("test", "held-out levels", TEST))
#: Colours of further pools, in their order; a ninth has the first one's again.
FURTHER = ("#2e9d6f", "#b05fa8", "#9a7d0a", "#4aa5b8", "#c0504d", "#7c6fd0", "#7f8c4d", "#8a6d5b")
#: Text and lines in these colours take the page's own (see ``to_svg``).
INK, FAINT = "#010203", "#040506"
#: The smallest fraction of its width that a picture shrinks to; its text is then 8 pixels high.
NARROWEST = 0.62
#: Inches across which panels stand beside each other, and most of a single one: the page's width.
WIDTH, WIDEST = 10.7, 7.4
#: Most panels in one figure; the others are in the table below it.
MOST_PANELS = 24

_STYLE = {
    "svg.fonttype": "none",
    # Names come from files, and a dollar in one begins no formula.
    "text.parse_math": False,
    # Journals ask for fonts that are in the file.
    "pdf.fonttype": 42,
    "font.size": 10,
    "axes.titlesize": 10,
    "axes.labelsize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.linewidth": 0.6,
    "grid.color": FAINT,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
}


#: Where drawn figures are collected besides, if anywhere.
_COLLECTED: ContextVar[list[Canvas] | None] = ContextVar("collected", default=None)


@dataclass(frozen=True)
class Drawing:
    """A drawn figure.

    Attributes:
        svg: The picture, one or more ``<svg>`` elements; empty where ``html`` replaces it.
        data: The numbers in it.
        note: What the reader needs to know about this drawing, such as what was left out.
        html: A table shown in place of a picture, with all of its text escaped.
    """

    svg: str
    data: pd.DataFrame
    note: str = ""
    html: str = ""


class Figure(ABC):
    """One figure of the report.

    Attributes:
        title: Its heading.
        reading: Two sentences on how to read it.
    """

    title: str
    reading: str

    @abstractmethod
    def draw(self, results: Results) -> Drawing | None:
        """Draw the figure; None if the study has no data for it."""


def panels(
    name: str,
    results: Results,
    cells: Sequence[Mapping[str, Any]],
    draw: Callable[[Axes, Mapping[str, Any]], None],
    *,
    size: tuple[float, float],
    margin: float = 0.6,
    by_size: bool = True,
    title: str,
) -> tuple[str, str]:
    """Draw one panel per cell on common axes, with a legend above.

    Args:
        name: Of the figure.
        results: The study of the cells.
        cells: At most ``MOST_PANELS`` of them are drawn.
        draw: Draws one panel.
        size: Least width, and height of a panel, inches; panels share the page's width.
        margin: Width left of the panels, inches.
        by_size: Whether panels differ in the size of the training pool.
        title: For screen readers.

    Returns:
        The SVG, and a note if cells were left out.
    """
    drawn = cells[:MOST_PANELS]
    columns = min(3, len(drawn), max(1, int((WIDTH - margin) / size[0])))
    rows = -(-len(drawn) // columns)
    width = WIDTH if columns > 1 else max(WIDEST, margin + size[0])
    with style(name):
        canvas, axes = plt.subplots(
            rows,
            columns,
            figsize=(width, 0.5 + size[1] * rows),
            sharex=True,
            sharey=True,
            squeeze=False,
            layout="constrained",
        )
        for axis, cell in zip(axes.flat, drawn, strict=False):
            draw(axis, cell)
            axis.set_title(fill(results.short(cell, size=by_size), 34) or results.common)
            axis.tick_params(labelbottom=True)
        for axis in axes.flat[len(drawn) :]:
            axis.set_visible(False)
        handles, labels = axes.flat[0].get_legend_handles_labels()
        canvas.legend(handles, labels, loc="outside upper left", ncols=min(4, len(labels)))
        svg = to_svg(canvas, name, title)
        plt.close(canvas)
    left_out = len(cells) - len(drawn)
    return svg, f"{left_out} more panels are in the table only." if left_out else ""


def drawn_pools(results: Results) -> list[tuple[str, str, str]]:
    """``DRAWN_POOLS`` and the further pools that have been measured.

    Kinds are named where a pool is of the same to all cells.
    """
    measured = set(results.main_records["split"].astype(str))
    kinds: dict[str, set[str]] = {}
    for cell in results.cells:
        for shift in shifts(results, cell):
            kinds.setdefault(shift.pool, set()).add(shift.kind)
    pools = [
        (pool, f"{pool} ({min(own)})" if len(own) == 1 else pool)
        for pool, own in kinds.items()
        if pool in measured
    ]
    colours = zip(pools, cycle(FURTHER), strict=False)
    return [*DRAWN_POOLS, *((pool, label, colour) for (pool, label), colour in colours)]


def beside(count: int, width: float) -> list[float]:
    """Shifts of so many points that stand beside each other, from the middle."""
    return np.linspace(-width, width, count).tolist() if count > 1 else [0.0]


def select(rows: pd.DataFrame, **wanted: Any) -> pd.DataFrame:
    """The rows in which the columns have the given values."""
    return rows[np.logical_and.reduce([rows[key] == value for key, value in wanted.items()])]


def bars(rows: pd.DataFrame) -> list[pd.Series]:
    """Lengths of error bars below and above the means; zero where there is no interval."""
    mean = rows["mean"]
    return [mean - rows["low"].fillna(mean), rows["high"].fillna(mean) - mean]


def intervals_beside(
    axis: Axes, points: pd.DataFrame, sizes: Sequence[int], shift: float, colour: str, name: str
) -> None:
    """Draw means with their intervals by number of training levels, all shifted by the same."""
    axis.errorbar(
        [sizes.index(n) + shift for n in points["n_train_levels"]],
        points["mean"],
        yerr=bars(points),
        fmt="o",
        color=colour,
        capsize=3,
        linewidth=1.6,
        label=name,
    )


@contextmanager
def style(name: str) -> Iterator[None]:
    """Our style; ``name`` makes the ids inside the SVG stable and unique to the figure."""
    look: Any = {**_STYLE, "svg.hashsalt": name}  # matplotlib's stubs require its 300 literal keys
    with mpl.rc_context(look):
        yield


@contextmanager
def collected() -> Iterator[list[Canvas]]:
    """The canvases of what is drawn within, as matplotlib has them, in their order."""
    canvases: list[Canvas] = []
    token = _COLLECTED.set(canvases)
    try:
        yield canvases
    finally:
        _COLLECTED.reset(token)


#: What of an artist has a colour.
_COLOURED = ("color", "facecolor", "edgecolor", "markeredgecolor", "markerfacecolor")


def on_paper(canvas: Canvas) -> None:
    """Give a canvas colours of its own where it has those of whatever page shows it."""
    plain = {INK: "black", FAINT: "0.85"}
    for artist in canvas.findobj():
        for name in _COLOURED:
            colour: Any = getattr(artist, f"get_{name}", lambda: None)()
            if is_color_like(colour) and (hexadecimal := to_hex(colour)) in plain:
                getattr(artist, f"set_{name}")(plain[hexadecimal])


#: What matplotlib warns of where the font has no character for one of a name.
NO_GLYPH = "missing from font"


@contextmanager
def _text_of_the_page() -> Iterator[None]:
    """Characters that matplotlib's font lacks are text in the page, which the browser draws."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=f".*{NO_GLYPH}")
        yield


@_text_of_the_page()
def to_svg(canvas: Canvas, name: str, title: str) -> str:
    """Convert a canvas to an ``<svg>`` element with a title, in the page's colours and font.

    Args:
        canvas: Drawn within ``style(name)``.
        name: Prefix of all ids.
        title: For screen readers.
    """
    canvas.set_label(name)
    if (canvases := _COLLECTED.get()) is not None:
        canvases.append(canvas)
    # As ``savefig(bbox_inches="tight")``, without drawing everything twice.
    engine = canvas.get_layout_engine()
    if engine is not None:
        engine.execute(canvas)
        canvas.set_layout_engine(None)
    box = canvas.get_tightbbox().padded(mpl.rcParams["savefig.pad_inches"])
    buffer = io.StringIO()
    canvas.savefig(buffer, format="svg", bbox_inches=box, metadata={"Date": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = text.replace(INK, "currentColor").replace(FAINT, "var(--grid)")
    # Keep font sizes; the font family is the page's.
    text = re.sub(r"font: ([\d.]+px) [^;\"]*", r"font-size: \1", text)
    text = re.sub(r"font-family: [^;\"]*;? ?", "", text)
    text = small(text, name)
    size = re.search(r'<svg[^>]* width="([\d.]+)pt"', text)
    width = float(size.group(1)) * 4 / 3 if size else 0
    # On a narrow screen it scrolls rather than becoming too small to read.
    limits = f"max-width:{width:.0f}px;min-width:{NARROWEST * width:.0f}px"
    text = re.sub(r'(<svg[^>]*?) width="[^"]*"', rf'\1 style="{limits}"', text, count=1)
    text = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", text, count=1)
    head = f'<svg role="img" aria-labelledby="{name}-title"'
    text = text.replace("<svg", head, 1)
    opening = text.index(">") + 1
    return f'{text[:opening]}<title id="{name}-title">{escape(title)}</title>{text[opening:]}'
