"""Drawings of mazes: text for the terminal, RGB pictures for papers and reports."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from rlgen_envs.maze.levels import MazeLevels
from rlgen_envs.maze.rules import FULL_MASK, MOVES, OBJECTS, Action

#: Pixels of one cell.
CELL = 32
#: Shapes are drawn larger by this factor and then averaged, for smooth edges.
_OVER = 4

_FLOOR, _GRID, _WALL, _WALL_EDGE = "#fbfaf7", "#e8e4da", "#4a5058", "#3a3f46"
_INK = "#23262b"
_COLOURS = {
    "red diamond": "#d1343a",
    "blue diamond": "#2b6cb8",
    "bomb": "#2a2d32",
    "thunder": "#f2b705",
    "key": "#b8860b",
    "agent": "#2e9e6b",
}
_LETTERS = {"red diamond": "R", "blue diamond": "B", "bomb": "o", "thunder": "z", "key": "k"}
_ARROWS = {Action.UP: "↑", Action.DOWN: "↓", Action.LEFT: "←", Action.RIGHT: "→", Action.STAY: "·"}


def text(
    level: MazeLevels,
    *,
    cell: int | None = None,
    mask: int = FULL_MASK,
    actions: Sequence[int] | None = None,
) -> str:
    """Draw the level as lines of text, two columns per cell, with a legend.

    Args:
        level: A batch of one.
        cell: The agent's cell; the start by default.
        mask: The objects left, as bits.
        actions: A path from ``cell``, drawn as arrows on the cells that it leaves.
    """
    height, width = level.side
    grid = np.where(level.walls[0].ravel(), "█", " ").tolist()
    here = int(level.start[0]) if cell is None else cell
    for position, action in _walk(level, here, actions or ()):
        grid[position] = _ARROWS[Action(action)]
    for i, name in enumerate(OBJECTS):
        if mask >> i & 1:
            grid[int(level.objects[0, i])] = _LETTERS[name]
    if here != int(level.key[0]):
        grid[int(level.key[0])] = _LETTERS["key"]
    grid[here] = "@"
    lines = [
        "".join(c * 2 if c == "█" else c + " " for c in grid[r * width : (r + 1) * width])
        for r in range(height)
    ]
    values = zip(OBJECTS, level.values[0], strict=False)
    legend = [f"{_LETTERS[name]} {name} {value:+.3g}" for name, value in values]
    legend += [f"k key {level.values[0, 4]:+.3g}", "@ agent"]
    return "\n".join([*lines, "   ".join(legend)])


def picture(
    level: MazeLevels,
    *,
    cell: int | None = None,
    mask: int = FULL_MASK,
    actions: Sequence[int] | None = None,
) -> NDArray[np.uint8]:
    """Draw the level as an RGB picture, uint8 ``(32 H, 32 W, 3)``; arguments as for ``text``."""
    height, width = level.side
    out = Image.new("RGB", (width * CELL, height * CELL), _FLOOR)
    lines = ImageDraw.Draw(out)
    for r in range(height):
        for c in range(width):
            x, y = c * CELL, r * CELL
            if level.walls[0, r, c]:
                lines.rectangle((x, y, x + CELL - 1, y + CELL - 1), _WALL, _WALL_EDGE)
            else:
                lines.rectangle((x, y, x + CELL - 1, y + CELL - 1), None, _GRID)
    here = int(level.start[0]) if cell is None else cell
    if actions:
        _draw_path(out, level, here, actions)
    things = [(int(level.objects[0, i]), n) for i, n in enumerate(OBJECTS) if mask >> i & 1]
    if here != int(level.key[0]):
        things.append((int(level.key[0]), "key"))
    for position, name in [*things, (here, "agent")]:
        sprite = _sprite(name)
        row, column = divmod(position, width)
        out.paste(sprite, (column * CELL, row * CELL), sprite)
    return np.asarray(out)


def _walk(level: MazeLevels, cell: int, actions: Sequence[int]) -> list[tuple[int, int]]:
    """Each cell on a path with the action taken there."""
    steps = []
    for action in actions:
        steps.append((cell, int(action)))
        cell = _next(level, cell, action)
    return steps


def _next(level: MazeLevels, cell: int, action: int) -> int:
    there = cell + int(level.strides[action])
    return cell if level.walls[0].flat[there] else there


def _draw_path(out: Image.Image, level: MazeLevels, cell: int, actions: Sequence[int]) -> None:
    """Draw a line through the cells' centres, from light to dark, with an arrow head per step."""
    draw = ImageDraw.Draw(out)
    steps = _walk(level, cell, actions)
    for n, (here, action) in enumerate(steps):
        there = _next(level, here, action)
        shade = 1 - n / max(1, len(steps) - 1)
        colour = (int(70 + 110 * shade), int(60 + 110 * shade), int(150 + 70 * shade))
        y0, x0 = (CELL * k + CELL // 2 for k in divmod(here, level.side[1]))
        y1, x1 = (CELL * k + CELL // 2 for k in divmod(there, level.side[1]))
        draw.line((x0, y0, x1, y1), colour, 3)
        dy, dx = MOVES[action]
        mx, my, s = (x0 + x1) / 2, (y0 + y1) / 2, 5
        if (x0, y0) != (x1, y1):
            head = [(mx + s * dx, my + s * dy), (mx - s * dx + s * dy, my - s * dy + s * dx)]
            draw.polygon([*head, (mx - s * dx - s * dy, my - s * dy - s * dx)], colour)


@lru_cache
def _sprite(name: str) -> Image.Image:
    """One object with smooth edges on a transparent cell."""
    size = CELL * _OVER
    large = Image.new("RGBA", (size, size), (0, 0, 0, 0))
    draw, colour = ImageDraw.Draw(large), _COLOURS[name]
    outline = 4 * _OVER // 3

    def at(*points: tuple[float, float]) -> list[tuple[float, float]]:
        return [(x * size, y * size) for x, y in points]

    if name.endswith("diamond"):
        draw.polygon(at((0.5, 0.14), (0.82, 0.5), (0.5, 0.86), (0.18, 0.5)), colour, _INK, outline)
        shine = "#f0868a" if name.startswith("red") else "#7fb0e6"
        draw.polygon(at((0.5, 0.24), (0.62, 0.42), (0.5, 0.5), (0.38, 0.42)), shine)
    elif name == "bomb":
        draw.line(at((0.62, 0.34), (0.74, 0.2)), "#8a6d3b", 2 * outline)
        draw.regular_polygon((0.78 * size, 0.16 * size, 0.1 * size), 6, fill="#f08a24")
        draw.ellipse(at((0.2, 0.3), (0.76, 0.86)), colour, _INK, outline)
        draw.ellipse(at((0.32, 0.42), (0.46, 0.56)), "#7b828c")
    elif name == "thunder":
        bolt = at((0.58, 0.1), (0.22, 0.56), (0.46, 0.56), (0.38, 0.9), (0.78, 0.42), (0.53, 0.42))
        draw.polygon(bolt, colour, _INK, outline)
    elif name == "key":
        draw.line(at((0.45, 0.5), (0.86, 0.5)), colour, 3 * outline)
        draw.line(at((0.8, 0.48), (0.8, 0.68)), colour, 2 * outline)
        draw.line(at((0.66, 0.48), (0.66, 0.64)), colour, 2 * outline)
        draw.ellipse(at((0.12, 0.32), (0.48, 0.68)), None, colour, 3 * outline)
    else:
        draw.ellipse(at((0.18, 0.18), (0.82, 0.82)), colour, _INK, outline)
        for x in (0.4, 0.6):
            draw.ellipse(at((x - 0.055, 0.36), (x + 0.055, 0.5)), "#ffffff")
        draw.arc(at((0.34, 0.4), (0.66, 0.68)), 30, 150, "#ffffff", outline)
    return large.resize((CELL, CELL), Image.Resampling.LANCZOS)
