"""A family in words: what is known of it without training anything."""

from collections.abc import Iterator, Sequence

import gymnasium as gym
import numpy as np

from rlgen.errors import LevelError
from rlgen.levels import capabilities
from rlgen.levels.family import Family
from rlgen.levels.spaces import parts_of
from rlgen.util.terminal import printable
from rlgen.util.words import counted

#: The levels that are tried.
TRIED = (0, 1, 2, 3)
#: Numbers of an observation that are printed.
MOST_NUMBERS = 8
#: What a family may be able to do, by the words for it.
ABILITIES = {
    "returns are computed": capabilities.Tabular,
    "levels are drawn": capabilities.Drawable,
    "start cells can be drawn at random": capabilities.Spawnable,
    "levels can be edited": capabilities.Editable,
    "levels are square cells": capabilities.Gridded,
    "observations show a graph": capabilities.Graphed,
    "rewards can be flipped": capabilities.Flippable,
}


def described(family: Family, level: int | None = None) -> str:
    """A line each for what is known of a family; some levels are played for it.

    Args:
        family: As configured.
        level: The one whose first observation is shown; by default the first.

    Raises:
        LevelError: If the environment cannot be made.
    """
    rows = dict(_rows(family, TRIED[0] if level is None else level))
    width = max(map(len, rows))
    lines = (f"  {name:{width}}  {text}" for name, text in rows.items())
    return "\n".join(map(printable, [family.name, *lines]))


def _rows(family: Family, level: int) -> Iterator[tuple[str, str]]:
    if family.options:
        yield "options", ", ".join(f"{key} = {value!r}" for key, value in family.options.items())
    space = family.observation_space
    parts = parts_of(space)
    entries = [(part.name, part.shape) for part in parts] or [("", space.shape)]
    shapes = ", ".join(f"{name} {shape}".strip() for name, shape in entries)
    bounds = f"from {space.low.min():g} to {space.high.max():g}"
    yield "observations", f"{space.dtype} {shapes}, {bounds}"
    yield "actions", _actions(family)
    capacity = family.capacity()
    if capacity is not None:
        yield "levels", f"at most {counted(capacity, 'distinct level')}"
    try:
        family.check([*TRIED, level])
    except LevelError as error:
        yield "seeds", f"do not do: {error}"
        return
    if type(family).check is not Family.check:
        tried = ", ".join(map(str, TRIED))
        yield "seeds", f"decide the levels (as far as {tried} show)"
    levels = family.generate([level])
    env = family.env(levels)
    try:
        first, _ = env.reset(options={"level": level})
    finally:
        env.close()
    yield "episodes", _length(family, env, level)
    low, high = family.return_bounds()
    if np.isfinite([low, high]).all():
        yield "returns", f"from {low:g} to {high:g}"
    else:
        scale = "; the options worst and best give them" if "wrappers" in family.options else ""
        yield "returns", f"no bounds are known{scale}"
    able = [words for words, kind in ABILITIES.items() if isinstance(family, kind)]
    yield "abilities", "; ".join(able) or "none beyond playing: returns are sampled"
    yield f"level {level}", f"begins with {_numbers(first)}"


def _actions(family: Family) -> str:
    box = family.box
    if box is not None:
        idle = "" if family.idle is None else f", {family.idle.flat[0]:g} does nothing"
        return f"{box.shape} from {box.low.min():g} to {box.high.max():g}{idle}"
    words = [f"{family.n_actions}, discrete"]
    if family.noop is not None:
        words.append(f"{family.noop} does nothing")
    if family.masked:
        words.append("the environment says which are valid (action_masks)")
    return ", ".join(words)


def _length(family: Family, env: "gym.Env[object, object]", level: int) -> str:
    if isinstance(family, capabilities.Tabular):
        steps = family.tabular(family.generate([level])).horizon
        return f"at most {counted(steps, 'step')}"
    horizon, limit = getattr(env, "horizon", None), getattr(env, "limit", None)
    if horizon is not None:
        return f"at most {counted(horizon, 'step')}"
    cut = "" if limit is None else f"; they are cut after {counted(limit, 'step')}"
    return f"no limit is known{cut}"


def _numbers(observation: Sequence[float]) -> str:
    numbers = np.asarray(observation, np.float64).ravel()
    first = ", ".join(f"{number:.4g}" for number in numbers[:MOST_NUMBERS])
    return first if len(numbers) <= MOST_NUMBERS else f"{first}, ... ({numbers.size:,} numbers)"
