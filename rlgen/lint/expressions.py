"""What expressions stand for where they are."""

from collections.abc import Callable
from typing import Any

from astroid import nodes

from rlgen.lint.facts import OUTER, Env, Facts, Thing
from rlgen.lint.names import INSIDE


class Expressions(Facts):
    """Evaluates expressions; calls and assignments are those of ``Follow`` and ``Library``."""

    call: Callable[[Any, list[Any], dict[str, Any], Any], Any]
    bind: Callable[[Any, Any], None]
    sides: Callable[[Any], list[Any]]

    def __init__(self) -> None:
        super().__init__()
        self.scope = Thing("module")
        #: By loop: which round it is in, and the facts where rounds end early.
        self.loops: list[tuple[int, list[Any]]] = []

    def value(self, node: Any) -> Any:
        """What an expression stands for."""
        self.work()
        match node:
            case None:
                return None
            case nodes.Const():
                return node.value
            case nodes.Name() | nodes.AssignName():
                return self._name(node.name)
            case nodes.Attribute() | nodes.AssignAttr():
                return self.attribute(self.value(node.expr), node.attrname)
            case nodes.Subscript():
                return self.item(self.value(node.value), self.value(node.slice))
            case nodes.List() | nodes.Tuple():
                items = {i: self.value(each) for i, each in enumerate(node.elts)}
                starred = any(isinstance(each, nodes.Starred) for each in node.elts)
                unknown = {"*": Thing(parts=tuple(items.values()))}
                return self.new("table", node, unknown if starred else items)
            case nodes.Dict():
                entries: dict[Any, Any] = {}
                for key, each in node.items:
                    value = self.value(each)
                    is_inside = isinstance(key, nodes.DictUnpack)
                    entries |= self.entries(value) if is_inside else {self.value(key): value}
                return self.new("table", node, entries)
            case nodes.Call():
                return self._called(node)
            case nodes.BinOp():
                return self.binary(self.value(node.left), node.op, self.value(node.right))
            case nodes.IfExp():
                return self.branches(self.value, self.sides(node))
            case nodes.BoolOp():
                return self.branches(self.value, node.values)
            case nodes.NamedExpr():
                self.bind(node.target, value := self.value(node.value))
                return value
            case nodes.Lambda():
                return self.function(node)
            case nodes.ComprehensionScope():
                for each in node.generators:
                    self.bind(each.target, Thing(parts=(self.value(each.iter),)))
                self.loops.append((0, []))
                items = self.branches(self.value, [*node.get_children(), None])
                self.loops.pop()
                return Thing(parts=(items,))
        return Thing(parts=tuple(self.value(child) for child in node.get_children()))

    def _name(self, name: str) -> Any:
        scope = self.scope
        while scope:
            value = self.facts.get(scope, {}).get(name, OUTER)
            if value is not OUTER:
                return value
            scope = scope.of
        return self.outside(name)

    def attribute(self, owner: Any, name: str) -> Any:
        """``owner.name``."""
        if isinstance(owner, Env):
            return owner if name in INSIDE else Thing("method", None, (owner,), name, owner)
        if not isinstance(owner, Thing):
            return Thing()
        fields = self.facts.get(owner, {})
        if name not in fields and owner.kind in ("model", "table", "super"):
            return Thing("method", None, (owner,), name, owner)
        if name not in fields and "*" not in fields and owner.kind == "instance":
            member = self.facts.get(owner.of, {}).get(name)
            if isinstance(member, Thing) and member.kind == "function":
                return Thing("bound", None, (owner,), of=member)
            if name in self.facts.get(owner.of, {}):
                return member
        return self.get(owner, name)

    def item(self, owner: Any, index: Any) -> Any:
        """``owner[index]``."""
        if isinstance(owner, Env) or not isinstance(owner, Thing):
            return owner if isinstance(owner, Env) else Thing()
        if owner.kind == "step":
            return Thing("reward", of=owner.of) if index == 1 else Thing()
        plain = isinstance(index, str | int) and owner.kind in ("", "table")
        return self.get(owner, index) if plain else Thing(parts=(owner,))

    def entries(self, table: Any) -> dict[Any, Any]:
        """What is in a list or dictionary; ``*`` stands for what is not known."""
        is_table = isinstance(table, Thing) and table.kind == "table"
        unknown = {"*": Thing(parts=(table,))}
        return self.facts.get(table, unknown) if is_table else unknown

    def binary(self, left: Any, op: str, right: Any) -> Any:
        """``left op right``; a reward with which something is computed is measured."""
        for reward in (self.origin(left, "reward"), self.origin(right, "reward")):
            if reward:
                reward.of.reads = True
        self.doubt(*(each for each in (left, right) if isinstance(each, Env)))
        if type(left) is type(right) is int and abs(left) + abs(right) < 1e9 and op in "+-*":
            return {"+": left + right, "-": left - right, "*": left * right}[op]
        return Thing(parts=(left, right))

    def origin(self, value: Any, kind: str) -> Any:
        """The thing of some kind that a value is, is computed from or has in it; or None."""
        if not isinstance(value, Thing):
            return None
        things = (value, *value.parts, *(self.facts.get(value, {}).values()))
        return next((each for each in things if getattr(each, "kind", "") == kind), None)

    def _called(self, node: Any) -> Any:
        function, args, kwargs = self.value(node.func), list[Any](), dict[str, Any]()
        for each in node.args:
            args.append(self.value(each))
        for each in node.keywords:
            value = self.value(each.value)
            entries = self.entries(value) if each.arg is None else {each.arg: value}
            kwargs |= {str(name): value for name, value in entries.items()}
        starred = [i for i, each in enumerate(node.args) if isinstance(each, nodes.Starred)]
        if starred:
            kwargs["*"] = Thing(parts=tuple(args[starred[0] :]))
            del args[starred[0] :]
        return self.call(function, args, kwargs, node)

    def function(self, node: Any) -> Thing:
        """A function as it is where it is defined, default values included."""
        names = [*node.args.posonlyargs, *(node.args.args or [])]
        pairs = [*zip(reversed(names), reversed(node.args.defaults), strict=False)]
        pairs += zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
        defaults = {name.name: self.value(default) for name, default in pairs if default}
        # The names of a class are not seen from within its methods.
        scope = self.scope.of if self.scope.kind == "class" else self.scope
        return Thing("function", node, of=(scope, defaults))
