"""The families of levels of rlgen, and their registration with Gymnasium.

``gymnasium.make("rlgen_envs:rlgen/MazeBasic-v0")`` works by itself; after
``gymnasium.register_envs(rlgen_envs)``, or any import of this package, so does
``gymnasium.make("rlgen/MazeBasic-v0")``.
"""

import gymnasium as gym

from rlgen.levels.family import Family
from rlgen.util.registry import Catalogue, Lazy

__all__ = ["FAMILIES"]

FAMILIES: Catalogue[Family] = Catalogue(
    "family",
    {
        "maze-basic": Lazy("a 9 x 9 empty room", "rlgen_envs.maze.families:BASIC"),
        "maze-blocks": Lazy(
            "a 13 x 13 room with 8 random obstacles",
            "rlgen_envs.maze.families:BLOCKS",
        ),
        "maze-tunnel": Lazy(
            "a 13 x 13 maze of corridors with some loops",
            "rlgen_envs.maze.families:TUNNEL",
        ),
    },
    group="rlgen.families",
)

for _id, _family in (
    ("rlgen/MazeBasic-v0", "maze-basic"),
    ("rlgen/MazeBlocks-v0", "maze-blocks"),
    ("rlgen/MazeTunnel-v0", "maze-tunnel"),
):
    gym.register(
        id=_id,
        entry_point="rlgen_envs.maze.families:make",
        vector_entry_point="rlgen_envs.maze.families:make_vector",
        kwargs={"family": _family},
    )

for _id, _class, _limit in (
    ("rlgen/CartPole-v0", "CartPole", 200),
    ("rlgen/MountainCar-v0", "MountainCar", 200),
    ("rlgen/Acrobot-v0", "Acrobot", 500),
    ("rlgen/Pendulum-v0", "Pendulum", 200),
):
    gym.register(id=_id, entry_point=f"rlgen_envs.contexts:{_class}", max_episode_steps=_limit)

gym.register(id="rlgen/Atari-v0", entry_point="rlgen_envs.atari:make", max_episode_steps=27_000)
gym.register(id="rlgen/Procgen-v0", entry_point="rlgen_envs.procgen:ProcgenEnv")
gym.register(id="rlgen/Games-v0", entry_point="rlgen_envs.games:Games")
