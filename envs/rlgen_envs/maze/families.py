"""The three maze families, and their Gymnasium entry points."""

import json
from collections.abc import Callable, Mapping, Sequence
from math import comb, perm
from types import MappingProxyType
from typing import Any, Self

import gymnasium as gym
import numpy as np
from numpy.typing import ArrayLike, NDArray

from rlgen.errors import LevelError, nearest
from rlgen.levels.capabilities import FloorPlan, GraphView
from rlgen.levels.family import MAX_POOL, Family, Levels, level_ids
from rlgen.levels.tabular import TabularLevels
from rlgen.util.validation import checked
from rlgen_envs.maze import drawing, geometry, observing, rewards
from rlgen_envs.maze.edits import EDITS
from rlgen_envs.maze.env import LevelSource, MazeEnv
from rlgen_envs.maze.levels import MazeLevels
from rlgen_envs.maze.options import BasicOptions, BlocksOptions, MazeOptions, TunnelOptions
from rlgen_envs.maze.properties import PROPERTIES
from rlgen_envs.maze.rules import (
    BASE_VALUES,
    BEST_RETURN,
    BUMP_PENALTY,
    CHANNELS,
    HORIZON,
    KEY_VALUE,
    MOVES,
    OBJECTS,
    TIMEOUT_REWARD,
    Action,
)
from rlgen_envs.maze.tabular import tabular
from rlgen_envs.maze.vector import MazeVectorEnv

#: The ids that an environment draws from by default.
DEFAULT_LEVELS = range(1000)


class MazeFamily(Family):
    """One variant of the maze game.

    Args:
        name: Name in the catalogue.
        options: The settings of this member.
    """

    version = 1
    noop = Action.STAY.value
    #: The channel of walls.
    layout = slice(0, 1)
    edits = MappingProxyType({name: variants for name, (_, variants) in EDITS.items()})
    properties = MappingProxyType({name: words for name, (words, _) in PROPERTIES.items()})

    def __init__(self, name: str, options: MazeOptions) -> None:
        self.name = name
        self.settings = options
        self.options = options.model_dump()
        if not options.view:
            # It came later, and the identity of a split holds the options.
            del self.options["view"]
            # Only the whole maze shows which cells are joined.
            self.graph = GraphView(CHANNELS.index("wall"), CHANNELS.index("agent"), MOVES)
        side = options.side
        self.observation_space = observing.space((side, side), options.view)
        self.action_space = gym.spaces.Discrete(len(Action))
        self._layout = self._layout_maker()
        if options.rescale == "objects":
            # Only then is it Flippable.
            self.flipped_rewards = self._flipped_rewards

    def _layout_maker(self) -> Callable[..., geometry.Walls]:
        options, side = self.settings, self.settings.side
        if isinstance(options, BlocksOptions):
            count, cells = options.blocks, (side - 2) ** 2
            if cells - count < 6:
                raise LevelError(
                    f"blocks = {count} leaves {cells - count} of {cells} cells; a level needs 6"
                )
            return lambda rng: geometry.blocks(rng, side, count)
        if isinstance(options, TunnelOptions):
            braid = options.braid
            if side % 2 == 0:
                raise LevelError(f"size = {options.size}: tunnels need an odd number of cells")
            return lambda rng: geometry.tunnels(rng, side, braid)
        return lambda rng: geometry.room(side)  # noqa: ARG005

    def configure(self, options: Mapping[str, Any]) -> Self:
        """The same variant with other settings."""
        where = f"{self.name} options"
        settings = checked(type(self.settings), options, LevelError, where)
        if settings.flip_key and settings.rescale != "all":
            raise LevelError(
                f"{where}: flip_key = true needs rescale = 'all': with a flipped key and "
                "rescale = 'objects' a level's best return would not be 2.1"
            )
        if settings.view and not settings.view % 2:
            raise LevelError(f"{where}: view = {settings.view}: must be odd, or 0")
        return type(self)(self.name, settings)

    @property
    def _path(self) -> tuple[str | int, ...]:
        # All options of the geometry name its stream; reward options do not.
        shape = {k: v for k, v in self.options.items() if k in ("blocks", "braid")}
        named = [f"{key}={value}" for key, value in shape.items()]
        return (self.name, self.version, self.settings.side, *named)

    @property
    def world(self) -> str:
        """The identity of the levels; of what is seen of them they do not depend."""
        own = {key: value for key, value in self.options.items() if key != "view"}
        return json.dumps([self.name, self.version, own], sort_keys=True)

    def generate(self, ids: ArrayLike, flip_p: float = 0.0) -> MazeLevels:
        """The levels of these ids; see ``Family.generate``."""
        array = level_ids(ids)
        if not 0 <= flip_p <= 1:
            raise LevelError(f"flip_p = {flip_p}: must be from 0 to 1")
        walls, places = geometry.draw(array, self._path, self._layout)
        values, usable = rewards.draw(
            array,
            self._path,
            flip_p,
            flip_key=self.settings.flip_key,
            rescale=self.settings.rescale,
            discard=self.settings.discard,
        )
        cells = places[:, 0], places[:, 1:5], places[:, 5]
        return MazeLevels(array, walls, *cells, values, usable, self.world)

    def usable(self, levels: Levels) -> NDArray[np.bool_]:
        """Levels that can pay 2.1; with ``discard = "level"`` some cannot."""
        return _mazes(levels).usable

    def capacity(self) -> int | None:
        """The number of placements of six things and the blocks; None for tunnels."""
        cells = (self.settings.side - 2) ** 2
        if isinstance(self.settings, TunnelOptions):
            return None
        count = self.settings.blocks if isinstance(self.settings, BlocksOptions) else 0
        return comb(cells, count) * perm(cells - count, 6)

    def env(self, levels: Levels, *, render_mode: str | None = None) -> MazeEnv:
        """One environment that plays these levels."""
        source = LevelSource.of(_mazes(levels), self.generate)
        return MazeEnv(source, render_mode=render_mode, view=self.settings.view)

    def vector_env(self, levels: Levels, num_envs: int) -> MazeVectorEnv:
        """A batch of environments that play these levels."""
        return MazeVectorEnv(_mazes(levels), num_envs, view=self.settings.view)

    def spawning_env(self, levels: Levels, *, render_mode: str | None = None) -> MazeEnv:
        """One environment whose start cell is drawn at each reset."""
        source = LevelSource.of(_mazes(levels), self.generate)
        view = self.settings.view
        return MazeEnv(source, random_spawn=True, render_mode=render_mode, view=view)

    def spawning_vector_env(self, levels: Levels, num_envs: int) -> MazeVectorEnv:
        """A batch of environments with random start cells."""
        view = self.settings.view
        return MazeVectorEnv(_mazes(levels), num_envs, random_spawn=True, view=view)

    def tabular(self, levels: Levels) -> TabularLevels:
        """The levels' states."""
        return tabular(_mazes(levels), self.settings.view)

    def described(self, levels: Levels, name: str) -> Sequence[str | int]:
        """What each level is like; see ``Described.described``."""
        _, values = PROPERTIES[name]
        return values(_mazes(levels))

    def edited(self, levels: Levels, edit: str, variant: int) -> MazeLevels:
        """Each level changed a little; see ``Editable.edited``."""
        if edit not in EDITS:
            raise LevelError(f"{self.name} has no edit {edit!r}{nearest(edit, EDITS)}")
        change, variants = EDITS[edit]
        if variant < 0 or (variants and variant >= variants):
            most = f" and below {variants}" if variants else ""
            raise LevelError(f"edit {edit!r}, variant {variant}: must be at least 0{most}")
        return change(_mazes(levels), variant)

    def return_bounds(self, flip_p: float = 0.0) -> tuple[float, float]:
        """Lowest and highest possible return (method 1.5).

        The worst episode collects all bad objects, bumps at each step, and times out.
        """
        worst = TIMEOUT_REWARD + HORIZON * BUMP_PENALTY
        flips = np.array(np.meshgrid(*[[False, flip_p > 0]] * 5)).reshape(5, -1).T
        flips[:, 4] &= self.settings.flip_key
        values, valid = rewards.values(flips, self.settings.rescale)
        return worst + float(np.minimum(values[valid], 0).sum(axis=1).min()), BEST_RETURN

    def _flipped_rewards(self) -> tuple[Sequence[float], float]:
        """The four objects and the key; see ``Flippable``."""
        return BASE_VALUES, KEY_VALUE

    def text(self, levels: Levels, actions: Sequence[int] | None = None) -> str:
        """One level as text, with a path."""
        return drawing.text(_mazes(levels), actions=actions)

    def picture(self, levels: Levels, actions: Sequence[int] | None = None) -> NDArray[np.uint8]:
        """One level as a picture, with a path."""
        return drawing.picture(_mazes(levels), actions=actions)

    def floor_plan(self, levels: Levels) -> FloorPlan:
        """The first of the levels as cells."""
        level = _mazes(levels)
        names, cells = (*OBJECTS, "key"), (*level.objects[0], level.key[0])
        places = [divmod(int(cell), level.side[1])[::-1] for cell in cells]
        objects = zip(names, places, level.values[0].tolist(), strict=True)
        return FloorPlan(level.walls[0], tuple(objects), tuple((c, r) for r, c in MOVES))


