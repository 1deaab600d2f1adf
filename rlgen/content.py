"""The one module where the machinery meets its content: families and shipped protocols."""

import tomllib
from typing import TYPE_CHECKING, Any

from rlgen.errors import LevelError, ProtocolError, nearest

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from rlgen.catalogue import Catalogue
    from rlgen.levels import Family


def families() -> "Catalogue[Family]":
    """All families, those of other distributions included."""
    from rlgen_envs import FAMILIES

    return FAMILIES


def family(name: str) -> "Family":
    """A family of the catalogue, or any environment registered with Gymnasium as one.

    Args:
        name: Its name; options may follow in brackets, as in ``maze-basic[border=outside]``.

    Raises:
        UnknownNameError: If there is neither.
        LevelError: For an option that it does not have.
    """
    bare, options = named_options(name)
    member = _family(bare)
    return member.configure(options) if options else member


def named_options(name: str) -> "tuple[str, dict[str, Any]]":
    """The name before the brackets, and the options in them."""
    bare, bracket, inside = name.partition("[")
    if not bracket or not inside.endswith("]"):
        return name, {}
    from rlgen.settings import parse_value  # pydantic takes a moment to import

    told = {}
    for piece in inside[:-1].split(","):
        key, equals, value = piece.partition("=")
        if not equals:
            raise LevelError(f"{name}: options are given as [key=value,key=value]")
        told[key.strip()] = parse_value(value.strip())
    return bare, told


def _family(name: str) -> "Family":
    catalogue = families()
    if name in catalogue:
        return catalogue[name]
    from rlgen_envs.registered.names import registered

    return registered(name, list(catalogue))


def family_cards() -> dict[str, str]:
    """Name and one line of each family."""
    catalogue = families()
    return {name: catalogue.card(name) for name in catalogue}


def protocols() -> "dict[str, Traversable]":
    """The shipped protocol files that stand alone, by name."""
    return {e.name.removesuffix(".toml"): e for e in _shipped() if e.name.endswith(".toml")}


def suites() -> "dict[str, Traversable]":
    """The folders of shipped suites by name; see ``asked``."""
    return {e.name: e for e in _shipped() if e.is_dir() and (e / "suite.toml").is_file()}


def _shipped() -> "list[Traversable]":
    from importlib.resources import files

    return sorted(files("rlgen_protocols").iterdir(), key=lambda entry: entry.name)


def protocol_cards() -> dict[str, str]:
    """Name and description of each shipped protocol, and of each suite with its parts."""
    found = protocols()
    for name, folder in suites().items():
        found[name] = folder / "suite.toml"
        parts = tomllib.loads(found[name].read_text(encoding="utf-8"))["parts"]
        found |= {f"{name}/{part}": folder / f"{part}.toml" for part in parts}
    texts = {name: file.read_text(encoding="utf-8") for name, file in found.items()}
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
