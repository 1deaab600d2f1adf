"""Draw one level, with the planner's way through it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from rlgen.errors import LevelError
from rlgen.evaluation import planner
from rlgen.levels.family import Family
from rlgen.util.validation import parse_value


def parse_options(options: Sequence[str]) -> dict[str, Any]:
    """Family options from ``key=value``; a value is a number, true, false, or text."""
    parsed: dict[str, Any] = {}
    for text in options:
        key, equals, value = text.partition("=")
        if not equals:
            raise LevelError(f"--option {text!r}: must be KEY=VALUE")
        parsed[key] = parse_value(value)
    return parsed


def show(family: Family, level_id: int, *, flip_p: float, solution: bool, png: Path | None) -> str:
    """The level as text; or what was written, if a picture was asked for."""
    level = family.generate([level_id], flip_p)
    actions = None
    note = ""
    if solution:
        tabular = family.tabular(level)
        if tabular is None:
            raise LevelError(f"{family.name} has no planner")
        plan = planner.plan(tabular)
        actions = plan.paths[0]
        note = f"\nthe planner's return is {plan.returns[0]:.4g} in {len(actions)} steps"
    if png is None:
        return family.text(level, actions) + note
    try:
        Image.fromarray(np.asarray(family.picture(level, actions))).save(png, "PNG")
    except OSError as error:
        raise LevelError(f"{png}: cannot be written: {error.strerror}") from None
    return f"{png}{note}"
