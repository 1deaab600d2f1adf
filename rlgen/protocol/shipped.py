"""The shipped protocol files and suites, by name."""

import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rlgen.errors import ProtocolError, nearest

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable


def protocols() -> "dict[str, Traversable]":
    """The shipped protocol files that stand alone, by name; a paper's are called ``PAPER-FILE``."""
    alone = {e.name.removesuffix(".toml"): e for e in _shipped() if e.name.endswith(".toml")}
    for folder in _shipped():
        if folder.is_dir() and not (folder / "suite.toml").is_file():
            files = sorted(folder.iterdir(), key=lambda entry: entry.name)
            own = {e.name.removesuffix(".toml"): e for e in files if e.name.endswith(".toml")}
            alone |= {f"{folder.name}-{name}": e for name, e in own.items()}
    return alone


def suites() -> "dict[str, Traversable]":
    """The folders of shipped suites by name; see ``suite``.

    A paper with several has a folder of each in its own, ``PAPER/FOLDER``: ``PAPER-FOLDER``.
    """
    folders = {e.name: e for e in _shipped() if e.is_dir()}
    inner = {f"{n}-{e.name}": e for n, folder in folders.items() for e in folder.iterdir()}
    return {n: e for n, e in (folders | inner).items() if (e / "suite.toml").is_file()}


def part_of(name: str) -> tuple[str, str] | None:
    """Suite and part of a name like ``SUITE-PART``: the part as a study of its own."""
    for suite, folder in suites().items():
        part = name.removeprefix(f"{suite}-")
        if part != name and (folder / f"{part}.toml").is_file() and part != "suite":
            return suite, part
    return None


@dataclass(frozen=True)
class Defaults:
    """What is taken where nothing is named.

    Attributes:
        calibrated: The family of a calibration.
        calibrated_options: Its options on the command line.
        cloned: The networks that a calibration clones, their training levels and flip probability.
        small_pictures: The network for pictures that are too small for the general one.
    """

    calibrated: str
    calibrated_options: tuple[str, ...]
    cloned: tuple[tuple[str, int, float], ...]
    small_pictures: str


def defaults() -> Defaults:
    """The shipped ones."""
    from rlgen_protocols import defaults as shipped

    return Defaults(
        shipped.CALIBRATED, shipped.CALIBRATED_OPTIONS, shipped.CLONED, shipped.SMALL_PICTURES
    )


def _shipped() -> "list[Traversable]":
    from importlib.resources import files

    return sorted(files("rlgen_protocols").iterdir(), key=lambda entry: entry.name)


def protocol_cards() -> dict[str, str]:
    """Name and description of each shipped protocol, and of each suite with its parts."""
    files_of = protocols()
    for name, folder in suites().items():
        files_of[name] = folder / "suite.toml"
        parts = tomllib.loads(files_of[name].read_text(encoding="utf-8"))["parts"]
        files_of |= {f"{name}/{part}": folder / f"{part}.toml" for part in parts}
    texts = {name: file.read_text(encoding="utf-8") for name, file in files_of.items()}
    return {name: tomllib.loads(text).get("description", "") for name, text in texts.items()}


def protocol_text(name: str) -> str:
    """The text of a shipped protocol.

    Raises:
        ProtocolError: If there is no such protocol.
    """
    shipped = protocols()
    if name not in shipped:
        raise ProtocolError(
            f"no protocol {name!r}{nearest(name, [*shipped, *suites()])}; "
            "a file is given by its path, *.toml"
        )
    return shipped[name].read_text(encoding="utf-8")
