"""Name -> member: refuses duplicates, answers a wrong name with the nearest one, takes plug-ins."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any, Generic, TypeVar, cast

from rlgen.errors import UnknownNameError, nearest

Member = TypeVar("Member")


@dataclass(frozen=True)
class Lazy:
    """A member that is imported when it is first asked for.

    Listing a catalogue, and thus ``rlgen list``, imports nothing heavy.

    Attributes:
        card: One line that says what the member is.
        target: ``"module:attribute"``, the member or its class.
        arguments: What the class is called with; None if it is the member.
    """

    card: str
    target: str
    arguments: tuple[Any, ...] | None = None

    def load(self) -> object:
        """The member."""
        module, _, attribute = self.target.partition(":")
        found = getattr(import_module(module), attribute)
        return cast(object, found if self.arguments is None else found(*self.arguments))


@cache
def _outside() -> Any:
    """What all installed distributions offer: one search for all catalogues."""
    return entry_points()


class Catalogue(Mapping[str, Member], Generic[Member]):
    """A named table of members of one kind.

    Args:
        kind: What a member is, in the singular; used in error messages.
        table: ``{name: member}``, where a member has a ``card`` attribute, or is ``Lazy``.
        group: Entry-point group through which other distributions add members. A name of ours
            cannot be taken over: stored results would change their meaning.

    Raises:
        UnknownNameError: From ``catalogue[name]`` when there is no such member, or when that of
            another distribution cannot be loaded.
    """

    def __init__(self, kind: str, table: Mapping[str, Member | Lazy], group: str = "") -> None:
        self.kind = kind
        self._table: dict[str, Member | Lazy] = dict(table)
        self._own = tuple(table)
        self._loaded: dict[str, Member] = {}
        self._group = group
        self._looked_outside = False

    def _all(self) -> dict[str, Member | Lazy]:
        if not self._looked_outside:
            self._looked_outside = True
            for point in _outside().select(group=self._group) if self._group else ():
                self._table.setdefault(point.name, Lazy(f"from {point.value}", point.value))
        return self._table

    def __getitem__(self, name: str) -> Member:
        if name not in self._loaded:
            # Our own members are found without searching the installed distributions.
            found = self._table.get(name) or self._all().get(name)
            if found is None:
                raise UnknownNameError(f"unknown {self.kind} {name!r}{nearest(name, self)}")
            self._loaded[name] = cast(Member, self._member(name, found))
        return self._loaded[name]

    def _member(self, name: str, found: Member | Lazy) -> object:
        if not isinstance(found, Lazy):
            return found
        if name in self._own:
            return found.load()
        try:
            return found.load()
        except Exception as error:
            why = " ".join(f"{type(error).__name__}: {error}".split())
            raise UnknownNameError(
                f"{self.kind} {name!r} of {found.target} cannot be loaded: {why}"
            ) from error

    def load_own(self) -> list[Member]:
        """Import all members but those of other distributions."""
        return [self[name] for name in self._own]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def __contains__(self, name: object) -> bool:
        return name in self._all()

    def card(self, name: str) -> str:
        """The member's one-line description."""
        member = self._all()[name]
        return str(getattr(member, "card", ""))
