"""Lists, dictionaries, classes and instances, and what is inside them."""

from dataclasses import replace
from typing import Any

from rlgen.lint.memory import Memory
from rlgen.lint.values import NONE, Args, Const, Func, Kwargs, Obj, Sym, Value, const, is_, key

#: Items of a list or a loop that are told apart.
MAX_ITEMS = 8
#: Attributes of a wrapped environment that are the environment still.
INSIDE = {"unwrapped", "env", "venv", "envs", "gym_env"}


class Objects(Memory):
    """What is inside objects."""

    def call(self, function: Value, args: Args, kwargs: Kwargs, node: Any, more: bool) -> Value:
        """What a call gives; ``more`` says that there may be further arguments."""
        raise NotImplementedError

    def items(self, value: Value) -> list[Value] | None:
        """The items of a list, if all are known."""
        if is_(value, "list"):
            size = self.get(value, "len")
            return (
                [self.get(value, i) for i in range(size.value)] if isinstance(size, Const) else None
            )
        if is_(value, "span"):
            start, stop = (self.get(value, end) for end in ("start", "stop"))
            if (
                isinstance(start, Const)
                and isinstance(stop, Const)
                and stop.value - start.value <= MAX_ITEMS
            ):
                return [Const(i) for i in range(start.value, stop.value)]
        return None

    def entries(self, value: Value) -> Kwargs | None:
        """The entries of a dictionary with texts for keys, if all are known."""
        if not is_(value, "dict") or self.get(value, 0) != NONE:
            return None
        return {name: self.get(value, name) for name in self.log[value] if isinstance(name, str)}

    def listed(self, items: Args, node: Any, more: bool = False) -> Obj:
        """A new list; ``more`` says that it may have further items."""
        created = self.new("list", node, len=self.unknown(node) if more else Const(len(items)))
        for i, item in enumerate(items):
            self.set(created, i, item)
        return created

    def attribute(self, owner: Value, name: str, node: Any) -> Value:
        """``owner.name``."""
        if isinstance(owner, Sym):
            version = key(self.get(key(owner), "*", Sym("")))
            return self.get(key(owner), name, Sym(f"{key(owner)}{version}.{name}"))
        if (
            is_(owner, "reading")
            or is_(owner, "prediction")
            or (is_(owner, "env") and name in INSIDE)
        ):
            return owner
        if isinstance(owner, Obj) and owner.kind not in ("env", "dict") and self.has(owner, name):
            return self.get(owner, name)
        cls = self.get(owner, "class") if is_(owner, "instance") else owner
        member = self.member(cls, name)
        if isinstance(member, Func) and is_(owner, "instance"):
            marks = member.node.decorators.nodes if getattr(member.node, "decorators", None) else []
            kinds = {mark.as_string() for mark in marks}
            member = member if "staticmethod" in kinds else replace(member, owner=owner)
            return self.call(member, [], {}, node, False) if "property" in kinds else member
        if member is not None:
            return member
        if is_(owner, "instance"):
            return self.get(owner, name)
        return self.new("method", node, owner=owner, name=Const(name))

    def member(self, cls: Value | None, name: str) -> Value | None:
        """An attribute of a class of the project or of the nearest ancestor that has it."""
        if not is_(cls, "class"):
            return None
        if self.has(cls, name):
            return self.get(cls, name)
        bases = self.items(self.get(cls, 0)) or []
        return next((each for base in bases if (each := self.member(base, name))), None)

    def subscript(self, owner: Value, index: Value, node: Any) -> Value:
        """``owner[index]``."""
        at = const(index)
        if is_(owner, "env") or is_(owner, "prediction"):
            return owner
        if is_(owner, "reading"):
            kind, event = const(self.get(owner, "kind")), self.get(owner, "event")
            if kind == "step" and type(at) is int:
                kind = {0: "observation", 1: "reward"}.get(at, "info")
            kind = "kept" if kind == "info" and at in ("episode", "r") else kind
            return self.new("reading", node, kind=Const(kind), event=event)
        if isinstance(owner, Obj):
            items = self.items(owner)
            if items and type(at) is int and -len(items) <= at < len(items):
                return items[at]
            return (
                self.get(owner, at)
                if is_(owner, "dict") and isinstance(at, str)
                else self.unknown(node)
            )
        if key(owner) and key(index):
            return self.attribute(Sym(key(owner)), f"[{key(index)}]", node)
        return self.unknown(node)

    def table(self, entries: Kwargs | None, node: Any) -> Obj:
        """A new dictionary, of which nothing is known where ``entries`` are None."""
        created = self.new("dict", node, **(entries or {}))
        self.set(created, 0, self.unknown(node) if entries is None else NONE)
        return created
