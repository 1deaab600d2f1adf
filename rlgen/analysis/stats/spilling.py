"""Arrays of numbers that may be more than fits into memory: from some size on they lie in files.

An array in a file is read where it is looked at, as if it were in memory; what has been looked at
can be let go of again. The files have no names, and are gone with the process.
"""

import mmap
import tempfile
from collections.abc import Hashable, Iterable
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
#: Bytes that are held in memory before files are begun.
IN_MEMORY = 1 << 27
#: Bytes that are written to a file at once.
BUFFER = 1 << 18


class Spill:
    """Takes arrays one by one, and gives all of them when the last is there."""

    def __init__(self) -> None:
        #: Each array; or of which file it is, where it begins and ends, in numbers.
        self._arrays: list[Array | tuple[Hashable, int, int]] = []
        self._bytes = 0
        self._files: dict[Hashable, tuple[IO[Any], int]] = {}

    def add(self, values: Array, kind: Hashable) -> int:
        """Take an array.

        Args:
            values: ``(L,)``, float64, contiguous; must not change any more.
            kind: Arrays of one kind, which are looked at together, lie together.

        Returns:
            Its number.
        """
        self._bytes += values.nbytes
        if self._bytes <= IN_MEMORY:
            self._arrays.append(values)
        else:
            if kind not in self._files:
                file = tempfile.TemporaryFile(buffering=BUFFER, prefix="rlgen-")  # noqa: SIM115
                self._files[kind] = file, 0
            file, start = self._files[kind]
            file.write(values)
            end = start + len(values)
            self._files[kind] = file, end
            self._arrays.append((kind, start, end))
        return len(self._arrays) - 1

    def arrays(self) -> list[Array]:
        """All arrays in the order of their numbers; those in files cannot be written to."""
        mapped = {kind: _mapped(file) for kind, (file, end) in self._files.items() if end}
        return [
            (mapped[array[0]][array[1] : array[2]] if array[2] > array[1] else np.empty(0))
            if isinstance(array, tuple)
            else array
            for array in self._arrays
        ]


def _mapped(file: IO[Any]) -> Array:
    """All numbers of a file, which is closed."""
    with file:
        file.flush()
        return np.frombuffer(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), np.float64)


def let_go(arrays: Iterable[Array]) -> None:
    """Let go of the memory of what has been looked at of files; it is read again when needed.

    Args:
        arrays: Some of those of a ``Spill``.
    """
    if not hasattr(mmap, "MADV_DONTNEED"):
        return
    files = {id(array.base): array.base for array in arrays if array.base is not None}
    for whole in files.values():
        base = getattr(getattr(whole, "base", None), "obj", None)
        if isinstance(base, mmap.mmap):
            base.madvise(mmap.MADV_DONTNEED)
