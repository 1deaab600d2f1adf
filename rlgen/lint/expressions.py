"""What expressions stand for where they are."""

import operator
from contextlib import suppress
from typing import Any

from astroid import nodes

from rlgen.lint.objects import Objects
from rlgen.lint.values import (
    NONE,
    Args,
    Const,
    Func,
    Kwargs,
    Obj,
    Sym,
    Value,
    const,
    is_,
    key,
    shifted,
)

OPERATORS = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}
OPERATORS |= {"//": operator.floordiv, "%": operator.mod, "**": operator.pow}


class Frame:
    """Names of a call, a class, a module or a comprehension, and the frame around it."""

    def __init__(self, names: Obj, parent: "Frame | None" = None, parameters: Any = ()) -> None:
        self.names, self.parent, self.parameters = names, parent, set(parameters)
        self.shared: set[str] = set()
        self.returns: list[Value] = []


class Expressions(Objects):
    """Evaluates expressions; what calls and assignments do is said in ``Engine``."""

    def bind(self, target: Any, value: Value, frame: Frame) -> None:
        """Assign a value to a target."""
        raise NotImplementedError

    def value(self, node: Any, frame: Frame) -> Value:
        """What an expression stands for."""
        self.work()
        evaluate = getattr(self, f"_{type(node).__name__.lower()}", None)
        if evaluate is not None:
            value: Value = evaluate(node, frame)
            return value
        for child in node.get_children():
            self.use(self.value(child, frame))
        return self.unknown(node)

    def use(self, value: Value) -> None:
        """Note that a value is used: a reward that is used is measured."""
        event = self.get(value, "event") if is_(value, "reading") else NONE
        if isinstance(event, Const) and event != NONE:
            event.value.rewards.add(key(self.get(value, "kind")))

    def branch(self, ways: list[Any], frame: Frame) -> Value:
        """The value of one of several expressions."""
        before, branch, values = self.path, self.work(), []
        for side, way in enumerate(ways):
            self.path = (*before, (branch, side))
            values.append(self.value(way, frame))
        self.path = before
        return self.either(values)

    def binary(self, left: Value, op: str, right: Value, node: Any) -> Value:
        """``left op right``."""
        for each in (left, right):
            self.use(each)
            if is_(each, "reading") or is_(each, "prediction"):
                return each
        one, two = const(left), const(right)
        if isinstance(left, Const) and isinstance(right, Const):
            numbers = all(type(each) in (int, float) and abs(each) < 1e9 for each in (one, two))
            if (op == "+" and type(one) is type(two) is str) or (
                numbers and (op != "**" or abs(two) < 10)
            ):
                # What Python cannot compute, or no operator here does, stays unknown.
                with suppress(ArithmeticError, KeyError):
                    return Const(OPERATORS[op](one, two))
            texts = op == "/" and type(one) is type(two) is str
            return Const(f"{one}/{two}") if texts else self.unknown(node)
        if op in ("+", "-") and type(two) is int:
            return shifted(left, two if op == "+" else -two) or self.unknown(node)
        if op == "+" and type(one) is int:
            return shifted(right, one) or self.unknown(node)
        if not key(left) or not key(right):
            return self.unknown(node)
        texts = isinstance(one, str) or isinstance(two, str)  # joined; paths too
        return Sym(key(left) + (("" if op == "+" else op) if texts else f" {op} ") + key(right))

    def _const(self, node: Any, frame: Frame) -> Value:
        return Const(node.value)

    def _name(self, node: Any, frame: Frame) -> Value:
        scope: Frame | None = frame
        while scope and (node.name in scope.shared or not self.has(scope.names, node.name)):
            scope = scope.parent
        return self.get(scope.names, node.name) if scope else Sym(node.name)

    _assignname = _name

    def _attribute(self, node: Any, frame: Frame) -> Value:
        return self.attribute(self.value(node.expr, frame), node.attrname, node)

    _assignattr = _attribute

    def _subscript(self, node: Any, frame: Frame) -> Value:
        owner = self.value(node.value, frame)
        if not isinstance(node.slice, nodes.Slice):
            return self.subscript(owner, self.value(node.slice, frame), node)
        part = node.slice
        lower, upper = (self.value(end, frame) if end else NONE for end in (part.lower, part.upper))
        if is_(owner, "span") and part.step is None and self.get(owner, "start") == Const(0):
            ends = {"start": Const(0), "stop": self.get(owner, "stop")}
            ends |= {"start": lower} if lower != NONE else {}
            return self.new("span", node, **ends | ({"stop": upper} if upper != NONE else {}))
        has_names = key(owner) and part.step is None and key(lower) and key(upper)
        return Sym(f"{key(owner)}[{key(lower)}:{key(upper)}]") if has_names else self.unknown(node)

    def _call(self, node: Any, frame: Frame) -> Value:
        function, more = self.value(node.func, frame), False
        args: Args = []
        kwargs: Kwargs = {}
        for each in node.args:
            starred = isinstance(each, nodes.Starred)
            value = self.value(each.value if starred else each, frame)
            items = self.items(value) if starred else [value]
            args, more = args + (items or []), more or items is None
        for each in node.keywords:
            value = self.value(each.value, frame)
            entries = self.entries(value) if each.arg is None else {each.arg: value}
            kwargs, more = kwargs | (entries or {}), more or entries is None
        return self.call(function, args, kwargs, node, more)

    def _list(self, node: Any, frame: Frame) -> Value:
        more = len(node.elts) > 100 or any(isinstance(each, nodes.Starred) for each in node.elts)
        return self.listed([self.value(each, frame) for each in node.elts[:100]], node, more)

    _tuple = _set = _list

    def _dict(self, node: Any, frame: Frame) -> Value:
        entries: Kwargs | None = {}
        for name, entry in node.items:
            value = self.value(entry, frame)
            at = None if isinstance(name, nodes.DictUnpack) else self.value(name, frame)
            text = isinstance(at, Const) and isinstance(at.value, str)
            added = self.entries(value) if at is None else {key(at): value} if text else None
            entries = None if entries is None or added is None else entries | added
        return self.table(entries, node)

    def _binop(self, node: Any, frame: Frame) -> Value:
        left, right = self.value(node.left, frame), self.value(node.right, frame)
        return self.binary(left, node.op, right, node)

    def _unaryop(self, node: Any, frame: Frame) -> Value:
        value = self.value(node.operand, frame)
        self.use(value)
        number = isinstance(value, Const) and type(value.value) in (int, float)
        if node.op == "-" and isinstance(value, Const) and number:
            return Const(-value.value)
        return value if is_(value, "reading") or is_(value, "prediction") else self.unknown(node)

    def _joinedstr(self, node: Any, frame: Frame) -> Value:
        parts = [self.value(each, frame) for each in node.values]
        if all(isinstance(part, Const) for part in parts):
            return Const("".join(map(key, parts)))
        return Sym("".join(map(key, parts))) if all(map(key, parts)) else self.unknown(node)

    def _formattedvalue(self, node: Any, frame: Frame) -> Value:
        value = self.value(node.value, frame)
        self.use(value)
        return value if node.format_spec is None else self.unknown(node)

    def _ifexp(self, node: Any, frame: Frame) -> Value:
        way = self.decided(node.test, frame)
        self.use(self.value(node.test, frame))
        if way is not None:
            return self.value(node.body if way else node.orelse, frame)
        return self.branch([node.body, node.orelse], frame)

    def decided(self, test: Any, frame: Frame) -> bool | None:
        """Whether a test is certainly true or false; None where it may be either."""
        raise NotImplementedError

    def _boolop(self, node: Any, frame: Frame) -> Value:
        return self.branch(node.values, frame)

    def _lambda(self, node: Any, frame: Frame) -> Value:
        return self.function(node, frame)

    def function(self, node: Any, frame: Frame) -> Func:
        """A function as it is where it is defined, default values included."""
        names = [*node.args.posonlyargs, *(node.args.args or [])]
        pairs = [*zip(reversed(names), reversed(node.args.defaults), strict=False)]
        pairs += zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
        return Func(node, frame, tuple((a.name, self.value(d, frame)) for a, d in pairs if d))

    def _namedexpr(self, node: Any, frame: Frame) -> Value:
        value = self.value(node.value, frame)
        self.bind(node.target, value, frame)
        return value

    def _listcomp(self, node: Any, frame: Frame) -> Value:
        inner = Frame(self.new("frame", node), frame)
        first, *others = node.generators
        items = self.items(self.value(first.iter, frame))
        plain = items is not None and not others and not first.ifs
        values = []
        for item in items if plain and items is not None else [self.unknown(node)]:
            for each in node.generators:
                self.bind(each.target, item if each is first else self.unknown(node), inner)
            values.append(self.value(node.elt, inner))
        return self.listed(values, node, not plain)

    _generatorexp = _setcomp = _listcomp
