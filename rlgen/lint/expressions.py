"""What an expression of a script stands for."""

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING

from rlgen.lint import access, assigning, deciding
from rlgen.lint.certainty import either, key, options, shifted
from rlgen.lint.values import (
    NONE,
    Const,
    Frame,
    Name,
    Prediction,
    Reading,
    Seq,
    Span,
    Sym,
    Table,
    Value,
)

if TYPE_CHECKING:
    from rlgen.lint.interpreter import Interpreter

#: Items of a list that are looked at one by one.
MAX_ITEMS = 16


def evaluate(run: "Interpreter", node: ast.expr, frame: Frame) -> Value:
    """The value of an expression in a frame, with everything it does done."""
    run.count()
    handler = _KINDS.get(type(node))
    if handler is not None:
        return handler(run, node, frame)
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            run.use(evaluate(run, child, frame))
    return run.unknown(node)


def _constant(run: "Interpreter", node: ast.Constant, frame: Frame) -> Value:
    return Const(node.value)


def _name(run: "Interpreter", node: ast.Name, frame: Frame) -> Value:
    scope = frame.find(node.id)
    if scope is not None:
        return scope.vars[node.id]
    # A builtin, or what "from x import *" has brought.
    return Name(node.id) if node.id in run.builtins else Sym(node.id)


def _attribute(run: "Interpreter", node: ast.Attribute, frame: Frame) -> Value:
    owner = evaluate(run, node.value, frame)
    return either([access.attribute(run, each, node.attr) for each in options(owner)])


def _call(run: "Interpreter", node: ast.Call, frame: Frame) -> Value:
    if isinstance(node.func, ast.Name) and node.func.id == "super" and not node.args:
        return run.parent_of(frame)
    function = evaluate(run, node.func, frame)
    args, kwargs, more = arguments(run, node, frame)
    results = [run.call(each, list(args), dict(kwargs), node, more) for each in options(function)]
    return either(results)


def arguments(
    run: "Interpreter", node: ast.Call, frame: Frame
) -> tuple[list[Value], dict[str, Value], bool]:
    """Positional and named arguments, and whether there may be others."""
    args: list[Value] = []
    kwargs: dict[str, Value] = {}
    more = False
    for each in node.args:
        if isinstance(each, ast.Starred):
            value = evaluate(run, each.value, frame)
            if isinstance(value, Seq) and value.count == len(value.items):
                args += value.items
            else:
                more = True
        else:
            args.append(evaluate(run, each, frame))
    for keyword in node.keywords:
        value = evaluate(run, keyword.value, frame)
        if keyword.arg is not None:
            kwargs[keyword.arg] = value
        elif isinstance(value, Table):
            kwargs |= value.items
            more = more or value.open
        else:
            more = True
    return args, kwargs, more


def _sequence(run: "Interpreter", node: ast.List | ast.Tuple | ast.Set, frame: Frame) -> Value:
    items: list[Value] = []
    whole = True
    for each in node.elts:
        if isinstance(each, ast.Starred):
            value = evaluate(run, each.value, frame)
            items += value.items if isinstance(value, Seq) else []
            whole = whole and isinstance(value, Seq) and value.count == len(value.items)
        else:
            items.append(evaluate(run, each, frame))
    return Seq(items, len(items) if whole else None)


def _dict(run: "Interpreter", node: ast.Dict, frame: Frame) -> Value:
    table = Table()
    for at, each in zip(node.keys, node.values, strict=True):
        value = evaluate(run, each, frame)
        if at is None:
            if isinstance(value, Table):
                table.items |= value.items
                table.open = table.open or value.open
            else:
                table.open = True
            continue
        name = evaluate(run, at, frame)
        if isinstance(name, Const) and isinstance(name.value, str):
            table.items[name.value] = value
        else:
            table.items[f"@{key(name) or len(table.items)}"] = value
    return table


def _lambda(run: "Interpreter", node: ast.Lambda, frame: Frame) -> Value:
    return run.function(node, frame)


def _both(run: "Interpreter", node: ast.IfExp, frame: Frame) -> Value:
    run.use(evaluate(run, node.test, frame))
    way = deciding.decided(run, node.test, frame)
    if way is not None:
        return evaluate(run, node.body if way else node.orelse, frame)
    return either([evaluate(run, node.body, frame), evaluate(run, node.orelse, frame)])


def _bool(run: "Interpreter", node: ast.BoolOp, frame: Frame) -> Value:
    values = [evaluate(run, each, frame) for each in node.values]
    if isinstance(node.op, ast.Or) and isinstance(values[0], Const) and not values[0].value:
        return either(values[1:])
    return either(values)


def _unary(run: "Interpreter", node: ast.UnaryOp, frame: Frame) -> Value:
    value = evaluate(run, node.operand, frame)
    if isinstance(value, Const):
        if isinstance(node.op, ast.Not):
            return Const(not value.value)
        if isinstance(node.op, ast.USub) and isinstance(value.value, int | float):
            return Const(-value.value)
    run.use(value)
    name = key(value)
    return Sym(f"({type(node.op).__name__} {name})") if name else run.unknown(node)


def _binary(run: "Interpreter", node: ast.BinOp, frame: Frame) -> Value:
    left, right = evaluate(run, node.left, frame), evaluate(run, node.right, frame)
    return binary(run, node.op, left, right)


