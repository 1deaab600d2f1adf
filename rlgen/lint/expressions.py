"""What expressions stand for where they are."""

from collections.abc import Callable
from typing import Any

from astroid import nodes

from rlgen.lint.memory import Memory
from rlgen.lint.names import INSIDE
from rlgen.lint.values import (
    Arguments,
    Env,
    Function,
    Method,
    Prediction,
    Reading,
    Scope,
    Thing,
    is_kind,
    text,
)


class Expressions(Memory):
    """Evaluates expressions; calls, functions and modules are those of ``Engine``.

    Attributes:
        scope: The names at hand.
    """

    scope: Scope
    call: Callable[[Any, list[Any], Arguments, Any], Any]
    module: Callable[[Any, str], Any]
    function: Callable[[Any], Function]
    sides: Callable[[Any], list[Any]]
    bind: Callable[[Any, Any], None]

    def value(self, node: Any) -> Any:
        """What an expression stands for."""
        self.work()
        match node:
            case nodes.Const():
                return node.value
            case nodes.Name() | nodes.AssignName():
                return self.name(node.name)
            case nodes.Attribute() | nodes.AssignAttr():
                return self.attribute(self.value(node.expr), node.attrname)
            case nodes.Subscript():
                return self.subscript(self.value(node.value), self.value(node.slice))
            case nodes.List() | nodes.Tuple() | nodes.Set():
                items = tuple(self.value(each) for each in node.elts)
                starred = any(isinstance(each, nodes.Starred) for each in node.elts)
                return self.new("list", node, items=Thing(maybe=items) if starred else items)
            case nodes.Dict():
                return self.table(node)
            case nodes.Call():
                return self.called(node)
            case nodes.BinOp():
                return self.binary(self.value(node.left), node.op, self.value(node.right))
            case nodes.JoinedStr():
                return "".join(text(self.value(each)) for each in node.values)
            case nodes.FormattedValue(format_spec=None):
                return self.value(node.value)
            case nodes.IfExp():
                return self.branches(self.value, self.sides(node))
            case nodes.BoolOp():
                return self.branches(self.value, node.values)
            case nodes.NamedExpr():
                value = self.value(node.value)
                self.bind(node.target, value)
                return value
            case nodes.Lambda():
                return self.function(node)
            case nodes.ListComp() | nodes.GeneratorExp():
                return self.comprehension(node)
        return Thing(maybe=tuple(self.value(child) for child in node.get_children()))

    def name(self, name: str) -> Any:
        """What a name stands for."""
        scope: Scope | None = self.scope
        while scope:
            if name in self.facts.get(scope, {}):
                return self.get(scope, name)
            if scope.path:  # what was imported with a star
                return self.outside(f"{scope.path}.{name}")
            scope = scope.outer
        return self.outside(name)

    def attribute(self, owner: Any, name: str) -> Any:
        """``owner.name``."""
        if isinstance(owner, Prediction | Reading) or (isinstance(owner, Env) and name in INSIDE):
            return owner
        if not isinstance(owner, Thing):
            return Method(owner, name)
        if name in self.facts.get(owner, {}):
            return self.get(owner, name)
        if isinstance(owner, Scope) and owner.kind == "module":
            return self.module(owner.node, f"{owner.node.name}.{name}")
        member = self.inherited(owner.owner if owner.kind == "instance" else owner, name)
        if isinstance(member, Function) and owner.kind == "instance":
            bound = None if is_static(member.node) else owner
            return Function(member.node, member.scope, member.defaults, bound)
        # What something unknown had hold of may have attributes of its own.
        if member is not ... and "*" not in self.facts.get(owner, {}):
            return member
        has_any = owner.kind in ("unknown", "instance", "class")
        return self.get(owner, name) if has_any else Method(owner, name)

    def inherited(self, cls: Any, name: str) -> Any:
        """What a class of the project or the nearest of its ancestors has; else an ellipsis."""
        self.work()
        if not isinstance(cls, Scope) or name in self.facts.get(cls, {}):
            return self.get(cls, name) if isinstance(cls, Scope) else ...
        members = (self.inherited(base, name) for base in cls.bases)
        return next((member for member in members if member is not ...), ...)

    def subscript(self, owner: Any, index: Any) -> Any:
        """``owner[index]``."""
        if isinstance(owner, Env | Prediction):
            return owner
        if isinstance(owner, Reading):
            rest = Reading(owner.event, "reward") if index == 1 else Thing()
            return rest if owner.kind == "step" else owner
        items = self.items(owner) if type(index) is int else None
        if items and -len(items) <= index < len(items):
            return items[index]
        if is_kind(owner, "unknown") and isinstance(index, str):
            return self.get(owner, f"[{index}]")
        return self.get(owner, index) if index in self.entries(owner) else Thing(maybe=(owner,))

    def binary(self, left: Any, op: str, right: Any) -> Any:
        """``left op right``; a reward with which something is computed is measured."""
        for each in (left, right):
            if isinstance(each, Reading):
                each.event.rewards |= each.kind == "reward"
                return Reading(each.event, "return")
            if isinstance(each, Prediction):
                return each
        if op in ("+", "/") and (isinstance(left, str) or isinstance(right, str)):
            return text(text(left) + ("/" if op == "/" else "") + text(right))
        if type(left) is type(right) is int and abs(left) + abs(right) < 1e9 and op in "+-*":
            return {"+": left + right, "-": left - right, "*": left * right}[op]
        return Thing(maybe=(left, right))

    def items(self, value: Any) -> list[Any] | None:
        """The items of a list, if all are certain."""
        items = self.get(value, "items") if is_kind(value, "list") else None
        return list(items) if isinstance(items, tuple) else None

    def entries(self, value: Any) -> Arguments:
        """The entries of a dictionary; ``more`` if there may be others."""
        fields = self.facts.get(value) if is_kind(value, "dict") else None
        fields = {"*": None} if fields is None else fields
        entries = Arguments({name: fields[name] for name in fields if name != "*"})
        entries.more = "*" in fields
        return entries

    def table(self, node: Any) -> Thing:
        """A dictionary of which only texts are looked at."""
        created = self.new("dict", node)
        for name, entry in node.items:
            at = entry if isinstance(name, nodes.DictUnpack) else name
            key, value = self.value(at), self.value(entry)
            added = self.entries(value) if at is entry else Arguments({key: value})
            if added.more or not all(isinstance(each, str) for each in added):
                self.doubt(created)
            self.facts[created] = {**self.facts[created], **added}
        return created

    def called(self, node: Any) -> Any:
        """What a call gives."""
        function, args, kwargs = self.value(node.func), [], Arguments()
        for each in node.args:
            if isinstance(each, nodes.Starred):
                items = self.items(self.value(each.value))
                args += items or []
                kwargs.more |= items is None
            else:
                args.append(self.value(each))
        for each in node.keywords:
            value = self.value(each.value)
            entries = self.entries(value) if each.arg is None else Arguments({each.arg: value})
            kwargs.update(entries)
            kwargs.more |= entries.more
        return self.call(function, args, kwargs, node)

    def comprehension(self, node: Any) -> Thing:
        """A list of which one item is evaluated, for something unknown."""
        self.scope, around = Scope("call", node, outer=self.scope), self.scope
        for each in node.generators:
            self.bind(each.target, Thing(maybe=(self.value(each.iter),)))
        value, self.scope = self.value(node.elt), around
        return self.new("list", node, items=Thing(maybe=(value,)), some=value)


def is_static(node: Any) -> bool:
    """Whether a method of a class is given no ``self``."""
    marks = getattr(getattr(node, "decorators", None), "nodes", [])
    return any(mark.as_string() == "staticmethod" for mark in marks)
