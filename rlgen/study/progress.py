"""What the user sees while cells run: a live table on a terminal, plain lines elsewhere."""

import time
from collections.abc import Mapping, Sequence
from typing import Any, Self

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from rlgen.study.cell import Cell
from rlgen.util.terminal import echo, printable
from rlgen.util.words import counted

#: Seconds between two lines about the same cell.
PAUSE = 60.0


class Progress:
    """Says nothing; the base of those that do. A context manager around the work."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def begin(self, cells: Sequence[Cell], already: int, jobs: int) -> None:
        """These cells are to be computed; so many were there already."""

    def started(self, cell: Cell) -> None:
        """A worker has begun with the cell."""

    def advanced(self, cell: Cell, event: Mapping[str, Any]) -> None:
        """A checkpoint: ``step``, ``steps_per_second`` and its ``rows`` of the learning curve."""

    def evaluating(self, cell: Cell) -> None:
        """Training has ended."""

    def finished(self, cell: Cell, note: str = "") -> None:
        """The cell is stored."""

    def failed(self, cell: Cell, why: str) -> None:
        """The cell failed."""

    def broken_off(self, cell: Cell, why: str) -> None:
        """The cell's worker is gone; another one will begin with it."""

    def note(self, text: str) -> None:
        """Something worth a line."""

    def waiting_for_others(self, count: int) -> None:
        """So many cells are being computed by other commands."""


