"""What a served page asks for: runs and levels that are not on it, computed when opened."""

import json
from collections import OrderedDict
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any

from rlgen.util.words import counted
from rlgen.view.content import Extent, drawer, plain, run_entry, wanted_levels
from rlgen.view.page import packed
from rlgen.view.runs import Drawer, Drawn, Plans
from rlgen.view.studies import Cell, Study

#: Most levels of a pool in one answer.
MOST_LEVELS = 20_000
#: Bytes of answers that are kept.
MOST_BYTES = 64 * 2**20


class Recent:
    """The answers that were last used, as many as fit.

    Args:
        most: How many bytes are kept.

    Example:
        >>> recent = Recent(3)
        >>> recent.get("a", lambda: b"aa"), recent.get("b", lambda: b"bb")
        (b'aa', b'bb')
        >>> recent.get("b", lambda: b"new"), recent.get("a", lambda: b"new")
        (b'bb', b'new')
    """

    def __init__(self, most: int) -> None:
        self._most, self._answers = most, OrderedDict[Any, bytes]()

    @property
    def size(self) -> int:
        """Bytes that are kept."""
        return sum(map(len, self._answers.values()))

    def get(self, key: Any, compute: Callable[[], bytes | None]) -> bytes | None:
        """The answer of a key, computed where it is not kept; None is not kept."""
        if key in self._answers:
            self._answers.move_to_end(key)
            return self._answers[key]
        answer = compute()
        if answer is not None:
            self._answers[key] = answer
            while self.size > self._most:
                self._answers.popitem(last=False)
        return answer


class Answers:
    """Answers about the runs of some studies, as JSON; one is computed at a time.

    Each is None where there is no such cell, run or level. A drawn answer has ``run``, as the
    document of the page has it, ``plans``, the drawings that its levels name, and ``walks``, its
    bytes as the page packs them.

    Args:
        studies: Those of the page, in its order.
        extent: Of the page.
        most_levels: Of a pool in one answer.
        most_bytes: Of answers that are kept.
    """

    def __init__(
        self,
        studies: Sequence[Study],
        extent: Extent,
        *,
        most_levels: int = MOST_LEVELS,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._extent, self._most = extent, most_levels
        self._cells = [(study, cell) for study in studies for cell in study.cells]
        self._wanted = wanted_levels([cell for _, cell in self._cells], extent.levels)
        self._recent, self._lock = Recent(most_bytes), Lock()

    def run(self, cell: int, run: str) -> bytes | None:
        """A run with the levels that a page with this run has."""

        def compute(own: Cell, study: Study) -> bytes:
            plans = Plans()
            wanted = self._wanted[own.world]
            drawn = self._drawer(study, plans).draw(run, own.world, wanted, self._extent.levels)
            return _answer(drawn, _member(own, run), cell, plans)

        return self._kept(("run", cell, run), compute)

    def levels(self, cell: int, run: str) -> bytes | None:
        """``levels``, all of a run, undrawn; and ``notes``, what was left out."""

        def compute(_: Cell, study: Study) -> bytes:
            levels, counts = self._drawer(study, Plans()).numbers(run, study.pools, self._most)
            notes = [
                f"{pool}: of {counted(count, 'level')} the worst, the middle and the best "
                f"{self._most:,} are listed"
                for pool, count in counts.items()
                if count > self._most
            ]
            return _json({"levels": levels, "notes": notes})

        return self._kept(("levels", cell, run), compute)

    def level(self, cell: int, run: str, pool: str, level: int) -> bytes | None:
        """A run with one level, the first, and the training level nearest to it."""

        def compute(own: Cell, study: Study) -> bytes | None:
            if pool not in study.pools:
                return None
            plans = Plans()
            drawn = self._drawer(study, plans).draw_level(run, own.world, pool, level)
            return None if drawn is None else _answer(drawn, _member(own, run), cell, plans)

        return self._kept(("level", cell, run, pool, level), compute)

    def _drawer(self, study: Study, plans: Plans) -> Drawer:
        return drawer(study, plans, self._extent)

    def _kept(
        self, key: tuple[Any, ...], compute: Callable[[Cell, Study], bytes | None]
    ) -> bytes | None:
        _, place, run, *_ = key
        if not 0 <= place < len(self._cells):
            return None
        study, cell = self._cells[place]
        if all(own["id"] != run for own in cell.runs):
            return None
        with self._lock:
            return self._recent.get(key, lambda: compute(cell, study))


def _member(cell: Cell, run: str) -> Any:
    return next(own for own in cell.runs if own["id"] == run)


def _answer(drawn: Drawn, run: Any, cell: int, plans: Plans) -> bytes:
    entry = run_entry(drawn, run, cell)
    return _json({"run": entry, "plans": plans.drawn, "walks": packed(drawn.walks)})


def _json(value: Any) -> bytes:
    return json.dumps(plain(value), separators=(",", ":"), allow_nan=False).encode()
