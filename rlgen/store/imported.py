"""What stands in place of a protocol in the store of results that came from elsewhere."""

import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import Field

from rlgen.errors import ProtocolError
from rlgen.util.toml import toml
from rlgen.util.validation import Names, Settings, checked

Texts = Annotated[tuple[str, ...], Field(strict=False)]


class Imported(Settings):
    """What was read, and how.

    Attributes:
        name: Of the store's folder.
        description: What it is, in words.
        files: SHA-256 of each file that was read, by its path as it was given.
        columns: The column of the files that each of ours was taken from.
        given: What was told on the command line for columns that the files do not have.
        options: What else was told, by the name of the option.
        conditions: Those that there are returns under.
        margin: A normalised gap above it is called memorisation (0 random, 1 optimal).
        notes: What a reader must know of how it was read.
    """

    name: str
    description: str = "Results from elsewhere."
    files: dict[str, str]
    columns: dict[str, str] = Field(default_factory=dict)
    given: dict[str, str] = Field(default_factory=dict)
    options: dict[str, str] = Field(default_factory=dict)
    conditions: Names
    margin: Annotated[float, Field(gt=0, le=1, strict=False)] = 0.25
    notes: Texts = ()

    def text(self) -> str:
        """As TOML, one line a key."""
        return "".join(f"{key} = {toml(value)}\n" for key, value in self.model_dump().items())

    def same_as(self, other: "Imported") -> bool:
        """Whether the same bytes were read in the same way, wherever they lay."""
        told = [
            (sorted(each.files.values()), each.columns, each.given, each.options)
            for each in (self, other)
        ]
        return told[0] == told[1]


def read(path: Path) -> Imported:
    """What a store keeps of its import.

    Raises:
        ProtocolError: If the file cannot be read.
    """
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ProtocolError(f"{path}: cannot be read: {error}") from None
    return checked(Imported, told, ProtocolError, str(path))
