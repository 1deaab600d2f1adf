"""What is certain at a place of a script: a fact counts only if its definition dominates its use.

Each definition is kept with the branches that were taken on the way to it. It dominates a use if
all of them are taken on the way to the use too. One of which only some are may reach it or not, and
makes unknown what it defines; one on the other side of a branch is not seen.
"""

from collections.abc import Iterable
from typing import Any

from rlgen.lint.values import Const, Func, Obj, Sym, Value, key

#: Definitions, expressions and look-ups before a script is given up as too branched.
MAX_WORK = 100_000
#: Branches: which, and which way.
Path = tuple[tuple[int, int], ...]
#: Time and place of a use.
Place = tuple[int, Path]


class TooMuchError(Exception):
    """The script is too branched to be followed to its end."""


class Memory:
    """The definitions of a script, in the order in which they are met."""

    def __init__(self) -> None:
        self.log: dict[Any, dict[Any, list[tuple[int, Path, Value]]]] = {}
        self.path: Path = ()
        self.sure: Path = ()  # branches without which the script would have ended
        self.sides: dict[int, set[int]] = {}  # of each branch, those through which the script gets
        self.number = 0
        self._doubted: list[Any] = []

    @property
    def here(self) -> Place:
        """The time and place at hand."""
        return self.number, self.path

    def work(self, cost: int = 1) -> int:
        """The next number.

        Raises:
            TooMuchError: If there have been too many.
        """
        self.number += cost
        if self.number > MAX_WORK:
            raise TooMuchError
        return self.number

    def unknown(self, node: Any = None) -> Sym:
        """A value that equals no other."""
        return Sym(f"@{getattr(node, 'lineno', 0)}.{self.work()}")

    def new(self, kind: str, node: Any, /, **fields: Value) -> Obj:
        """A new object."""
        created = Obj(kind, self.work(), node, self.path)
        for name, value in fields.items():
            self.set(created, name, value)
        return created

    def set(self, owner: Any, name: Any, value: Value) -> None:
        """Define a field of an object, or of what an unknown value's key names."""
        entry = (self.work(), self.path, value)
        self.log.setdefault(owner, {}).setdefault(name, []).append(entry)

    def has(self, owner: Any, name: Any) -> bool:
        """Whether a field is defined anywhere so far."""
        return name in self.log.get(owner, {})

    def get(
        self, owner: Any, name: Any, default: Value | None = None, at: Place | None = None
    ) -> Value:
        """A field as it is at a place."""
        time, path = at or self.here
        values, sides = [], dict[int, set[int]]()
        for defined, way, value in reversed(self.log.get(owner, {}).get(name, ())):
            left = self.missing(way, path, owner) if defined <= time else None
            if left is None:
                continue
            values.append(value)
            if len(left) == 1:
                branch, side = left[0]
                sides.setdefault(branch, set()).add(side)
                left = [] if sides[branch] == self.sides.get(branch) else left
            if not left:
                break
        else:
            values.append(default or Sym(f"@{getattr(owner, 'number', owner)}.{name}"))
        if len(set(values)) == 1:
            return values[0]
        merged = self._either(values)
        if at is None:
            self.set(owner, name, merged)
        return merged

    def missing(self, way: Path, path: Path, owner: Any = None) -> list[tuple[int, int]] | None:
        """Branches of one way that may not be on another; None if the two exclude each other.

        A definition dominates a use if none is missing.
        """
        taken = dict((*path, *getattr(owner, "path", ()), *self.sure))
        if any(taken.get(branch, side) != side for branch, side in way):
            return None
        return [(branch, side) for branch, side in way if branch not in taken]

    def either(self, values: Iterable[Value]) -> Value:
        """One of several values: what all have in common."""
        several = list(dict.fromkeys(values))
        return several[0] if len(several) == 1 else self._either(several)

    def _either(self, values: list[Value]) -> Value:
        kinds = {value.kind if isinstance(value, Obj) else "" for value in values}
        if kinds <= {"env"} or kinds <= {"model"}:
            names = {name for value in values for name in self.log[value] if isinstance(name, str)}
            parts = {name: self.either(self.get(value, name) for value in values) for name in names}
            return self.new(kinds.pop(), getattr(values[0], "node", None), **parts)
        for value in values:
            self.doubt(value)
        return self.unknown()

    def doubt(self, value: Value | None) -> None:
        """Something unknown gets hold of a value: what it can change is not certain any more."""
        owner: Any = value.owner if isinstance(value, Func) else value
        owner = key(owner) if isinstance(owner, Sym) else owner
        if owner is None or owner in self._doubted or isinstance(owner, Const) or _fixed(owner):
            return
        self._doubted.append(owner)
        for name, entries in list(self.log.get(owner, {}).items()):
            self.work(len(entries) // 10)
            reach = [value for _, way, value in entries if self.missing(way, self.path) is not None]
            if isinstance(name, str | int) and name != "*":
                if not _fixed(owner, inside=False):
                    self.set(owner, name, self.unknown())
                for each in {value for value in reach if isinstance(value, Obj | Func)}:
                    self.doubt(each)
        if isinstance(owner, str):
            self.set(owner, "*", self.unknown())
        self._doubted.pop()


def _fixed(owner: Any, *, inside: bool = True) -> bool:
    """Whether nobody changes an object, or at least nothing but what is inside it."""
    kinds = {"frame", "class", "reading", "prediction"}
    kinds |= set() if inside else {"env", "partial", "method"}
    return isinstance(owner, Obj) and owner.kind in kinds
