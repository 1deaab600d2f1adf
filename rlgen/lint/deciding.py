"""Which way a test goes, where that is certain.

Only two kinds are decided: whether something is None, and whether a parameter is true that the
call at hand was given. A constant of the module is not: people flip ``TRAIN = True`` by hand, and
both ways are theirs.
"""

import ast
from typing import TYPE_CHECKING

from rlgen.lint import expressions
from rlgen.lint.values import (
    NONE,
    Class,
    Const,
    Env,
    Frame,
    Func,
    Model,
    Object,
    Partial,
    Seq,
    Span,
    Table,
    Value,
)

if TYPE_CHECKING:
    from rlgen.lint.interpreter import Interpreter

SOMETHING = Class | Env | Func | Model | Object | Partial | Seq | Span | Table


def decided(run: "Interpreter", test: ast.expr, frame: Frame) -> bool | None:
    """Whether a test is certainly true or false; None where it may be either."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        inner = decided(run, test.operand, frame)
        return None if inner is None else not inner
    if isinstance(test, ast.BoolOp):
        parts = [decided(run, part, frame) for part in test.values]
        settles = isinstance(test.op, ast.Or)  # one true part settles "or", one false part "and"
        if settles in parts:
            return settles
        return None if None in parts else not settles
    if isinstance(test, ast.Name) and test.id in frame.parameters:
        value = frame.vars.get(test.id)
        return bool(value.value) if isinstance(value, Const) else None
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        return _is_none(run, test, frame)
    return None


def _is_none(run: "Interpreter", test: ast.Compare, frame: Frame) -> bool | None:
    """``x is None`` and the like, where ``x`` is a name or an attribute: calls are not repeated."""
    (op,), (right,) = test.ops, test.comparators
    none = isinstance(right, ast.Constant) and right.value is None
    plain = isinstance(test.left, ast.Name) or (
        isinstance(test.left, ast.Attribute) and isinstance(test.left.value, ast.Name)
    )
    if not none or not plain or not isinstance(op, ast.Is | ast.IsNot | ast.Eq | ast.NotEq):
        return None
    value: Value = expressions.evaluate(run, test.left, frame)
    if not isinstance(value, Const | SOMETHING):
        return None
    return (value == NONE) == isinstance(op, ast.Is | ast.Eq)
