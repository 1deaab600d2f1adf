"""Attributes and items of values."""

from typing import TYPE_CHECKING

from rlgen.lint.certainty import distance, either, key, shifted
from rlgen.lint.values import (
    NONE,
    Class,
    Const,
    Env,
    Method,
    Model,
    Name,
    Object,
    Parent,
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


def attribute(run: "Interpreter", owner: Value, name: str) -> Value:
    """``owner.name``."""
    if isinstance(owner, Name):
        return Name(f"{owner.path}.{name}")
    if isinstance(owner, Sym):
        plain = not owner.offset
        return Sym(f"{owner.key}.{name}") if plain else run.unknown(None)
    if isinstance(owner, Class):
        value = owner.attr(name)
        if value is not None:
            return value
        return Method(owner, name)
    if isinstance(owner, Object):
        if name in owner.attrs:
            return owner.attrs[name]
        value = owner.cls.attr(name)
        if value is not None:
            return run.bound(value, owner)
        return Sym(f"{owner.cls.node.name}@{id(owner)}.{name}")
    if isinstance(owner, Parent):
        bases = (base for base in owner.owner.cls.bases if isinstance(base, Class))
        values = (base.attr(name) for base in bases)
        inherited = next((value for value in values if value is not None), None)
        return run.bound(inherited, owner.owner) if inherited is not None else Method(owner, name)
    if isinstance(owner, Env):
        # Wrappers and what they wrap are one environment here.
        return owner if name in ("env", "venv", "unwrapped", "envs") else Method(owner, name)
    if isinstance(owner, Model) and name == "env":
        return either(list(owner.envs))
    if isinstance(owner, Model) and name == "policy":
        return owner
    if isinstance(owner, Prediction | Reading):
        return owner
    return Method(owner, name)


def sliced(run: "Interpreter", owner: Value, ends: list[Value]) -> Value:
    """``owner[low:high:step]``."""
    low, high, step = ends
    if isinstance(owner, Prediction | Reading | Env):
        return owner
    if isinstance(owner, Span) and step == NONE and isinstance(owner.start, Const | Sym):
        start, stop = owner.start, owner.stop
        if isinstance(low, Const) and (low == NONE or (type(low.value) is int and low.value >= 0)):
            first = shifted(start, low.value or 0) or start
            if high == NONE:
                return Span(first, stop)
            if isinstance(high, Const) and type(high.value) is int and high.value >= 0:
                return Span(first, shifted(start, high.value) or stop)
    if isinstance(owner, Seq) and all(isinstance(end, Const) for end in ends):
        if owner.count == len(owner.items):
            low_, high_, step_ = (end.value for end in ends if isinstance(end, Const))
            try:
                items = owner.items[low_:high_:step_]
            except (TypeError, ValueError):
                return run.unknown(None)
            return Seq(items, len(items))
        return Seq(owner.items)
    names = [key(each) for each in (owner, *ends)]
    return Sym(f"{names[0]}[{':'.join(names[1:])}]") if all(names) else run.unknown(None)


def subscript(run: "Interpreter", owner: Value, index: Value) -> Value:
    """``owner[index]``."""
    if isinstance(owner, Table):
        if isinstance(index, Const) and isinstance(index.value, str):
            if index.value in owner.items:
                return owner.items[index.value]
        elif owner.items:
            return either(list(owner.items.values()))
        return run.unknown(None)
    if isinstance(owner, Seq):
        at = index.value if isinstance(index, Const) else None
        if type(at) is int and -len(owner.items) <= at < len(owner.items):
            return owner.items[at]
        return either(owner.items) if owner.items else run.unknown(None)
    if isinstance(owner, Reading):
        return reading_at(owner, index)
    if isinstance(owner, Prediction | Env):
        return owner
    names = key(owner), key(index)
    return Sym(f"{names[0]}[{names[1]}]") if all(names) else run.unknown(None)


def reading_at(reading: Reading, index: Value) -> Reading:
    """One part of what an environment gave."""
    at = index.value if isinstance(index, Const) else None
    if reading.kind == "step" and type(at) is int:
        kinds = {0: "observation", 1: "reward"}
        return Reading(kinds.get(at, "info"), reading.evaluations)
    if reading.kind == "info" and at in ("episode", "r"):
        # What a Monitor has kept of the rewards.
        return Reading("kept", reading.evaluations)
    return reading


def distance_of(span: Span) -> int | None:
    """How many numbers a span has, where that is known."""
    apart = distance(span.start, span.stop)
    return None if apart is None else max(apart, 0)
