"""The one module where the machinery meets its content: families and shipped protocols."""

import tomllib
from typing import TYPE_CHECKING

from rlgen.errors import ProtocolError, nearest

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

    Raises:
        UnknownNameError: If there is neither.
    """
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
    """The shipped protocol files by name."""
    from importlib.resources import files

    folder = files("rlgen_protocols")
    found = [entry for entry in folder.iterdir() if entry.name.endswith(".toml")]
    return {e.name.removesuffix(".toml"): e for e in sorted(found, key=lambda e: e.name)}


def protocol_cards() -> dict[str, str]:
    """Name and description of each shipped protocol."""
    texts = {name: file.read_text(encoding="utf-8") for name, file in protocols().items()}
    return {name: tomllib.loads(text).get("description", "") for name, text in texts.items()}


def protocol_text(name: str) -> str:
    """The text of a shipped protocol.

    Raises:
        ProtocolError: If there is no such protocol.
    """
    shipped = protocols()
    if name not in shipped:
        raise ProtocolError(
            f"no protocol {name!r}{nearest(name, shipped)}; a file is given by its path, *.toml"
        )
    return shipped[name].read_text(encoding="utf-8")
