"""What an expression of a script may stand for: equal only where that is certain."""

from dataclasses import dataclass, field
from typing import Any, TypeGuard

#: Beyond it the text of an unknown value is not computed further.
MAX_KEY = 300


@dataclass(frozen=True)
class Const:
    """A literal: None, a truth value, a number or a text."""

    value: Any


@dataclass(frozen=True)
class Sym:
    """Something imported, built in or unknown, plus a number: ``Sym("args.seed", 1)``."""

    key: str
    plus: int = 0


@dataclass(frozen=True)
class Func:
    """A function, lambda or method (of ``owner``) of the project."""

    node: Any
    frame: Any
    defaults: "tuple[tuple[str, Value], ...]" = ()
    owner: "Value | None" = None


@dataclass(frozen=True)
class Obj:
    """Something with fields, which ``Memory`` keeps.

    Attributes:
        kind: ``world`` (an environment beneath its wrappers), ``env`` (a world in its wrappers),
            ``norm`` (a VecNormalize), ``model``, ``callback``, ``instance``, ``list``, ...
        number: Which, in the order of creation.
        node: Where.
        path: The branches taken on the way there.
    """

    kind: str
    number: int
    node: Any = field(compare=False)
    path: tuple[tuple[int, int], ...] = field(compare=False)


Value = Const | Sym | Func | Obj
NONE, TRUE, FALSE = Const(None), Const(True), Const(False)
Args = list[Value]
Kwargs = dict[str, Value]


def is_(value: Any, kind: str) -> TypeGuard[Obj]:
    """Whether a value is an object of a kind."""
    return isinstance(value, Obj) and value.kind == kind


def const(value: Value | None) -> Any:
    """What a literal is, None for others."""
    return value.value if isinstance(value, Const) else None


def key(value: Any) -> str:
    """A text that is equal for equal values, or empty where equality cannot be told."""
    if isinstance(value, Const):
        return str(value.value)
    return f"{value.key}{value.plus or ''}"[:MAX_KEY] if isinstance(value, Sym) else ""


def shifted(value: Value, by: int) -> Value | None:
    """A whole number plus another, where the first is one or may be."""
    if isinstance(value, Sym):
        return Sym(value.key, value.plus + by)
    whole = isinstance(value, Const) and type(value.value) is int
    return Const(value.value + by) if isinstance(value, Const) and whole else None


def distance(first: Value, second: Value) -> int | None:
    """``second - first`` in whole numbers, where it can be told."""
    one, other = shifted(first, 0), shifted(second, 0)
    if isinstance(one, Const) and isinstance(other, Const):
        return int(other.value - one.value)
    same = isinstance(one, Sym) and isinstance(other, Sym) and one.key == other.key
    return other.plus - one.plus if same else None  # type: ignore[union-attr]


def shown(value: Value) -> str:
    """For messages; what came from nowhere in particular has an ``@`` in its key."""
    return key(value) if "@" not in (key(value) or "@") else "the same value"
