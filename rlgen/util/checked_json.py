"""JSON files whose content is checked by a schema before it is used."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from rlgen.errors import DamagedStoreError
from rlgen.util import files

Schema = TypeAdapter[Any]


def read(path: Path, schema: Schema) -> Any:
    """The content of a JSON file, as plain values.

    Raises:
        DamagedStoreError: Naming the file and the first thing in it that is wrong; see also
            ``files.read_json``.
    """
    return parsed(files.read_text(path), schema, path)


def parsed(text: str, schema: Schema, path: Path) -> Any:
    """What the text of a JSON file says; see ``read``."""
    content = files.parsed(text, path)
    check(content, schema, path)
    return content


def check(content: Any, schema: Schema, path: Path) -> None:
    """Refuse content that is not as a schema says.

    Raises:
        DamagedStoreError: Naming the first thing that is wrong.
    """
    try:
        schema.validate_python(content, strict=True)
    except ValidationError as error:
        raise DamagedStoreError(f"{path}: {first_fault(error)}") from None
    except (RecursionError, OverflowError) as error:
        raise DamagedStoreError(f"{path}: is not as rlgen writes it: {error}") from None


def first_fault(error: ValidationError) -> str:
    """The first thing that is wrong, and where."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    place = ".".join(str(part)[:80] for part in first["loc"])
    message = first["msg"].removeprefix("Value error, ")[:200]
    return f"{place}: {message}" if place else message


class Contents(Mapping[str, Any]):
    """Contents of JSON files by name, each read and checked on access."""

    def __init__(self, paths: Mapping[str, Path], schema: Schema) -> None:
        self._paths, self._schema = paths, schema

    def __getitem__(self, name: str) -> Any:
        return read(self._paths[name], self._schema)

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)
