"""Look up families of levels by name: the catalogue's, or any environment of Gymnasium."""

from typing import TYPE_CHECKING, Any

from rlgen.errors import LevelError

if TYPE_CHECKING:
    from rlgen.levels.family import Family
    from rlgen.util.registry import Catalogue


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
    from rlgen.util.validation import parse_value

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
