"""Tables of returns by level, as ``rlgen import`` reads them, a row an episode."""

import csv
import io
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rlgen.errors import LevelError, nearest
from rlgen.levels.solved import solved

#: The pools of ``rlgen import``.
POOLS = ("train", "validation", "test")
#: Columns that hold for all rows of a recorder, as users name them.
COLUMNS = (
    *("run", "seed", "agent", "network", "family", "n_train_levels", "regulariser", "condition"),
    *("oracle", "random"),
)
#: Columns of single episodes.
EPISODE = ("pool", "level", "episode", "return", "length", "solved")
#: The column of the steps that a policy had been trained for.
STEP = "step"
#: Files that this process has begun: the process, the columns and the rows so far, by path.
_begun: dict[str, tuple[int, tuple[str, ...], int]] = {}


@dataclass
class Episode:
    """What has come of an episode so far.

    Attributes:
        returned: Undiscounted sum of its rewards.
        length: Its steps.
        solved: The degree to which it reached its goal, known at its end; None where nobody says.
    """

    returned: float = 0.0
    length: int = 0
    solved: float | None = None

    def step(self, reward: Any, info: Mapping[str, Any], *, ended: bool) -> None:
        """Add a step.

        Raises:
            LevelError: If the info of the last one says of success what is no share.
        """
        self.returned += float(reward)
        self.length += 1
        if ended:
            try:
                self.solved = solved(info)
            except ValueError as error:
                raise LevelError(f"{error}: no truth value, None or share from 0 to 1") from None


class ReturnsFile:
    """A CSV file that several recorders of one process may share.

    Args:
        path: A file that is not there yet, or that another recorder of this process has begun.
        columns: Values of ``COLUMNS`` that hold for all rows; ``seed`` or ``run`` is needed.
        steps: Whether rows say for how many steps their policy had been trained.

    Raises:
        LevelError: If the file is there, a column is unknown or missing, or the other recorder has
            other columns.
    """

    def __init__(self, path: str | Path, columns: Mapping[str, Any], *, steps: bool) -> None:
        for name in columns:
            if name not in COLUMNS:
                raise LevelError(f"{path}: no column {name!r}{nearest(name, COLUMNS)}")
        if not {"run", "seed"} & columns.keys():
            raise LevelError(f"{path}: give seed=..., by which runs are told apart")
        # Whatever the working folder becomes.
        self.path = Path(path).absolute()
        self._values = {name: columns[name] for name in COLUMNS if name in columns}
        names = (*self._values, *((STEP,) if steps else ()), *EPISODE)
        key = os.path.realpath(self.path)
        begun = _begun.get(key)
        if begun is not None and begun[0] == os.getpid() and self.path.is_file():
            if begun[1] != names:
                raise LevelError(f"{path}: another recorder of this file has other columns")
        else:
            self._create(names)
            _begun[key] = os.getpid(), names, 0
        self._key = key

    def _create(self, names: tuple[str, ...]) -> None:
        try:
            with self.path.open("x", encoding="utf-8", newline="") as file:
                file.write(_line(names))
        except FileExistsError:
            raise LevelError(
                f"{self.path}: is there already, of another run or process: what was measured is "
                "not overwritten; choose another name, or remove it"
            ) from None
        except OSError as error:
            raise LevelError(f"{self.path}: cannot be written: {error.strerror}") from None

    def add(self, pool: str, level: int, episode: Episode, step: int | None = None) -> None:
        """Add an episode.

        Args:
            pool: One of ``POOLS``.
            level: Id of its level.
            episode: What came of it.
            step: Steps that the policy had been trained for, where rows say it.
        """
        process, names, count = _begun[self._key]
        _begun[self._key] = process, names, count + 1
        own = (*self._values.values(), *(() if step is None else (step,)))
        solved = "" if episode.solved is None else repr(episode.solved)
        values = (pool, level, count, repr(episode.returned), episode.length, solved)
        with self.path.open("a", encoding="utf-8", newline="") as file:
            file.write(_line((*own, *values)))


def _line(values: tuple[Any, ...]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(values)
    return text.getvalue()


def checked_pool(pool: str) -> str:
    """A pool's name.

    Raises:
        LevelError: If it is none.
    """
    if pool not in POOLS:
        raise LevelError(f"pool = {pool!r}{nearest(pool, POOLS)}")
    return pool
