"""Look up families of levels by name: in the catalogue, or among Gymnasium's environments."""

from typing import TYPE_CHECKING

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
