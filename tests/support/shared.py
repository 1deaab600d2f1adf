"""What is expensive to make, made once for all workers of a session."""

import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
from filelock import FileLock

Value = TypeVar("Value")


def once(
    factory: pytest.TempPathFactory, name: str, make: Callable[[Path], Value]
) -> tuple[Path, Value]:
    """Call ``make`` in the worker that comes first; the others read what it returned.

    Args:
        factory: Of the session.
        name: Of the folder; one for each maker.
        make: Is given a new, empty folder to write into; returns something that can be pickled.

    Returns:
        The folder, which nobody may change, and what ``make`` returned.
    """
    base = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    folder, result = base / name, base / f"{name}.pickle"
    with FileLock(base / f"{name}.lock"):
        if not result.exists():
            folder.mkdir()
            value = make(folder)
            result.write_bytes(pickle.dumps(value))
        return folder, pickle.loads(result.read_bytes())
