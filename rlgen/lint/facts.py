"""What is certain at a place of a script: a fact counts only if its definition dominates its use.

Facts are those of one way through the script. Where ways meet, what differs becomes unknown, so
that what is left holds whichever way was taken; a way that has ended has no facts.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from astroid import nodes

from rlgen.lint.names import TRUSTED, top

#: Expressions and facts before a script is given up as too branched.
MAX_WORK = 300_000


class TooMuchError(Exception):
    """The script is too branched to be followed to its end."""


@dataclass(eq=False)
class Thing:
    """Whatever is no constant; without a kind it is unknown and equals only itself.

    It has the name ``path`` if it is imported, belongs to ``of``, and may be, or have hold of, its
    ``parts``.
    """

    kind: str = ""
    node: Any = None
    parts: tuple[Any, ...] = ()
    path: str = ""
    of: Any = None

    def __post_init__(self) -> None:
        self.parts = tuple(dict.fromkeys(each for part in self.parts for each in _held(part)))


@dataclass(frozen=True)
class Env:
    """A world in its wrappers: which VecNormalize, whether a Monitor, how many copies."""

    world: Thing
    norm: Any = None
    monitored: Any = False
    count: Any = 1


def _held(value: Any) -> tuple[Any, ...]:
    """The things that whoever gets hold of a value can change."""
    if isinstance(value, Env):
        return (value.world, value.norm)
    if not isinstance(value, Thing):
        return ()
    return value.parts if value.kind == "doubt" or (value.parts and not value.kind) else (value,)


#: Owners of facts: what is saved where, which events have been, where models have learnt.
FILES, PAST, LEARNT = Thing("files"), Thing("past"), Thing("learnt")
#: What a name is where it is that of a scope around.
OUTER = Thing("outer")


class Facts:
    """The facts at hand, by owner and name. Inner tables are never changed, only replaced."""

    def __init__(self) -> None:
        self.facts: Any = {FILES: {}, PAST: {}, LEARNT: {}}
        self._outside: dict[str, Thing] = {}
        self._work = 0

    def work(self, cost: int = 1) -> None:
        """Count work; too much of it ends the script."""
        self._work += cost
        if self._work > MAX_WORK:
            raise TooMuchError

    def new(self, kind: str, node: Any, fields: dict[Any, Any], of: Any = None) -> Thing:
        """A new thing with facts."""
        created = Thing(kind, node, of=of)
        self.facts[created] = fields
        return created

    def set(self, owner: Any, name: Any, value: Any) -> None:
        """Note a fact."""
        self.doubt(*getattr(owner, "parts", ()))
        self.facts[owner] = {**self.facts.get(owner, {}), name: value}

    def get(self, owner: Thing, name: Any) -> Any:
        """A fact; what is unknown stays the same until something may change it."""
        fields = self.facts.get(owner, {})
        if name in fields:
            return fields[name]
        doubt = fields.get("*")
        value = Thing(parts=(*((owner,) if owner.kind else owner.parts), doubt), of=owner)
        if owner.path and not doubt:
            value = self.outside(f"{owner.path}.{name}", owner)
        # What a class of the project computes may be another each time.
        classes = [each for each in owner.parts if getattr(each, "kind", "") == "class"]
        if not any([*each.node.mymethods()] for each in classes):
            self.facts[owner] = {**fields, name: value}
        return value

    def outside(self, path: str, owner: Any = None) -> Thing:
        """Something imported or built in."""
        return self._outside.setdefault(path, Thing(path=path, of=owner))

    def doubt(self, *values: Any) -> None:
        """Something unknown gets hold of values: what it can change is not certain any more."""
        waiting, doubted = [*values], set[Thing]()
        while waiting:
            value = waiting.pop()
            if isinstance(value, Env):
                waiting += [value.world, value.norm]
            if not isinstance(value, Thing) or value in doubted or top(value.path) in TRUSTED:
                continue
            self.work()
            doubted.add(value)
            fields = dict(self.facts.get(value, {}))
            more = fields.pop("*", value).parts
            inside = Thing("doubt", parts=(*fields.values(), *more, *value.parts))
            waiting += inside.parts
            self.facts[value] = {"*": inside}
            if value.kind in ("bound", "instance"):  # its methods may be called
                members = self.facts.get(value.of, {"": value.of}).values()
                waiting += [each for each in members if getattr(each, "kind", "") == "function"]
            elif value.kind == "function":
                waiting += self._reached(value)

    def _reached(self, function: Thing) -> list[Any]:
        """The values that a function can change; the names that it may assign become unknown."""
        scope, defaults = function.of
        values, node = [*defaults.values()], function.node
        outer = node.nodes_of_class((nodes.Global, nodes.Nonlocal))
        changed = {name for each in outer for name in each.names}
        names = changed | {each.name for each in node.nodes_of_class(nodes.Name)}
        while scope:
            fields = self.facts.get(scope, {})
            values += [fields[name] for name in fields if name in names]
            own = [name for name in fields if name in changed and fields[name] is not OUTER]
            self.facts[scope] = {**fields, **{name: Thing() for name in own}}
            scope = scope.of
        return values

    def branches(self, follow: Callable[[Any], Any], ways: Iterable[Any]) -> Any:
        """Follow each of several ways from here; go on with what they have in common."""
        start, ends, values = self.facts, [], []
        for way in ways:
            self.facts = dict(start)
            values.append(follow(way))
            ends.append(self.facts)
        self.join(ends)
        return self.either(*values)

    def join(self, ends: list[Any]) -> None:
        """Go on with what several ways have in common, those that have ended left out."""
        first, *others = [end for end in ends if end is not None] or [None]
        for other in others:
            self.work(1 + len(first) // 100)
            self.facts = {**first, **other}
            for owner in list(self.facts):
                one, two = first.get(owner), other.get(owner)
                # What was made on one way only is as it was made there.
                if one is not two and (not owner.kind or None not in (one, two)):
                    one, two = one or {}, two or {}
                    pairs = {name: (one.get(name, ...), two.get(name, ...)) for name in one | two}
                    self.facts[owner] = {name: self.either(*pairs[name]) for name in pairs}
                    if "*" in pairs:
                        self.facts[owner]["*"] = Thing("doubt", parts=pairs["*"])
            first = self.facts
        self.facts = first

    def either(self, *values: Any) -> Any:
        """One of several values: what all have in common."""
        first = values[0]
        if all(type(first) is type(each) and first == each for each in values):
            return first
        if all(isinstance(each, Env) and each.world is first.world for each in values):
            parts = zip(*((each.norm, each.monitored, each.count) for each in values), strict=True)
            return Env(first.world, *(self.either(*part) for part in parts))
        unknown = Thing(parts=values)
        if all(isinstance(each, Thing) and each.kind == "model" for each in values):
            unknown.kind, tables = "model", [self.facts.get(each, {}) for each in values]
            pairs = {name: [table.get(name, ...) for table in tables] for name in tables[0]}
            self.facts[unknown] = {name: self.either(*pairs[name]) for name in pairs}
        return unknown
