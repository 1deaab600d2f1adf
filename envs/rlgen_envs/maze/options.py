"""Options of the maze families."""

from typing import Annotated

from pydantic import Field

from rlgen.util.validation import Settings
from rlgen_envs.maze import rewards

#: The largest size: an episode of 200 steps could not cross a larger maze.
LARGEST = 31


class MazeOptions(Settings):
    """Options of every maze family; the ambiguities A-nn are those of method 1.13.

    Attributes:
        size: Cells a side.
        border: Whether ``size`` counts the border wall ("inside") or not ("outside") (A-06).
        flip_key: Whether the key's reward flips too (A-01); needs ``rescale = "all"``.
        rescale: "objects" or "all" (A-02); see ``rewards.values``.
        discard: Whether flips are drawn again ("flips") or the level is left out ("level") if it
            cannot pay 2.1 (A-04).
        view: Cells a side of the square around the agent that is all it sees of the maze, with the
            last action beside it; odd, or 0 for the whole maze.
    """

    size: Annotated[int, Field(ge=5, le=LARGEST)]
    border: str = Field("inside", pattern="^(inside|outside)$")
    flip_key: bool = False
    rescale: rewards.Rescale = "objects"
    discard: rewards.Discard = "flips"
    view: Annotated[int, Field(ge=0, le=LARGEST)] = 0

    @property
    def side(self) -> int:
        """Cells a side of the arrays, border included."""
        return self.size + (2 if self.border == "outside" else 0)


class BasicOptions(MazeOptions):
    """Options of maze-basic."""

    size: Annotated[int, Field(ge=5, le=LARGEST)] = 9


class BlocksOptions(MazeOptions):
    """Options of maze-blocks.

    Attributes:
        blocks: Number of obstacles.
    """

    size: Annotated[int, Field(ge=5, le=LARGEST)] = 13
    blocks: Annotated[int, Field(ge=0)] = 8


class TunnelOptions(MazeOptions):
    """Options of maze-tunnel.

    Attributes:
        braid: Probability that an inner wall opens (A-08).
    """

    size: Annotated[int, Field(ge=7, le=LARGEST)] = 13
    braid: Annotated[float, Field(ge=0, le=1)] = 0.15
