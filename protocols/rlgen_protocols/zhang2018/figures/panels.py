"""The panels of strips: all in one drawing, so that a hundred of them stay small."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from rlgen.analysis.verdicts import number
from rlgen.report.figures.base import style, to_svg
from rlgen_protocols.zhang2018.figures.frames import Episode, Visit, boxed, segments

#: Panels in a row, and at most of one episode: the first ones and the last.
COLUMNS, MOST = 7, 14
#: A panel is one unit wide; so much more are its margin, its header, and a strip's caption.
GAP, HEADER, CAPTION = 0.08, 0.3, 0.3
INCHES = 1.45

#: A drawn level looks the same on a dark page as on a light one: light to dark is time.
_FLOOR, _WALL, _BEFORE, _INK, _BOX = "#fbfaf7", "#4a5058", "#c8cacd", "#16181c", "#d1343a"
_LIGHT, _DARK = 0.12, 0.68
#: Marker and colour of what is in the paper's levels, and of anything else.
_SPRITES = {
    "red diamond": ("D", "#d1343a"),
    "blue diamond": ("D", "#2b6cb8"),
    "bomb": ("o", "#2a2d32"),
    "thunder": ("v", "#f2b705"),
    "key": ("P", "#b8860b"),
}
_OTHER = ("s", "#8a8f98")
#: Width of an object in a cell.
_SPRITE = 0.45

Point = tuple[float, float]


def svg(name: str, strips: Sequence[tuple[str, Episode]], title: str) -> str:
    """Strips below each other.

    Args:
        name: Prefix of ids.
        strips: Caption and episode of each.
        title: For screen readers.
    """
    drawn = Drawn()
    top = 0.0
    for caption, episode in strips:
        drawn.texts.append((0, top + 0.6 * CAPTION, caption, 9))
        top = add(drawn, episode, top + CAPTION)
    width = COLUMNS * (1 + GAP)
    with style(name):
        canvas = plt.figure(figsize=(INCHES * width, INCHES * top))
        axis = canvas.add_axes((0, 0, 1, 1))
        axis.set(xlim=(0, width), ylim=(top, 0))
        axis.set_axis_off()
        drawn.onto(axis)
        text = to_svg(canvas, name, title)
        plt.close(canvas)
    return text


@dataclass
class Drawn:
    """The shapes and texts of all panels together, in units of a panel's width.

    Attributes:
        floors: Outlines of levels.
        before: Cells of the way before.
        walls: Stretches of wall.
        cells: Those of the way.
        shades: From light to dark, of each of ``cells``.
        strokes: Lines of arrows and crosses.
        boxes: Red ones.
        sprites: By object, place and size of each.
        texts: Place, words and size in points.
        counts: Place and number of frames in a cell.
    """

    floors: list[list[Point]] = field(default_factory=list)
    before: list[list[Point]] = field(default_factory=list)
    walls: list[list[Point]] = field(default_factory=list)
    cells: list[list[Point]] = field(default_factory=list)
    shades: list[float] = field(default_factory=list)
    strokes: list[list[Point]] = field(default_factory=list)
    boxes: list[list[Point]] = field(default_factory=list)
    sprites: dict[str, list[tuple[float, float, float]]] = field(default_factory=dict)
    texts: list[tuple[float, float, str, float]] = field(default_factory=list)
    counts: list[tuple[float, float, str]] = field(default_factory=list)

    def onto(self, axis: Axes) -> None:
        """Draw the shapes and texts into an axis."""
        _fill(axis, self.floors, _FLOOR)
        _fill(axis, self.before, _BEFORE)
        colours = plt.get_cmap("Greens")(np.array(self.shades))
        axis.add_collection(PolyCollection(self.cells, facecolors=colours, linewidths=0))
        _fill(axis, self.walls, _WALL)
        for kind, places in self.sprites.items():
            marker, colour = _SPRITES.get(kind, _OTHER)
            columns, rows, sizes = np.array(places).T
            axis.scatter(
                columns,
                rows,
                s=sizes**2,
                c=colour,
                marker=marker,
                edgecolors=_INK,
                linewidths=0.4,
                zorder=3,
            )
        _line(axis, self.strokes, _INK, 0.7)
        _line(axis, self.boxes, _BOX, 1.1)
        for x, y, text, size in self.texts:
            axis.text(x, y, text, fontsize=size, va="center")
        for x, y, text in self.counts:
            axis.text(x, y, text, fontsize=5, va="center", color=_INK)


def add(drawn: Drawn, episode: Episode, top: float) -> float:
    """Add the panels of one episode from this height on.

    Returns:
        The height at which they end.
    """
    parts = segments(episode["positions"])
    left_out = max(0, len(parts) - MOST)
    kept = [n for n in range(len(parts)) if n < MOST - 1 or n == len(parts) - 1]
    for place, n in enumerate(kept):
        x = place % COLUMNS * (1 + GAP)
        y = top + place // COLUMNS * (1 + HEADER)
        first, last = parts[n][0].first, parts[n][-1].last
        earned = number(sum(episode["rewards"][:last]))
        skipped = f", {left_out} skipped" if left_out and place == len(kept) - 1 else ""
        drawn.texts.append((x, y + 0.3 * HEADER, f"frame {first} – {last}{skipped}", 7.5))
        drawn.texts.append((x, y + 0.72 * HEADER, f"cumulative rewards {earned}", 7.5))
        _panel(drawn, episode, parts[n], parts[n - 1] if n else [], (x, y + HEADER))
    return top + -(-len(kept) // COLUMNS) * (1 + HEADER) + GAP


def _panel(
    drawn: Drawn, episode: Episode, part: list[Visit], before: list[Visit], corner: Point
) -> None:
    walls = episode["walls"]
    scale = 1 / max(len(walls), len(walls[0]))

    def box(
        column: float, row: float, width: float = 1, height: float = 1, inset: float = 0
    ) -> list[Point]:
        x0, x1 = column + inset, column + width - inset
        y0, y1 = row + inset, row + height - inset
        corners = [(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)]
        return [(corner[0] + scale * x, corner[1] + scale * y) for x, y in corners]

    def at(cell: Sequence[int], dx: float = 0, dy: float = 0) -> Point:
        return (
            corner[0] + scale * (cell[0] + 0.5 + dx),
            corner[1] + scale * (cell[1] + 0.5 + dy),
        )

    drawn.floors.append(box(0, 0, len(walls[0]), len(walls)))
    for row, line in enumerate(walls):
        drawn.walls += [box(first, row, width) for first, width in _runs(line)]
    drawn.before += [box(*visit.cell) for visit in before]
    frames, marked = part[-1].last - part[0].first, boxed(episode)
    for visit in part:
        drawn.cells.append(box(*visit.cell))
        passed = (visit.first - part[0].first) / max(1, frames)
        drawn.shades.append(_LIGHT + (_DARK - _LIGHT) * passed)
        for action in sorted({episode["proposed"][frame] for frame in visit.frames}):
            dx, dy = episode["moves"][action]
            drawn.strokes += [[at(visit.cell, *p) for p in line] for line in _sign(dx, dy)]
        if any(marked[frame] for frame in visit.frames):
            drawn.boxes.append(box(*visit.cell, inset=0.07))
        if len(visit.frames) > 1:
            x, y = at(visit.cell, 0.12, 0.3)
            drawn.counts.append((x, y, str(len(visit.frames))))
    taken = {tuple(place) for place in episode["positions"][: part[0].first]}
    for thing in episode["objects"]:
        if tuple(thing["position"]) not in taken:
            drawn.sprites.setdefault(thing["name"], []).append(
                (*at(thing["position"]), _SPRITE * scale * INCHES * 72)
            )


def _sign(dx: float, dy: float) -> list[list[Point]]:
    """Lines of an arrow in this direction, or of a cross where it has none; a cell is 1 wide."""
    if not dx and not dy:
        return [[(-0.2, -0.2), (0.2, 0.2)], [(-0.2, 0.2), (0.2, -0.2)]]
    tip = (0.36 * dx, 0.36 * dy)
    sides = [(0.14 * dx + side * dy, 0.14 * dy + side * dx) for side in (-0.17, 0.17)]
    return [[(-0.3 * dx, -0.3 * dy), tip], [sides[0], tip, sides[1]]]


def _runs(line: str) -> Iterable[tuple[int, int]]:
    """First column and width of each stretch of wall in a row."""
    edges = np.flatnonzero(np.diff([False, *(c == "#" for c in line), False]))
    return ((int(a), int(b - a)) for a, b in zip(edges[::2], edges[1::2], strict=True))


def _path(lines: Sequence[Sequence[Point]]) -> Path:
    codes = [code for line in lines for code in (Path.MOVETO, *[Path.LINETO] * (len(line) - 1))]
    return Path(np.concatenate([np.array(line) for line in lines]), codes)


def _fill(axis: Axes, shapes: Sequence[Sequence[Point]], colour: str) -> None:
    if shapes:
        axis.add_patch(PathPatch(_path(shapes), facecolor=colour, linewidth=0))


def _line(axis: Axes, lines: Sequence[Sequence[Point]], colour: str, width: float) -> None:
    if lines:
        look = {"edgecolor": colour, "linewidth": width, "zorder": 4}
        axis.add_patch(PathPatch(_path(lines), facecolor="none", **look))
