"""The file ``import.toml``: what the store of an import has in place of a protocol."""

from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field

from rlgen.errors import ProtocolError
from rlgen.util import files
from rlgen.util.toml import loads, toml
from rlgen.util.validation import Names, Settings, checked

Texts = Annotated[tuple[str, ...], Field(strict=False)]


class Imported(Settings):
    """What was imported, and how.

    Attributes:
        paper: Results from elsewhere are of none.
        name: Of the store's folder.
        description: In words.
        files: SHA-256 of each file that was read, by its path on the command line.
        columns: The files' name of each of our columns.
        constants: Values from the command line for columns that the files lack; ``given`` in the
            file.
        options: The other options of the command, by name.
        conditions: The conditions that there are returns under.
        margin: A normalised gap above this is called memorisation (0 random, 1 optimal).
        notes: What readers need to know about how the files were read.
    """

    paper: ClassVar[str] = ""

    name: str
    description: str = "Results from elsewhere."
    files: dict[str, str]
    columns: dict[str, str] = Field(default_factory=dict)
    constants: dict[str, str] = Field(default_factory=dict, alias="given")
    options: dict[str, str] = Field(default_factory=dict)
    conditions: Names
    margin: Annotated[float, Field(gt=0, le=1, strict=False)] = 0.25
    notes: Texts = ()

    def text(self) -> str:
        """As TOML, one line per key."""
        return "".join(
            f"{key} = {toml(value)}\n" for key, value in self.model_dump(by_alias=True).items()
        )

    def same_as(self, other: "Imported") -> bool:
        """Whether the same bytes were read in the same way, wherever the files were."""
        readings = [
            (sorted(each.files.values()), each.columns, each.constants, each.options)
            for each in (self, other)
        ]
        return readings[0] == readings[1]


def read(path: Path) -> Imported:
    """Read the ``import.toml`` of a store.

    Raises:
        DamagedStoreError: If the file cannot be read.
        ProtocolError: If it does not say what it must.
    """
    return checked(Imported, loads(files.read_text(path), str(path)), ProtocolError, str(path))
