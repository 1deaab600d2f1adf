"""What calls of builtins and of unknown functions give."""

import ast
from collections.abc import Callable as Function
from typing import TYPE_CHECKING

from rlgen.lint import access, assigning, environments, expressions, names
from rlgen.lint.certainty import either, options
from rlgen.lint.values import (
    NONE,
    Args,
    Callback,
    Const,
    Env,
    Kwargs,
    Name,
    Partial,
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


def call(
    run: "Interpreter", function: Value, args: Args, kwargs: Kwargs, node: ast.AST, more: bool
) -> Value:
    """What a builtin or an unknown function gives."""
    path = function.path if isinstance(function, Name) else ""
    handler = _BUILTINS.get(path)
    if handler is not None:
        done = handler(run, args, kwargs)
        if done is not None:
            return done
    if path in names.EXITS:
        return Name(path)
    everything = [each for value in (*args, *kwargs.values()) for each in _inside(value)]
    # Who keeps rewards together with observations or actions gathers data, and measures nothing.
    gathers = any(
        isinstance(value, Prediction)
        or (isinstance(value, Reading) and value.kind == "observation")
        for value in everything
    )
    for value in everything:
        if not gathers:
            run.use(value)
        if isinstance(value, Env) and not _harmless(path):
            environments.doubt(value)
    callbacks = [value for value in everything if isinstance(value, Callback)]
    if callbacks:
        return Callback([each for callback in callbacks for each in callback.evaluations])
    for value in everything:
        # What is computed from an action or a reward still is one: int(action), float(reward).
        if isinstance(value, Prediction | Reading):
            return value
    return run.unknown(node)


def _inside(value: Value) -> list[Value]:
    """The alternatives of a value, and the items of a list."""
    inside = []
    for each in options(value):
        inside.append(each)
        if isinstance(each, Seq):
            inside += [option for item in each.items for option in options(item)]
    return inside


def _harmless(path: str) -> bool:
    package, last = path.partition(".")[0], path.rpartition(".")[2]
    return last in names.HARMLESS or package in (*names.PACKAGES, "gymnasium", "gym", "numpy")


def method(
    run: "Interpreter", owner: Value, name: str, args: Args, kwargs: Kwargs, node: ast.AST
) -> Value | None:
    """What a method of a list or dictionary does; None for what is not known."""
    if isinstance(owner, Table):
        return _of_table(run, owner, name, args, kwargs)
    if isinstance(owner, Seq) and name in ("append", "extend", "copy"):
        for value in args:
            run.use(value)
        if name == "append" and args and not isinstance(args[0], Reading):
            if len(owner.items) < expressions.MAX_ITEMS and args[0] is not owner:
                owner.items.append(args[0])
            owner.count = None
        if name == "extend" and args:
            owner.items += args[0].items if isinstance(args[0], Seq) else []
            owner.count = None
        return Seq(list(owner.items), owner.count) if name == "copy" else NONE
    return None


def _of_table(
    run: "Interpreter", table: Table, name: str, args: Args, kwargs: Kwargs
) -> Value | None:
    if name == "copy":
        return Table(dict(table.items), table.open)
    if name == "update":
        for source in args:
            if isinstance(source, Table):
                table.items |= source.items
            table.open = table.open or not isinstance(source, Table) or source.open
        table.items |= kwargs
        return NONE
    if name in ("get", "pop", "setdefault") and args and isinstance(args[0], Const):
        at = str(args[0].value)
        default = args[1] if len(args) > 1 else NONE
        if at in table.items:
            return table.items.pop(at) if name == "pop" else table.items[at]
        if not table.open:
            if name == "setdefault":
                table.items[at] = default
            return default
    return None


def _range(run: "Interpreter", args: Args, kwargs: Kwargs) -> Value | None:
    if len(args) == 1:
        return Span(Const(0), args[0])
    return Span(args[0], args[1]) if len(args) == 2 else None


def _copied(run: "Interpreter", args: Args, kwargs: Kwargs) -> Value | None:
    value = args[0] if args else Seq([], 0)
    if isinstance(value, Table):
        return Table(dict(value.items), value.open)
    return value if isinstance(value, Span | Seq) else None


def _dict(run: "Interpreter", args: Args, kwargs: Kwargs) -> Value | None:
    table = Table(dict(kwargs))
    for source in args:
        if not isinstance(source, Table):
            return Table(table.items, open=True)
        table = Table(source.items | table.items, source.open)
    return table


def _partial(run: "Interpreter", args: Args, kwargs: Kwargs) -> Value | None:
    return Partial(args[0], args[1:], dict(kwargs)) if args else None


def _number(run: "Interpreter", args: Args, kwargs: Kwargs) -> Value | None:
    value = args[0] if len(args) == 1 else None
    if isinstance(value, Const) and type(value.value) in (int, bool):
        return value
    if isinstance(value, Const) and isinstance(value.value, float) and abs(value.value) < 1e15:
        return Const(int(value.value))
    return value if isinstance(value, Sym) else None


def _len(run: "Interpreter", args: Args, kwargs: Kwargs) -> Value | None:
    value = args[0] if args else None
    if isinstance(value, Seq) and value.count is not None:
        return Const(value.count)
    count = access.distance_of(value) if isinstance(value, Span) else None
    return None if count is None else Const(count)


def _getattr(run: "Interpreter", args: Args, kwargs: Kwargs) -> Value | None:
    if len(args) < 2 or not isinstance(args[1], Const):
        return None
    name = str(args[1].value)
    return either([access.attribute(run, owner, name) for owner in options(args[0])])


def _setattr(run: "Interpreter", args: Args, kwargs: Kwargs) -> Value | None:
    if len(args) == 3 and isinstance(args[1], Const):
        for owner in options(args[0]):
            assigning.set_attribute(run, owner, str(args[1].value), args[2])
    return NONE


_BUILTINS: dict[str, Function[..., Value | None]] = {
    "range": _range,
    "numpy.arange": _range,
    "list": _copied,
    "tuple": _copied,
    "sorted": _copied,
    "set": _copied,
    "copy.copy": _copied,
    "copy.deepcopy": _copied,
    "dict": _dict,
    "functools.partial": _partial,
    "int": _number,
    "len": _len,
    "getattr": _getattr,
    "setattr": _setattr,
}
