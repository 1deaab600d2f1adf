"""Catalogues: tables of named members, with plug-ins and suggestions for misspelt names."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any, Generic, TypeVar, cast

from rlgen.errors import UnknownNameError, nearest

Member = TypeVar("Member")


@dataclass(frozen=True)
class Lazy:
    """A member that is imported on first access.

    Listing a catalogue, and thus ``rlgen list``, imports nothing heavy.

    Attributes:
        card: A one-line description of the member.
        target: ``"module:attribute"``, the member or its class.
        arguments: Arguments of the class; None if the target is the member itself.
    """

    card: str
    target: str
    arguments: tuple[Any, ...] | None = None

    def load(self) -> object:
        """The member."""
        module, _, attribute = self.target.partition(":")
        target = getattr(import_module(module), attribute)
        return cast(object, target if self.arguments is None else target(*self.arguments))


@cache
def _outside() -> Any:
    """The entry points of all installed distributions: one search for all catalogues."""
    return entry_points()


class Catalogue(Mapping[str, Member], Generic[Member]):
    """A named table of members of one kind.

    Args:
        kind: The kind of its members, in the singular; used in error messages.
        table: ``{name: member}``, where a member has a ``card`` attribute, or is ``Lazy``.
        group: Entry-point group through which other distributions add members. They cannot
            replace our names: stored results would change their meaning.
        further: Gives further tables of members, searched in order, before those of other
            distributions.

    Raises:
        UnknownNameError: From ``catalogue[name]`` if there is no such member, or if one of another
            distribution cannot be loaded.
    """

    def __init__(
        self,
        kind: str,
        table: Mapping[str, Member | Lazy],
        group: str = "",
        further: Callable[[], Iterable[Mapping[str, Member]]] | None = None,
    ) -> None:
        self.kind = kind
        self._table: dict[str, Member | Lazy] = dict(table)
        self._own = tuple(table)
        self._loaded: dict[str, Member] = {}
        self._group = group
        self._further = further
        self._looked_outside = False

    def _all(self) -> dict[str, Member | Lazy]:
        if not self._looked_outside:
            for more in self._further() if self._further else ():
                for name, member in more.items():
                    self._table.setdefault(name, member)
            self._looked_outside = True
            for point in _outside().select(group=self._group) if self._group else ():
                self._table.setdefault(point.name, Lazy(f"from {point.value}", point.value))
        return self._table

    def __getitem__(self, name: str) -> Member:
        if name not in self._loaded:
            # Our own members need no search of the installed distributions.
            entry = self._table.get(name) or self._from_further(name) or self._all().get(name)
            if entry is None:
                raise UnknownNameError(f"unknown {self.kind} {name!r}{nearest(name, self)}")
            self._loaded[name] = cast(Member, self._member(name, entry))
        return self._loaded[name]

    def _from_further(self, name: str) -> Member | None:
        tables = self._further() if self._further else ()
        return next((more[name] for more in tables if name in more), None)

    def _member(self, name: str, entry: Member | Lazy) -> object:
        if not isinstance(entry, Lazy):
            return entry
        if name in self._own:
            return entry.load()
        try:
            return entry.load()
        except Exception as error:
            why = " ".join(f"{type(error).__name__}: {error}".split())
            raise UnknownNameError(
                f"{self.kind} {name!r} of {entry.target} cannot be loaded: {why}"
            ) from error

    @property
    def own(self) -> tuple[str, ...]:
        """Names of all members but those of other distributions."""
        return self._own

    def load_own(self) -> list[Member]:
        """Import our own members, not those of other distributions."""
        return [self[name] for name in self._own]

    def __iter__(self) -> Iterator[str]:
        yield from self._own
        # Other distributions are searched only after our own members.
        yield from [name for name in self._all() if name not in self._own]

    def __len__(self) -> int:
        return len(self._all())

    def __contains__(self, name: object) -> bool:
        return name in self._all()

    def card(self, name: str) -> str:
        """The member's one-line description."""
        member = self._all()[name]
        return str(getattr(member, "card", ""))