class Tally(Progress):
    """Keeps count; what plain lines and live table have in common."""

    def begin(self, cells: Sequence[Cell], already: int, jobs: int) -> None:
        """See ``Progress``."""
        self.jobs = jobs
        self.total = len(cells)
        self.already = already
        self.ended = 0
        self.began = time.monotonic()
        self.steps_wanted = sum(cell.steps for cell in cells)
        self.steps_of_ended = 0
        self.state: dict[str, dict[str, Any]] = {}
        self.skipped: dict[str, int] = {}
        self.others = 0

    def started(self, cell: Cell) -> None:
        """See ``Progress``."""
        self.state[cell.id] = {
            "cell": cell,
            "step": 0,
            "steps_per_second": 0.0,
            "returns": {},
            "said": time.monotonic(),
        }

    def advanced(self, cell: Cell, event: Mapping[str, Any]) -> None:
        """See ``Progress``."""
        own = self.state.setdefault(cell.id, {"cell": cell})
        returns = {row["split"]: row["ret_mean"] for row in event.get("rows", ())}
        own |= {**event, "returns": returns}
        if cell.id not in self.skipped:
            # A run that goes on begins where it was left.
            self.skipped[cell.id] = event["step"]
            self.steps_wanted -= event["step"]

    def evaluating(self, cell: Cell) -> None:
        """See ``Progress``."""
        self.state[cell.id]["evaluating"] = True

    def finished(self, cell: Cell, note: str = "") -> None:
        """See ``Progress``."""
        del note
        self._end(cell)

    def failed(self, cell: Cell, why: str) -> None:
        """See ``Progress``."""
        del why
        self._end(cell)

    def broken_off(self, cell: Cell, why: str) -> None:
        """See ``Progress``."""
        self.state.pop(cell.id, None)
        self.note(f"{cell.label}: {why}")

    def _end(self, cell: Cell) -> None:
        self.ended += 1
        self.steps_of_ended += cell.steps - self.skipped.get(cell.id, 0)
        self.state.pop(cell.id, None)

    def waiting_for_others(self, count: int) -> None:
        """See ``Progress``."""
        self.others = count

    @property
    def time_left(self) -> str:
        """An estimate from the steps done so far, evaluation included in their pace."""
        under_way = ((s["step"], self.skipped.get(own, 0)) for own, s in self.state.items())
        done = self.steps_of_ended + sum(max(step - first, 0) for step, first in under_way)
        if not done:
            return "?"
        left = (time.monotonic() - self.began) * (self.steps_wanted - done) / done
        minutes, seconds = divmod(max(0, int(left)), 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"

    def last_returns(self, cell: Cell) -> str:
        """The cell's latest training and held-out return."""
        returns = self.state.get(cell.id, {}).get("returns", {})
        means = [(pool, mean) for pool, mean in returns.items() if mean is not None]
        return "  ".join(f"{pool} {mean:+.2f}" for pool, mean in means)


class Lines(Tally):
    """A line on standard error for each finished cell, and now and then for those under way."""

    def _say(self, text: str) -> None:
        echo(text, err=True)

    def begin(self, cells: Sequence[Cell], already: int, jobs: int) -> None:
        """See ``Progress``."""
        super().begin(cells, already, jobs)
        there = f", {already} already there" if already else ""
        self._say(f"{counted(len(cells), 'cell')} to compute on {counted(jobs, 'worker')}{there}")

    def advanced(self, cell: Cell, event: Mapping[str, Any]) -> None:
        """See ``Progress``."""
        super().advanced(cell, event)
        own, now = self.state[cell.id], time.monotonic()
        if now - own.setdefault("said", now) < PAUSE:
            return
        own["said"] = now
        speed = f"{event['steps_per_second']:,.0f} steps/s"
        most = max(cell.steps, event["step"])  # a rollout is played to its end
        self._say(
            f"  {cell.label}: {event['step']:,} of {most:,} steps, {speed}  "
            f"{self.last_returns(cell)}  left {self.time_left}"
        )

    def finished(self, cell: Cell, note: str = "") -> None:
        """See ``Progress``."""
        returns = self.last_returns(cell)
        super().finished(cell, note)
        self._say(
            f"[{self.ended}/{self.total}] {cell.label}  {note or returns}  left {self.time_left}"
        )

    def failed(self, cell: Cell, why: str) -> None:
        """See ``Progress``."""
        super().failed(cell, why)
        self._say(f"[{self.ended}/{self.total}] FAILED {cell.label}: {why}")

    def note(self, text: str) -> None:
        """See ``Progress``."""
        self._say(text)

    def waiting_for_others(self, count: int) -> None:
        """See ``Progress``."""
        if count and count != self.others and not self.state:
            self._say(f"waiting for {counted(count, 'cell')} that another command is computing")
        super().waiting_for_others(count)


class LiveTable(Tally):
    """A table of the running cells that redraws itself."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def __enter__(self) -> Self:
        self._live = Live(
            get_renderable=self._draw, console=self._console, refresh_per_second=4, transient=True
        )
        self._live.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._live.__exit__(None, None, None)

    def finished(self, cell: Cell, note: str = "") -> None:
        """See ``Progress``."""
        returns = note or self.last_returns(cell)
        super().finished(cell, note)
        self._console.print(Text(printable(f"done    {cell.label}  {returns}")))

    def failed(self, cell: Cell, why: str) -> None:
        """See ``Progress``."""
        super().failed(cell, why)
        self._console.print(Text(printable(f"FAILED  {cell.label}: {why}"), style="bold red"))

    def note(self, text: str) -> None:
        """See ``Progress``."""
        self._console.print(Text(printable(text)))

    def _draw(self) -> Group:
        table = Table(box=None, pad_edge=False)
        for title in ("cell", "steps", "steps/s", "train", "held out"):
            table.add_column(title, justify="left" if title == "cell" else "right")
        speed = 0.0
        for state in list(self.state.values()):
            cell, returns = state["cell"], state.get("returns", {})
            share = state.get("step", 0) / cell.steps
            speed += state.get("steps_per_second", 0.0)
            table.add_row(
                Text(printable(cell.label)),
                "evaluating" if state.get("evaluating") else f"{min(share, 1):.0%}",
                f"{state.get('steps_per_second', 0.0):,.0f}",
                *(_signed(returns.get(pool)) for pool in ("train", "test")),
            )
        cells = counted(self.total, "cell")
        line = f"{self.ended} of {cells}   {speed:,.0f} steps/s   left {self.time_left}"
        if self.others:
            line += f"   {self.others} computed by other commands"
        return Group(table, Text(line, style="bold"))


def _signed(mean: float | None) -> str:
    """A mean return, of which nothing is said where it is not known."""
    return "" if mean is None else f"{mean:+.2f}"


def choose(*, quiet: bool) -> Progress:
    """The display that fits: nothing, a live table on a terminal, or plain lines."""
    if quiet:
        return Progress()
    console = Console(stderr=True)
    return LiveTable(console) if console.is_terminal and not console.is_dumb_terminal else Lines()
