"""An episode cut into the panels of a strip."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

#: See ``rlgen.evaluation.recording.strips``.
Episode = Mapping[str, Any]


@dataclass(frozen=True)
class Visit:
    """Consecutive frames in one cell.

    Attributes:
        cell: (column, row).
        first: Its first frame.
        last: Its last frame.
    """

    cell: tuple[int, int]
    first: int
    last: int

    @property
    def frames(self) -> range:
        """All frames of the visit."""
        return range(self.first, self.last + 1)


def visits(positions: Sequence[Sequence[int]]) -> list[Visit]:
    """The visits of an episode, without its last frame, in which nothing is done any more."""
    visits: list[Visit] = []
    for frame, (column, row) in enumerate(positions[:-1]):
        if visits and visits[-1].cell == (column, row):
            visits[-1] = Visit((column, row), visits[-1].first, frame)
        else:
            visits.append(Visit((column, row), frame, frame))
    return visits


def segments(positions: Sequence[Sequence[int]]) -> list[list[Visit]]:
    """The visits panel by panel: a new one begins where the agent would come back to a cell."""
    parts: list[list[Visit]] = []
    visited: set[tuple[int, int]] = set()
    for visit in visits(positions):
        if not parts or visit.cell in visited:
            parts.append([])
            visited = set()
        parts[-1].append(visit)
        visited.add(visit.cell)
    return parts


def boxed(episode: Episode) -> list[bool]:
    """For each frame, whether another action than the proposed one was executed or a wall met."""
    steps = zip(episode["proposed"], episode["executed"], episode["blocked"], strict=True)
    return [executed != proposed or blocked for proposed, executed, blocked in steps]


def table(episode: Episode) -> pd.DataFrame:
    """One row a frame, with the panel that it is in."""
    parts = enumerate(segments(episode["positions"]), 1)
    panels = [place for place, part in parts for visit in part for _ in visit.frames]
    columns, rows = np.array(episode["positions"][:-1]).T
    common = {key: episode[key] for key in ("split", "level", "condition")}
    return pd.DataFrame(
        common
        | {"panel": panels, "frame": range(len(panels)), "column": columns, "row": rows}
        | {key: episode[key] for key in ("proposed", "executed", "blocked")}
        | {"boxed": boxed(episode), "reward": episode["rewards"]}
    )
