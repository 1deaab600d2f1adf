"""Figures of a study as matplotlib axes, for notebooks and papers.

Each figure of the report is a function here, drawn by the same code: ``rlgen.plot.gap_by_levels``
is the figure "gap-by-levels". ``rlgen.plot.names()`` has them all.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from rlgen.errors import StoreError, nearest

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Plot = Callable[[str | Path], "list[Axes]"]


def names() -> list[str]:
    """Names of the figures, as functions of this module.

    Example:
        >>> "learning_curves" in names()
        True
    """
    from rlgen.report.figures import FIGURES

    return [name.replace("-", "_") for name in FIGURES]


def axes(name: str, store: str | Path) -> "list[Axes]":
    """Draw a figure of the report, and return it to be changed, shown or saved.

    Args:
        name: Of the figure, as in the report.
        store: The store's folder, or a bundle.

    Returns:
        Its panels in reading order; ``[0].figure`` is the whole figure, with ``savefig``. A figure
        that the report shows as a table has none.

    Raises:
        StoreError: If the study has no data for it, or the store cannot be read.
        UnknownNameError: If there is no such figure.
    """
    from rlgen.analysis.results import Results
    from rlgen.report.figures import FIGURES
    from rlgen.report.figures.base import collected, on_paper
    from rlgen.store.opening import opened

    figure = FIGURES[name]
    with opened(Path(store)) as study, collected() as canvases:
        drawing = figure.draw(Results.load(study))
    if drawing is None:
        raise StoreError(f"{store}: has no data for the figure {name!r}")
    for canvas in canvases:
        on_paper(canvas)
    return [axis for canvas in canvases for axis in canvas.axes if axis.get_visible()]


def __getattr__(name: str) -> Plot:
    if name.startswith("_") or name not in names():
        raise AttributeError(
            f"module 'rlgen.plot' has no attribute {name!r}{nearest(name, names())}"
        )
    from rlgen.report.figures import FIGURES

    member = name.replace("_", "-")
    figure = FIGURES[member]

    def plot(store: str | Path) -> "list[Axes]":
        return axes(member, store)

    plot.__name__ = plot.__qualname__ = name
    plot.__doc__ = f"{figure.title}.\n\n{figure.reading}\n\nSee ``axes``."
    return plot


def __dir__() -> list[str]:
    from rlgen.report.figures import FIGURES

    return ["axes", "names", *(name.replace("-", "_") for name in FIGURES)]
