"""Draw one level, with the planner's path through it."""

from pathlib import Path

import numpy as np
from PIL import Image

from rlgen.errors import LevelError
from rlgen.evaluation import planner
from rlgen.levels.capabilities import Drawable, Tabular
from rlgen.levels.family import Family
from rlgen.util.targets import check_replaceable
from rlgen.util.words import counted


def show(family: Family, level_id: int, *, flip_p: float, solution: bool, png: Path | None) -> str:
    """Draw a level as text, or write a picture of it.

    Args:
        family: Of the level.
        level_id: Its id.
        flip_p: Flip probability of its rewards.
        solution: Whether the planner's path is drawn.
        png: The file of the picture; None draws text.

    Returns:
        The text to print: the level, or the path of the picture; and the planner's return.

    Raises:
        LevelError: If the family has no planner or no pictures, or the file cannot be written.
    """
    level = family.generate([level_id], flip_p)
    actions = None
    note = ""
    if solution:
        if not isinstance(family, Tabular):
            raise LevelError(f"{family.name} has no planner")
        plan = planner.plan(family.tabular(level))
        actions = plan.paths[0]
        note = f"\nthe planner's return is {plan.returns[0]:.4g} in {counted(len(actions), 'step')}"
    if png is None:
        return family.text(level, actions) + note
    if not isinstance(family, Drawable):
        raise LevelError(f"{family.name} draws no pictures")
    check_replaceable(png, "picture")
    try:
        Image.fromarray(np.asarray(family.picture(level, actions))).save(png, "PNG")
    except OSError as error:
        raise LevelError(f"{png}: cannot be written: {error.strerror}") from None
    return f"{png}{note}"
