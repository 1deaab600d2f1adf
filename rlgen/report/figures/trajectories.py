"""Episodes on the worst training and held-out levels."""

import base64
import io
from collections.abc import Mapping, Sequence
from textwrap import fill
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from numpy.typing import NDArray
from PIL import Image

from rlgen.analysis.results import Results
from rlgen.analysis.stats.tables import CELL
from rlgen.analysis.verdicts import number
from rlgen.errors import DamagedStoreError
from rlgen.report.figures.base import Drawing, Figure, select, style, to_svg
from rlgen.util.words import counted, exist

NAME = "trajectories"
#: Most cells shown, each in two pictures.
MOST_CELLS = 8
#: The most pixels of a picture; frames of environments have fewer.
MOST_PIXELS = 4_000_000

Episode = Mapping[str, Any]
Cell = Mapping[str, Any]


class Trajectories(Figure):
    """Two pictures per cell, of its first run."""

    title = "Episodes on the worst levels"
    reading = (
        "For each cell, one sampled episode of its first run on the training level and on the "
        "held-out level with the lowest expected return. The line runs from light to dark as time "
        "passes, drifting a little so that the way back is visible; circles are steps without "
        "movement, against a wall or by choice."
    )

    def draw(self, results: Results) -> Drawing | None:
        """See ``Figure.draw``."""
        episodes = _chosen(results)
        if not episodes:
            return None
        pictures = [(cell, episode) for cell, own in episodes for episode in own]
        columns = 4 if len(pictures) > 4 else 2
        rows = -(-len(pictures) // columns)
        with style(NAME):
            canvas, axes = plt.subplots(
                rows,
                columns,
                figsize=(2.7 * columns, 3.5 * rows),
                squeeze=False,
                layout="constrained",
            )
            for axis in axes.flat:
                axis.set_axis_off()
            for axis, (cell, episode) in zip(axes.flat, pictures, strict=False):
                _picture(axis, episode)
                axis.set_title(_caption(results, cell, episode), fontsize=8.5)
            svg = to_svg(canvas, NAME, "Sampled episodes on the worst levels")
            plt.close(canvas)
        left_out = len(results.cells) - len(episodes)
        note = f"{exist(left_out, 'more cell')} not drawn." if left_out else ""
        return Drawing(svg, _steps(pictures), note)


def _chosen(results: Results) -> list[tuple[Cell, Sequence[Episode]]]:
    """The first run of each cell and its episodes."""
    runs = results.folded.drop_duplicates("run_id").sort_values("seed", kind="stable")
    chosen: list[tuple[Cell, Sequence[Episode]]] = []
    for cell in results.cells[:MOST_CELLS]:
        first = select(runs, **{key: cell[key] for key in CELL})["run_id"].iloc[0]
        episodes = results.trajectories.get(str(first), [])
        if episodes:
            chosen.append((cell, episodes))
    return chosen


def _steps(pictures: list[tuple[Cell, Episode]]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {**{key: cell[key] for key in CELL}, "split": e["split"], "level": e["level"]}
            | {"step": t + 1, "action": action, "reward": reward}
            for cell, e in pictures
            for t, (action, reward) in enumerate(zip(e["actions"], e["rewards"], strict=True))
        ]
    )


def _caption(results: Results, cell: Cell, episode: Episode) -> str:
    pool = "training" if episode["split"] == "train" else "held-out"
    end = "solved" if episode["solved"] else "time out" if episode["timeout"] else "not solved"
    return "\n".join(
        [
            fill(results.short(cell), 34),
            f"worst {pool} level {episode['level']}",
            f"{end}, {counted(len(episode['actions']), 'step')}",
            f"return {number(sum(episode['rewards']))}, expected {number(episode['expected'])}",
        ]
    )


def _picture(axis: Axes, episode: Episode) -> None:
    pixels = _pixels(episode["picture"])
    if episode["positions"] is None:
        axis.imshow(pixels)
        return
    height, width = episode["grid"]
    axis.imshow(pixels, extent=(-0.5, width - 0.5, height - 0.5, -0.5))
    cells = np.array(episode["positions"], dtype=float)
    # A slowly changing drift separates the way there from the way back.
    t = np.arange(len(cells)) / 7
    path = cells + 0.12 * np.column_stack([np.cos(t), np.sin(t)])
    shades = plt.get_cmap("plasma_r")(np.linspace(0.15, 0.95, len(cells) - 1))
    moved = (np.diff(cells, axis=0) != 0).any(axis=1)
    lines = np.stack([path[:-1], path[1:]], axis=1)
    axis.add_collection(LineCollection(list(lines[moved]), colors=shades[moved], linewidths=1.6))
    x, y = path[:-1][~moved].T
    axis.scatter(x, y, s=9, facecolors="none", edgecolors=shades[~moved], linewidths=0.8)


def _pixels(picture: str) -> NDArray[np.uint8]:
    """Decode a base64 PNG of a store, which may be anybody's.

    Raises:
        DamagedStoreError: If it is something else, or larger than a frame.
    """
    try:
        # No other format: some of Pillow's run programs.
        with Image.open(io.BytesIO(base64.b64decode(picture)), formats=["PNG"]) as image:
            width, height = image.size
            if width * height > MOST_PIXELS:
                raise DamagedStoreError(f"a picture of an episode has {width} x {height} pixels")
            return np.asarray(image.convert("RGB"))
    except (OSError, ValueError, TypeError, SyntaxError, Image.DecompressionBombError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise DamagedStoreError(f"a picture of an episode is no PNG: {reason[:100]}") from None


FIGURE = Trajectories()