def binary(run: "Interpreter", op: ast.operator, left: Value, right: Value) -> Value:
    """What an operator makes of two values."""
    run.use(left)
    run.use(right)
    for one, other in ((left, right), (right, left)):
        if isinstance(one, Prediction | Reading):
            return one
        if isinstance(other, Const) and type(other.value) is int:
            if isinstance(op, ast.Add) or (isinstance(op, ast.Sub) and one is left):
                moved = shifted(one, other.value if isinstance(op, ast.Add) else -other.value)
                if moved is not None:
                    return moved
            if isinstance(op, ast.Mult) and isinstance(one, Seq):
                count = None if one.count is None else max(one.count * other.value, 0)
                return Seq(one.items, count)
    if isinstance(left, Const) and isinstance(right, Const):
        return _computed(run, op, left.value, right.value)
    if isinstance(op, ast.Add) and isinstance(left, Seq) and isinstance(right, Seq):
        whole = None if left.count is None or right.count is None else left.count + right.count
        return Seq(left.items + right.items, whole)
    if isinstance(op, ast.BitOr) and isinstance(left, Table) and isinstance(right, Table):
        return Table(left.items | right.items, left.open or right.open)
    names = key(left), key(right)
    return Sym(f"({names[0]} {type(op).__name__} {names[1]})") if all(names) else run.unknown(None)


def _computed(run: "Interpreter", op: ast.operator, left: object, right: object) -> Value:
    """The result for two literals; numbers that could be huge are not computed."""
    if isinstance(left, str) and isinstance(right, str) and isinstance(op, ast.Add):
        return Const(left + right)
    if isinstance(left, int | float) and isinstance(right, int | float):
        if isinstance(op, ast.Mult):
            return Const(left * right)
        if isinstance(op, ast.FloorDiv) and right:
            return Const(left // right)
        if isinstance(op, ast.Pow) and 0 <= right <= 64 and abs(left) <= 1000:
            return Const(left**right)
        if isinstance(op, ast.Add | ast.Sub):
            return Const(left + right if isinstance(op, ast.Add) else left - right)
    return Sym(f"({left!r} {type(op).__name__} {right!r})")


def _text(run: "Interpreter", node: ast.JoinedStr, frame: Frame) -> Value:
    parts: list[str] = []
    certain = True
    for each in node.values:
        inner = each.value if isinstance(each, ast.FormattedValue) else each
        value = evaluate(run, inner, frame)
        run.use(value)
        if not key(value):
            return run.unknown(node)
        plain = isinstance(value, Const) and not getattr(each, "format_spec", None)
        certain = certain and plain
        parts.append(
            str(value.value) if isinstance(value, Const) and plain else f"{{{key(value)}}}"
        )
    return Const("".join(parts)) if certain else Sym(f"f{''.join(parts)!r}")


def _subscript(run: "Interpreter", node: ast.Subscript, frame: Frame) -> Value:
    owner = evaluate(run, node.value, frame)
    if isinstance(node.slice, ast.Slice):
        ends = [
            evaluate(run, end, frame) if end else NONE
            for end in (node.slice.lower, node.slice.upper, node.slice.step)
        ]
        return either([access.sliced(run, each, ends) for each in options(owner)])
    index = evaluate(run, node.slice, frame)
    return either([access.subscript(run, each, index) for each in options(owner)])


def _comprehension(
    run: "Interpreter", node: ast.ListComp | ast.SetComp | ast.GeneratorExp, frame: Frame
) -> Value:
    inner = Frame({}, frame)
    count: int | None = 1
    for generator in node.generators:
        source = evaluate(run, generator.iter, inner)
        first, size = head(run, source)
        assigning.bind(run, generator.target, first, inner)
        for test in generator.ifs:
            run.use(evaluate(run, test, inner))
        count = None if size is None or generator.ifs or count is None else count * size
    return Seq([evaluate(run, node.elt, inner)], count)


def head(run: "Interpreter", source: Value) -> tuple[Value, int | None]:
    """The first of what is iterated over, which stands for all, and how many there are."""
    if isinstance(source, Span):
        return source.start, access.distance_of(source)
    if isinstance(source, Seq):
        return (source.items[0] if source.items else run.unknown(None)), source.count
    if isinstance(source, Reading | Prediction):
        return source, None
    return run.unknown(None), None


def _dict_comprehension(run: "Interpreter", node: ast.DictComp, frame: Frame) -> Value:
    return Table({}, open=True)


def _named(run: "Interpreter", node: ast.NamedExpr, frame: Frame) -> Value:
    value = evaluate(run, node.value, frame)
    assigning.bind(run, node.target, value, frame)
    return value


def _through(run: "Interpreter", node: ast.Await | ast.Starred, frame: Frame) -> Value:
    return evaluate(run, node.value, frame)


_KINDS: dict[type[ast.expr], Callable[..., Value]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Call: _call,
    ast.List: _sequence,
    ast.Tuple: _sequence,
    ast.Set: _sequence,
    ast.Dict: _dict,
    ast.Lambda: _lambda,
    ast.IfExp: _both,
    ast.BoolOp: _bool,
    ast.UnaryOp: _unary,
    ast.BinOp: _binary,
    ast.JoinedStr: _text,
    ast.Subscript: _subscript,
    ast.ListComp: _comprehension,
    ast.SetComp: _comprehension,
    ast.GeneratorExp: _comprehension,
    ast.DictComp: _dict_comprehension,
    ast.NamedExpr: _named,
    ast.Await: _through,
    ast.Starred: _through,
}
