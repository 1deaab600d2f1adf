"""What is certain at a place of a script: a fact counts only if its definition dominates its use.

The facts are those of one way through the script. Where ways meet, what differs becomes unknown, so
that what is left holds whichever way was taken; a way that has ended has no facts.
"""

from collections.abc import Callable, Iterable
from functools import reduce
from typing import Any

from rlgen.lint.names import MAKERS, PACKAGES, top
from rlgen.lint.values import Env, Function, Method, Thing, is_kind

#: Expressions and facts before a script is given up as too branched.
MAX_WORK = 300_000
#: By owner, then by name. The inner tables are never changed, only replaced.
Facts = dict[Thing, dict[Any, Any]]


class TooMuchError(Exception):
    """The script is too branched to be followed to its end."""


class Memory:
    """The facts at hand.

    Attributes:
        facts: None where the script does not get to.
        files: Its facts are what is saved where.
        past: Its facts are which events have been.
    """

    def __init__(self) -> None:
        self.files, self.past = Thing("files"), Thing("past")
        self.facts: Any = {self.files: {}, self.past: {}}
        self._things: dict[Any, Thing] = {}
        self._work = 0

    def work(self, cost: int = 1) -> None:
        """Count work.

        Raises:
            TooMuchError: If there has been too much.
        """
        self._work += cost
        if self._work > MAX_WORK:
            raise TooMuchError

    def set(self, owner: Thing, name: Any, value: Any) -> None:
        """Note a fact."""
        self.work()
        self.facts[owner] = {**self.facts.get(owner, {}), name: value}

    def new(self, kind: str, node: Any, /, **fields: Any) -> Thing:
        """A new thing with facts."""
        created = Thing(kind, node)
        self.work()
        self.facts[created] = fields
        return created

    def get(self, owner: Thing, name: Any, default: Any = None, facts: Facts | None = None) -> Any:
        """A fact; what is unknown stays the same until something may change it."""
        fields = (self.facts if facts is None else facts).get(owner, {})
        if name in fields:
            return fields[name]
        if "*" not in fields and owner.kind not in ("unknown", "instance", "class"):
            return default
        path, change = f"{owner.path}.{name}" if owner.path else "", fields.get("*", owner)
        if path and change is owner:
            return self.outside(path, owner)
        unknown = Thing(path=path, maybe=(*owner.maybe, *change.maybe), owner=owner)
        return self._things.setdefault((owner, name, change), unknown)

    def outside(self, path: str, owner: Any = None) -> Thing:
        """Something imported or built in."""
        return self._things.setdefault(path, Thing(path=path, owner=owner))

    def doubt(self, *values: Any) -> None:
        """Something unknown gets hold of values: what it can change is not certain any more."""
        waiting, doubted = [*values], set[Thing]()
        while waiting:
            value = waiting.pop()
            if isinstance(value, Env):
                waiting += [value.world, value.norm]
            elif isinstance(value, Function | Method):
                waiting.append(value.owner)
            elif isinstance(value, tuple):
                waiting += value
            elif isinstance(value, Thing) and value not in doubted and not _is_fixed(value):
                self.work()
                doubted.add(value)
                fields = self.facts.get(value, {})
                # That a model has learnt in an environment, nobody can undo.
                learnt: dict[Any, Any] = {
                    name: fields[name] for name in fields if isinstance(name, tuple)
                }
                inside = tuple(fields[name] for name in fields if not isinstance(name, tuple))
                waiting += [*value.maybe, *inside]
                self.facts[value] = learnt | {"*": Thing(maybe=inside)}

    # -- ways that part and meet ------------------------------------------------------------------

    def branches(self, follow: Callable[[Any], Any], ways: Iterable[Any]) -> Any:
        """Follow each of several ways from here; go on with what they have in common."""
        start, ends, values = self.facts, [], []
        for way in ways:
            self.facts = dict(start)
            values.append(follow(way))
            ends.append(self.facts)
        self.facts = self.joined(ends)
        return self.either(values)

    def joined(self, ends: list[Any]) -> Any:
        """What several ways have in common, those that have ended left out."""
        alive = [end for end in ends if end is not None]
        return reduce(self._join, alive) if alive else None

    def _join(self, first: Facts, second: Facts) -> Any:
        self.work(1 + len(first) // 200)
        self.facts = {**first, **second}
        changed = [owner for owner in self.facts if first.get(owner) is not second.get(owner)]
        # Models come first, since what refers to one is joined by what it is.
        for owner in sorted(changed, key=lambda owner: owner.kind != "model"):
            one, other = first.get(owner), second.get(owner)
            if owner.kind == "unknown":
                one, other = one or {}, other or {}
            # What was made on one way only is as it was made there.
            if one is not None and other is not None:
                pairs = {each: [one.get(each, ...), other.get(each, ...)] for each in one | other}
                self.facts[owner] = {name: self.either(pair) for name, pair in pairs.items()}
        return self.facts

    def either(self, values: list[Any]) -> Any:
        """One of several values: what all have in common."""
        first, *others = values
        if all(type(first) is type(each) and first == each for each in others):
            return first
        if all(isinstance(each, Env) and each.world is first.world for each in values):
            parts = [(each.norm, each.monitored, each.count) for each in values]
            return Env(first.world, *(self.either([*part]) for part in zip(*parts, strict=True)))
        unknown = Thing(maybe=tuple(values))
        if all(is_kind(each, "model") for each in values):
            unknown.kind, tables = "model", [self.facts.get(each, {}) for each in values]
            names = {name: None for table in tables for name in table}
            fields = {name: self.either([t.get(name, ...) for t in tables]) for name in names}
            self.facts[unknown] = fields
        return unknown


def _is_fixed(value: Thing) -> bool:
    fixed = value.kind in ("module", "call", "class", "files", "past")
    return fixed or top(value.path) in PACKAGES | MAKERS
