"""Panels beside each other, with one legend above."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from rlgen.report.figures.base import style, to_svg


@dataclass
class Panels:
    """Panels of one figure.

    Attributes:
        axes: One a panel.
        svg: The picture, once the context has ended.
    """

    axes: list[Axes]
    svg: str = ""


@contextmanager
def panels(
    name: str, title: str, titles: Sequence[str], size: tuple[float, float], *, columns: int = 0
) -> Iterator[Panels]:
    """Panels in the style of the page.

    Args:
        name: Of the paper and the section: prefix of ids.
        title: For screen readers.
        titles: Of the panels.
        size: Width and height of the whole, inches.
        columns: How many are beside each other at most; 0 is all.
    """
    columns = min(columns or len(titles), len(titles))
    with style(name):
        canvas, axes = plt.subplots(
            -(-len(titles) // columns), columns, figsize=size, squeeze=False, layout="constrained"
        )
        picture = Panels(list(axes.flat)[: len(titles)])
        for axis in list(axes.flat)[len(titles) :]:
            axis.set_visible(False)
        for axis, text in zip(picture.axes, titles, strict=True):
            axis.set_title(text)
        yield picture
        legend: dict[str, Any] = {}
        for axis in picture.axes:
            for handle, label in zip(*axis.get_legend_handles_labels(), strict=True):
                legend.setdefault(label, handle)
        if legend:
            canvas.legend(
                legend.values(), legend.keys(), loc="outside upper left", ncols=min(4, len(legend))
            )
        picture.svg = to_svg(canvas, name, title)
        plt.close(canvas)
