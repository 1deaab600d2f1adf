"""A display that tells trackers too what it is told."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from rlgen.errors import RlgenError, one_line
from rlgen.study.cell import Cell
from rlgen.study.progress import Progress
from rlgen.study.tracking.base import Tracker

#: What a run ends with.
FINISHED, FAILED, INTERRUPTED = "finished", "failed", "interrupted"
#: Columns of the learning curve, by the name that stable-baselines3 has for what they hold.
_SCALARS = {"ret_mean": "mean_reward", "p_solved": "success_rate"}


def scalars(rows: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """The scalars of a checkpoint; see ``Tracker.log``.

    Args:
        rows: Of the learning curve, a row a pool: ``split`` and the columns of ``_SCALARS``, None
            where unknown.

    Example:
        >>> rows = [{"split": "train", "ret_mean": 2.0}, {"split": "test", "ret_mean": 0.5}]
        >>> scalars(rows)["gap/mean_reward"]
        1.5
    """
    values: dict[str, float] = {}
    for column, name in _SCALARS.items():
        means = {row["split"]: row[column] for row in rows if row.get(column) is not None}
        values |= {f"eval_{pool}/{name}": float(mean) for pool, mean in means.items()}
        if {"train", "test"} <= means.keys():
            values[f"gap/{name}"] = float(means["train"] - means["test"])
    return values


class Tracked(Progress):
    """What a display shows, and trackers are told.

    Args:
        display: The display.
        trackers: By name.
    """

    def __init__(self, display: Progress, trackers: Mapping[str, Tracker]) -> None:
        self._display, self._trackers = display, dict(trackers)
        self._last: dict[str, dict[str, float]] = {}

    @classmethod
    def by(cls, display: Progress, names: Sequence[str], store: Path) -> Progress:
        """The display itself where no trackers are named.

        Raises:
            RlgenError: If there is no such tracker, or it cannot be made.
        """
        from rlgen.study.tracking import tracker_named

        trackers = {}
        for name in dict.fromkeys(names):
            member = tracker_named(name)
            try:
                trackers[name] = member(store)
            except RlgenError as error:
                raise RlgenError(f"track = {name!r}: {error}") from None
            except Exception as error:
                # It may be the user's: anything can go wrong in it.
                why = f"{type(error).__name__}: {one_line(error)}"
                raise RlgenError(f"track = {name!r}: {why}") from None
        return cls(display, trackers) if trackers else display

    def _tell(self, method: str, *values: Any) -> None:
        for name, tracker in list(self._trackers.items()):
            try:
                getattr(tracker, method)(*values)
            except Exception as error:
                del self._trackers[name]
                why = f"{type(error).__name__}: {one_line(error)}"
                self._display.note(f"tracker {name}: {method}: {why}; the study goes on without it")

    def _end(self, cell: str, status: str) -> None:
        if cell in self._last:
            self._tell("end", cell, status, self._last.pop(cell))

    def __enter__(self) -> Self:
        self._display.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        for cell in list(self._last):
            self._end(cell, INTERRUPTED)
        self._display.__exit__(*error)

    def begin(self, cells: Sequence[Cell], already: int, jobs: int) -> None:
        """See ``Progress``."""
        self._display.begin(cells, already, jobs)

    def started(self, cell: Cell) -> None:
        """See ``Progress``."""
        self._display.started(cell)
        self._last[cell.id] = {}
        self._tell("start", cell.id, cell.label, dict(cell.settings))

    def advanced(self, cell: Cell, event: Mapping[str, Any]) -> None:
        """See ``Progress``."""
        self._display.advanced(cell, event)
        values = scalars(event.get("rows") or ())
        if not values or cell.id not in self._last:
            return
        if event.get("steps_per_second"):
            values["time/fps"] = float(event["steps_per_second"])
        self._last[cell.id] = values
        self._tell("log", cell.id, int(event["step"]), values)

    def evaluating(self, cell: Cell) -> None:
        """See ``Progress``."""
        self._display.evaluating(cell)

    def finished(self, cell: Cell, note: str = "") -> None:
        """See ``Progress``."""
        self._display.finished(cell, note)
        self._end(cell.id, FINISHED)

    def failed(self, cell: Cell, why: str) -> None:
        """See ``Progress``."""
        self._display.failed(cell, why)
        self._end(cell.id, FAILED)

    def broken_off(self, cell: Cell, why: str) -> None:
        """See ``Progress``."""
        self._display.broken_off(cell, why)
        self._end(cell.id, INTERRUPTED)

    def note(self, text: str) -> None:
        """See ``Progress``."""
        self._display.note(text)

    def waiting_for_others(self, count: int) -> None:
        """See ``Progress``."""
        self._display.waiting_for_others(count)
