"""What a name in a script may stand for, as far as that can be told without running it.

What can be said of values is in ``certainty``.
"""

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Union

from rlgen.lint.trace import Evaluation


@dataclass(frozen=True)
class Const:
    """A literal: None, a truth value, a number or a text."""

    value: Any


NONE = Const(None)


@dataclass(frozen=True)
class Sym:
    """Something unknown, plus a number: ``args.seed + 1`` is ``Sym("args.seed", 1)``."""

    key: str
    offset: int = 0


@dataclass(frozen=True)
class Name:
    """Something imported or built in, by its full name: ``stable_baselines3.PPO``."""

    path: str


@dataclass(frozen=True)
class Span:
    """Consecutive whole numbers, ``range(start, stop)``."""

    start: "Value"
    stop: "Value"


@dataclass(eq=False)
class Seq:
    """A list, tuple or set; ``count`` is its length where it is known (``items`` may be fewer)."""

    items: list["Value"]
    count: int | None = None


@dataclass(eq=False)
class Table:
    """A dictionary with texts for keys; an open one may hold more than is known."""

    items: dict[str, "Value"] = field(default_factory=dict)
    open: bool = False


@dataclass(eq=False)
class Frame:
    """Names of a function call, or of the module.

    Attributes:
        vars: What each stands for now.
        parent: The frame around it, of a nested function.
        returns: What ``return`` has given so far.
        exits: Worlds trained in, at each ``return``.
        jumps: Names and worlds trained in, at each ``break`` or ``continue`` of the inmost loop.
        shared: Names that are declared ``global`` or ``nonlocal``.
        parameters: Of the function.
    """

    vars: dict[str, "Value"]
    parent: "Frame | None" = None
    returns: list["Value"] = field(default_factory=list)
    exits: list[set["World"]] = field(default_factory=list)
    jumps: list[tuple[dict[str, "Value"], set["World"]]] = field(default_factory=list)
    shared: set[str] = field(default_factory=set)
    parameters: frozenset[str] = frozenset()

    def find(self, name: str) -> "Frame | None":
        """The nearest frame that has the name."""
        frame: Frame | None = self
        while frame is not None and (name not in frame.vars or name in frame.shared):
            frame = frame.parent
        return frame


@dataclass(eq=False)
class Func:
    """A function or lambda of the script; ``bound`` is the object whose method it is."""

    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    frame: Frame
    bound: "Value | None" = None
    defaults: Mapping[str, "Value"] = field(default_factory=dict)


@dataclass(eq=False)
class Class:
    """A class of the script."""

    node: ast.ClassDef
    frame: Frame
    bases: list["Value"]
    attrs: dict[str, "Value"]

    def lineage(self) -> list[str]:
        """Full names of the foreign classes it derives from."""
        names: list[str] = []
        for base in self.bases:
            names += base.lineage() if isinstance(base, Class) else []
            names += [base.path] if isinstance(base, Name) else []
        return names

    def attr(self, name: str) -> "Value | None":
        """An attribute of the class or the nearest ancestor that has it."""
        if name in self.attrs:
            return self.attrs[name]
        inherited = (base.attr(name) for base in self.bases if isinstance(base, Class))
        return next((value for value in inherited if value is not None), None)


@dataclass(eq=False)
class Object:
    """An instance of a class of the script."""

    cls: Class
    attrs: dict[str, "Value"] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Parent:
    """``super()`` in a method of an object."""

    owner: Object


@dataclass(eq=False)
class Partial:
    """``functools.partial``."""

    function: "Value"
    args: list["Value"]
    kwargs: dict[str, "Value"]


@dataclass(frozen=True)
class Seeds:
    """Seeds ``first`` to ``first + count - 1``."""

    first: Const | Sym
    count: int = 1


@dataclass(eq=False)
class World:
    """An environment as it was made, beneath all wrappers.

    Attributes:
        name: What it is made from: an id, or a class.
        settings: Keyword arguments of its making.
        open: Whether there may be further settings.
        line: Where it is made.
        seeds: What it was seeded with.
        seeded: Whether it was; None where that cannot be told.
        rounds: Loops around its making.
        repeated: Lines at which it is reset with the same seed in each round of a loop.
    """

    name: "Value"
    settings: dict[str, "Value"]
    line: int
    open: bool = False
    seeds: list[Seeds] = field(default_factory=list)
    seeded: bool | None = False
    rounds: tuple[ast.stmt, ...] = ()
    repeated: list[int] = field(default_factory=list)


@dataclass(eq=False)
class Norm:
    """A ``VecNormalize``.

    Attributes:
        line: Where it is made.
        fresh: Made anew, not loaded.
        settings: ``training``, ``norm_obs`` and ``norm_reward`` as they are now.
        synced: Whether statistics were copied into it.
    """

    line: int
    fresh: bool
    settings: dict[str, "Value"]
    synced: bool = False


@dataclass(frozen=True, eq=False)
class Env:
    """A world in its wrappers.

    Attributes:
        world: Beneath them.
        norm: The ``VecNormalize`` among them.
        monitored: Whether a ``Monitor`` keeps the rewards as they were; None where unknown.
        opaque: Whether there may be wrappers that are not known.
        count: Copies that are played at once, 1 where unknown.
    """

    world: World
    norm: Norm | None = None
    monitored: bool | None = False
    opaque: bool = False
    count: int = 1


@dataclass(eq=False)
class Model:
    """An agent of stable-baselines3.

    Attributes:
        algorithm: ``PPO``; empty where unknown.
        envs: What it is given to train in, one for each way the script may have taken.
        worlds: Where it has learnt.
        loaded: Whether it came from a file.
    """

    algorithm: str
    envs: list[Env]
    worlds: set[World] = field(default_factory=set)
    loaded: bool = False


@dataclass(eq=False)
class Callback:
    """A callback, with the evaluations that it will make."""

    evaluations: list[Evaluation]


@dataclass(frozen=True, eq=False)
class Prediction:
    """What ``model.predict`` gave, or something computed from it."""

    model: "Model | None"
    deterministic: "Value"
    explicit: bool


@dataclass(frozen=True, eq=False)
class Reading:
    """What an environment gave: an ``observation``, a ``step``, a ``reward`` or an ``info``.

    ``kept`` is a reward that a Monitor has put into the info.
    """

    kind: str
    evaluations: tuple[Evaluation, ...] = ()


@dataclass(frozen=True, eq=False)
class Method:
    """A method of a value that the library knows."""

    owner: "Value"
    name: str


@dataclass(frozen=True, eq=False)
class Either:
    """One of several values: the branches of the script differ."""

    options: tuple["Value", ...]


Value = Union[  # noqa: UP007  (names that are defined below their use)
    Const,
    Sym,
    Name,
    Span,
    Seq,
    Table,
    Func,
    Class,
    Object,
    Parent,
    Partial,
    Env,
    Model,
    Callback,
    Prediction,
    Reading,
    Method,
    Either,
]

#: Positional and named arguments of a call.
Args = list[Value]
Kwargs = dict[str, Value]
