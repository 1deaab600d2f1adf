"""What an expression of a script may stand for.

Literals are themselves, and everything else is what it is: what is unknown equals only itself.
"""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

COUNTER = itertools.count(1)
#: Characters of a text that are looked at.
MAX_TEXT = 300


@dataclass(eq=False)
class Thing:
    """Something of which facts may be certain, or that is unknown.

    Attributes:
        kind: ``unknown``, ``world`` (an environment beneath its wrappers), ``norm`` (a
            VecNormalize), ``model``, ``callback``, ``instance``, ``class``, ``module``, ``call``,
            ``list`` or ``dict``.
        node: Where it is made.
        path: The dotted name of something imported or built in.
        maybe: Values that it may be or have hold of; kept are the things that can be changed.
        owner: What it is an attribute of; of an instance, its class.
    """

    kind: str = "unknown"
    node: Any = None
    path: str = ""
    maybe: tuple[Any, ...] = ()
    owner: Any = None
    number: int = field(default_factory=COUNTER.__next__)

    def __post_init__(self) -> None:
        self.maybe = _held(self.maybe)


@dataclass(eq=False)
class Scope(Thing):
    """The names of a module, a class or a call; captured, if a function is defined in it."""

    outer: "Scope | None" = None
    bases: tuple[Any, ...] = ()
    shared: set[str] = field(default_factory=set)
    returns: list[tuple[Any, Any]] = field(default_factory=list)
    captured: bool = False


@dataclass(frozen=True)
class Env:
    """A world in its wrappers: which VecNormalize, whether a Monitor, how many copies."""

    world: Thing
    norm: Any = None
    monitored: Any = False
    count: Any = 1


@dataclass(frozen=True)
class Function:
    """A function, lambda or method (of ``owner``) of the project."""

    node: Any
    scope: Scope
    defaults: tuple[tuple[str, Any], ...] = ()
    owner: Any = None


@dataclass(frozen=True)
class Method:
    """A method that is not of the project."""

    owner: Any
    name: str


@dataclass(frozen=True)
class Span:
    """A range."""

    start: Any
    stop: Any


@dataclass(eq=False)
class Prediction:
    """What ``predict`` gave."""

    model: Any
    options: dict[str, Any]


@dataclass(frozen=True)
class Reading:
    """What an evaluation gave: all of a ``step``, its ``reward`` or a ``return``."""

    event: Any
    kind: str


class Arguments(dict[Any, Any]):
    """Arguments by name; with ``more`` there may be others, of which nothing is known."""

    more = False

    def get(self, name: Any, default: Any = None) -> Any:
        """An argument, or its default value."""
        return super().get(name, Thing() if self.more else default)


def _held(values: Iterable[Any]) -> tuple[Any, ...]:
    held: dict[Any, None] = {}
    for value in values:
        inside: Any = ()
        if isinstance(value, Env):
            inside = (value.world, value.norm)
        elif isinstance(value, Function | Method):
            inside = (value.owner,)
        elif isinstance(value, tuple):
            inside = value
        elif is_kind(value, "unknown", "class", "module", "call"):
            held |= dict.fromkeys(value.maybe)
        elif isinstance(value, Thing):
            held[value] = None
        held |= dict.fromkeys(_held(inside))
    return tuple(held)


def is_kind(value: Any, *kinds: str) -> bool:
    """Whether a value is a thing of some kind."""
    return isinstance(value, Thing) and value.kind in kinds


def distance(first: Any, second: Any) -> int | None:
    """``second - first`` in whole numbers, where it can be told."""
    if type(first) is type(second) is int:
        return int(second - first)
    return 0 if first is second else None


def text(value: Any) -> str:
    """A text that is the same for the same value only; what is unknown has its number in it."""
    if isinstance(value, str | float) or (isinstance(value, int) and abs(value) < 10**18):
        return str(value)[:MAX_TEXT]
    return f"\0{value.number if isinstance(value, Thing) else next(COUNTER)}\0"


def shown(value: Any) -> str:
    """A value, for messages."""
    what = value.path if isinstance(value, Thing) else text(value)
    return what if what and "\0" not in what else "the same value"
