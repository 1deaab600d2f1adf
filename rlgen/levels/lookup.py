"""Look up families of levels by name: in the catalogue, or among Gymnasium's environments."""

from typing import TYPE_CHECKING

from rlgen.errors import LevelError
from rlgen.util.bracketed import named_options

if TYPE_CHECKING:
    from rlgen.levels.family import Family
    from rlgen.util.registry import Catalogue


def families() -> "Catalogue[Family]":
    """The catalogue of families, including those of other distributions."""
    from rlgen_envs import FAMILIES

    return FAMILIES


def family(name: str) -> "Family":
    """Look up a family in the catalogue, or make one of an environment of Gymnasium.

    Args:
        name: Its name; options may follow in brackets, as in ``corridor[length=9]``.

    Raises:
        UnknownNameError: If neither has this name.
        LevelError: For an option that the family does not have.
    """
    bare, options = named_options(name)
    member = _family(bare)
    return member.configure(options) if options else member


def member(named: "str | Family") -> "Family":
    """A family as the calls of Python take it: itself, or its name.

    Raises:
        LevelError: If it is neither.
    """
    from rlgen.levels.family import Family

    if isinstance(named, str):
        return family(named)
    if not isinstance(named, Family):
        spec = getattr(named, "spec", None)
        near = repr(getattr(spec, "id", None) or "CartPole-v1")
        raise LevelError(
            f"family: {type(named).__name__} is no family: give its name (rlgen list families), "
            f"an id that is registered with Gymnasium, such as {near}, or 'module:Class'"
        )
    return named


def _family(name: str) -> "Family":
    catalogue = families()
    if name in catalogue:
        return catalogue[name]
    from rlgen_envs.registered.names import registered

    return registered(name, list(catalogue))


def family_cards() -> dict[str, str]:
    """The one-line description of each family, by name."""
    catalogue = families()
    return {name: catalogue.card(name) for name in catalogue}


def property_cards() -> dict[str, str]:
    """What levels are like by each property, as ``family/property``; of families that say some."""
    from rlgen.levels.capabilities import Described

    catalogue = families()
    return {
        f"{name}/{own}": card
        for name in catalogue
        if isinstance(member := catalogue[name], Described)
        for own, card in member.properties.items()
    }
