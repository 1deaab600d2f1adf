"""Atomic writes."""

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rlgen.errors import DamagedStoreError


def write_bytes(path: Path, data: bytes) -> None:
    """Write a temporary file and rename it into place."""
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    with aside.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)


def write_text(path: Path, text: str) -> None:
    """Write a text file atomically."""
    write_bytes(path, text.encode())


def write_json(path: Path, value: Any) -> None:
    """Write JSON for machines: sorted keys, no spaces; nan becomes null."""
    text = json.dumps(without_nan(value), sort_keys=True, separators=(",", ":"))
    write_text(path, text + "\n")


def without_nan(value: Any) -> Any:
    """Replace every nan by None, and numpy numbers by Python's, for JSON."""
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, dict):
        return {key: without_nan(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [without_nan(item) for item in value]
    return None if isinstance(value, float) and value != value else value


def read_json(path: Path) -> Any:
    """The content of a JSON file.

    Raises:
        DamagedStoreError: If it is missing or not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DamagedStoreError(f"{path}: cannot be read: {error}") from None


class JsonFiles(Mapping[str, Any]):
    """Contents of JSON files by name, each read on access."""

    def __init__(self, paths: Mapping[str, Path]) -> None:
        self._paths = paths

    def __getitem__(self, name: str) -> Any:
        return read_json(self._paths[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)


def publish(aside: Path, final: Path) -> bool:
    """Rename a folder into place, once all of its files are on disk.

    Returns:
        False if the final folder already exists; the other is then removed.
    """
    for file in [*aside.iterdir(), aside]:
        descriptor = os.open(file, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)
    try:
        aside.rename(final)
    except OSError:
        if not final.is_dir():
            raise
        shutil.rmtree(aside)
        return False
    return True
