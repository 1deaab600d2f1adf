"""The last checkpoint of each cell that is being computed: from there its run goes on."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from rlgen.errors import DamagedStoreError
from rlgen.store.outputs import LAST
from rlgen.util import checked_json, files

#: Beside the checkpoints of a cell: its learning curve so far.
CURVE = "curve.json"


class _Row(BaseModel):
    """A row of a learning curve, see ``records.CURVES``."""

    model_config = ConfigDict(extra="allow", strict=True)

    step: Annotated[int, Field(ge=0)]
    split: Annotated[str, Field(max_length=200)]
    ret_mean: float | None


_CURVE = TypeAdapter(list[_Row])


class Checkpoints:
    """Folders by cell, in each a folder a checkpoint, of which the latest counts.

    Args:
        folder: Where they are; need not be there yet.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, cell: str, name: str, fetch: Callable[[Path], None]) -> None:
        """Keep a checkpoint instead of the one before.

        Args:
            cell: Whose it is; only the holder of its claim may ask.
            name: See ``checkpoint_name``.
            fetch: Brings its files into an empty folder.

        Raises:
            OSError: If it cannot be kept; the one before still is.
        """
        own = files.child(self._folder, cell)
        own.mkdir(parents=True, exist_ok=True)
        files.remove_leftovers(own)
        final = files.child(own, name)
        part = files.aside(final)
        part.mkdir()
        fetch(part)
        files.publish(part, final)
        for older in self._of(cell)[:-1]:
            shutil.rmtree(older, ignore_errors=True)

    def last(self, cell: str) -> Path | None:
        """The last checkpoint of a cell, if there is one."""
        there = self._of(cell)
        return there[-1] if there else None

    def watch(self, cell: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Add what a checkpoint of the learning curve says; steps that are done again replace."""
        path = files.child(self._folder, cell) / CURVE
        path.parent.mkdir(parents=True, exist_ok=True)
        before: list[dict[str, Any]] = []
        # Of a damaged one nothing is lost: a checkpoint has the curve, and so will the run.
        with suppress(DamagedStoreError):
            before = checked_json.read(path, _CURVE) if path.is_file() else []
        first = min(row["step"] for row in rows)
        files.write_json(path, [*(row for row in before if row["step"] < first), *rows])

    def curves(self) -> dict[str, list[dict[str, Any]]]:
        """The learning curves so far of cells that are not done, by cell."""
        paths = sorted(self._folder.glob(f"*/{CURVE}"))
        return {path.parent.name: checked_json.read(path, _CURVE) for path in paths}

    def settle(self, cell: str) -> None:
        """Remove what nobody needs of a cell that is done: all but its last state."""
        own, there = files.child(self._folder, cell), self._of(cell)
        if there and there[-1].name.endswith(LAST):
            (own / CURVE).unlink(missing_ok=True)
            for older in there[:-1]:
                shutil.rmtree(older, ignore_errors=True)
        else:
            shutil.rmtree(own, ignore_errors=True)

    def _of(self, cell: str) -> list[Path]:
        folders = files.child(self._folder, cell).glob("[0-9]*")
        return sorted(path for path in folders if path.is_dir())
