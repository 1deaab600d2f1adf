"""A level as plain values from which the page draws it: square cells, or a picture."""

import base64
import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from rlgen.evaluation import planner
from rlgen.levels.capabilities import Drawable, Gridded, Tabular, UndrawnError
from rlgen.levels.family import Family, Levels
from rlgen.levels.tabular import TabularLevels

#: The longer side of a picture, in pixels; larger ones are shrunk.
SIDE = 192
#: Colours of a picture.
COLOURS = 64

Plan = dict[str, Any]


def is_walked(family: Family) -> bool:
    """Whether what a policy does can be drawn: states are listed, and are of square cells."""
    return isinstance(family, Tabular) and isinstance(family, Gridded)


def plan(family: Family, level: Levels) -> Plan | None:
    """What is drawn of a level.

    Args:
        family: Its family.
        level: A batch of one.

    Returns:
        Of square cells: ``size``, columns and rows; ``walls``, a text of ``#`` and ``.``;
        ``objects``, each its name, column, row and reward; ``moves``, columns and rows of each
        action; and of tabular ones ``path``, the planner's cells from the start to its last step,
        and its ``best`` return. Of others ``picture``, a PNG in base64; None where there is none.
    """
    if isinstance(family, Gridded):
        floor = family.floor_plan(level)
        rows, columns = floor.walls.shape
        drawn: Plan = {
            "size": [columns, rows],
            "walls": "".join("#" if wall else "." for wall in floor.walls.ravel()),
            "objects": [
                [name, int(column), int(row), float(reward)]
                for name, (column, row), reward in floor.objects
            ],
            "moves": [[int(step) for step in move] for move in floor.moves],
        }
        return drawn | (_path(family.tabular(level)) if isinstance(family, Tabular) else {})
    if isinstance(family, Drawable):
        try:
            return {"picture": _png(np.asarray(family.picture(level)))}
        except UndrawnError:
            return None
    return None


def _path(tabular: TabularLevels) -> Plan:
    own = planner.plan(tabular)
    best = {"best": float(own.returns[0])}
    if tabular.situate is None:
        return best
    states = [int(tabular.start[0])]
    for action in own.paths[0][:-1]:
        states.append(int(tabular.next_state[states[-1], action]))
    cells = tabular.situate(np.array(states, np.int32))[:, 0]
    last = [int(own.paths[0][-1])] if own.paths[0] else []
    return best | {"path": cells.tolist(), "last": last}


def _png(pixels: NDArray[np.uint8]) -> str:
    picture = Image.fromarray(pixels)
    picture.thumbnail((SIDE, SIDE))
    buffer = io.BytesIO()
    picture.quantize(COLOURS).save(buffer, "PNG", optimize=True)
    return base64.b64encode(buffer.getvalue()).decode()
