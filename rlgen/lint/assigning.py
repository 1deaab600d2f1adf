"""Assignments: to names, parts of lists, attributes and items."""

import ast
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rlgen.lint import access, expressions
from rlgen.lint.certainty import either, options
from rlgen.lint.values import (
    Class,
    Const,
    Either,
    Env,
    Frame,
    Model,
    Norm,
    Object,
    Prediction,
    Reading,
    Seq,
    Table,
    Value,
)

if TYPE_CHECKING:
    from rlgen.lint.interpreter import Interpreter


def bind(run: "Interpreter", target: ast.expr, value: Value, frame: Frame) -> None:
    """Assign a value to a target."""
    if isinstance(target, ast.Name):
        home = frame
        if target.id in frame.shared:
            home = frame.find(target.id) or frame
        home.vars[target.id] = value
    elif isinstance(target, ast.Tuple | ast.List):
        _unpack(run, target.elts, value, frame)
    elif isinstance(target, ast.Starred):
        bind(run, target.value, value, frame)
    elif isinstance(target, ast.Attribute):
        for owner in options(expressions.evaluate(run, target.value, frame)):
            set_attribute(run, owner, target.attr, value)
    elif isinstance(target, ast.Subscript):
        index = expressions.evaluate(run, target.slice, frame)
        for owner in options(expressions.evaluate(run, target.value, frame)):
            _set_item(run, owner, index, value)


def _unpack(run: "Interpreter", targets: Sequence[ast.expr], value: Value, frame: Frame) -> None:
    if isinstance(value, Either):
        parts = [_parts(run, len(targets), each) for each in value.options]
        values = [either(list(column)) for column in zip(*parts, strict=True)]
    else:
        values = _parts(run, len(targets), value)
    for target, part in zip(targets, values, strict=True):
        bind(run, target, part, frame)


def _parts(run: "Interpreter", size: int, value: Value) -> list[Value]:
    if isinstance(value, Seq) and len(value.items) == size:
        return list(value.items)
    if isinstance(value, Reading) and value.kind == "step":
        return [access.reading_at(value, Const(n)) for n in range(size)]
    if isinstance(value, Reading | Prediction):
        return [value] * size
    return [access.subscript(run, value, Const(n)) for n in range(size)]


def set_attribute(run: "Interpreter", owner: Value, name: str, value: Value) -> None:
    """``owner.name = value``."""
    if isinstance(owner, Object | Class):
        owner.attrs[name] = value
    elif isinstance(owner, Model) and name == "env":
        owner.envs = [each for each in options(value) if isinstance(each, Env)]
    elif isinstance(owner, Env) and isinstance(owner.norm, Norm):
        if name in owner.norm.settings:
            owner.norm.settings[name] = value
        elif name in ("obs_rms", "ret_rms"):
            owner.norm.synced = True


def _set_item(run: "Interpreter", owner: Value, index: Value, value: Value) -> None:
    run.use(value)
    if isinstance(owner, Table):
        if isinstance(index, Const) and isinstance(index.value, str) and value is not owner:
            owner.items[index.value] = value
        else:
            owner.open = True