def _mazes(levels: Levels) -> MazeLevels:
    if not isinstance(levels, MazeLevels):
        raise LevelError(f"maze families play mazes, not {type(levels).__name__}")
    return levels


BASIC = MazeFamily("maze-basic", BasicOptions())
BLOCKS = MazeFamily("maze-blocks", BlocksOptions())
TUNNEL = MazeFamily("maze-tunnel", TunnelOptions())


MEMBERS = {family.name: family for family in (BASIC, BLOCKS, TUNNEL)}


def make(
    family: str,
    levels: Sequence[int] = DEFAULT_LEVELS,
    flip_p: float = 0.0,
    random_spawn: bool = False,
    render_mode: str | None = None,
    **options: Any,
) -> MazeEnv:
    """The Gymnasium entry point of one environment; see ``MazeEnv``.

    Args:
        family: The variant's name, set by the id.
        levels: Ids to draw from at each reset; a level is generated when it is first played.
        flip_p: Flip probability.
        random_spawn: Draw start cells.
        render_mode: "ansi", "rgb_array" or None.
        **options: Of the family.
    """
    member = MEMBERS[family].configure(options)
    side, view = member.settings.side, member.settings.view
    source = LevelSource(levels, lambda ids: member.generate(ids, flip_p), (side, side))
    return MazeEnv(source, random_spawn=random_spawn, render_mode=render_mode, view=view)


def make_vector(
    family: str,
    num_envs: int,
    levels: Sequence[int] = DEFAULT_LEVELS,
    flip_p: float = 0.0,
    random_spawn: bool = False,
    **options: Any,
) -> MazeVectorEnv:
    """The Gymnasium entry point of a batch; see ``MazeVectorEnv``. All levels are made at once."""
    if len(levels) > MAX_POOL:
        raise LevelError(f"{len(levels):,} levels: a batch holds at most {MAX_POOL:,}")
    member = MEMBERS[family].configure(options)
    generated = member.generate(levels, flip_p)
    view = member.settings.view
    return MazeVectorEnv(generated, num_envs, random_spawn=random_spawn, view=view)
