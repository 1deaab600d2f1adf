"""Packages that rlgen does not depend on, and the extras that install them."""

from importlib.util import find_spec

from rlgen.errors import ProtocolError

#: The packages of each extra that catalogues may name, as they are imported.
EXTRAS = {
    "contrib": ("sb3_contrib",),
    "graphs": ("networkx", "sklearn", "torch_geometric"),
    "ray": ("ray",),
}


def needed(package: str, extra: str) -> None:
    """Refuse to go on where a package is not installed; imports nothing.

    Args:
        package: As it is imported.
        extra: The extra of rlgen that installs it.

    Raises:
        ProtocolError: Naming the extra.

    Example:
        >>> needed("networkx", "graphs")
    """
    if find_spec(package) is None:
        raise ProtocolError(f"needs the package {package}: pip install 'rlgen[{extra}]'")


def require(extra: str) -> None:
    """Refuse to go on where a package of an extra is not installed.

    Args:
        extra: One of ``EXTRAS``, or "" for what needs none.

    Raises:
        ProtocolError: Naming the package and the extra.
    """
    for package in EXTRAS[extra] if extra else ():
        needed(package, extra)
