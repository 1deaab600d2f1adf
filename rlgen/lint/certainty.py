"""What can be said of values for certain.

Two values are the same only where that is certain: an unknown value (``Sym``) has a key that says
where it came from, and equals no other key.
"""

from rlgen.lint.values import NONE, Const, Either, Name, Seq, Span, Sym, Table, Value

#: Alternatives of a value that are told apart; beyond them it is unknown.
MAX_EITHER = 8


def options(value: Value) -> list[Value]:
    """The alternatives of a value, one or several."""
    return list(value.options) if isinstance(value, Either) else [value]


def either(values: list[Value]) -> Value:
    """One of these values; the same one twice counts once."""
    kept: list[Value] = []
    for value in (option for each in values for option in options(each)):
        if not any(same(value, other) for other in kept):
            kept.append(value)
    if not kept:
        return NONE
    return kept[0] if len(kept) == 1 else Either(tuple(kept[:MAX_EITHER]))


def same(first: Value, second: Value) -> bool:
    """Whether two values are certainly equal."""
    if first is second:
        return True
    if isinstance(first, Const) and isinstance(second, Const):
        # 1 == True, but a seed of 1 is not the seed True.
        return type(first.value) is type(second.value) and bool(first.value == second.value)
    if isinstance(first, Sym | Name) or isinstance(second, Sym | Name):
        return type(first) is type(second) and first == second
    if isinstance(first, Span) and isinstance(second, Span):
        return same(first.start, second.start) and same(first.stop, second.stop)
    if isinstance(first, Seq) and isinstance(second, Seq):
        alike = len(first.items) == len(second.items) and first.count == second.count
        return alike and all(map(same, first.items, second.items))
    if isinstance(first, Table) and isinstance(second, Table):
        if first.open or second.open or first.items.keys() != second.items.keys():
            return False
        return all(same(value, second.items[key]) for key, value in first.items.items())
    return False


def key(value: Value) -> str:
    """A text that is equal for equal values, or empty where equality cannot be told."""
    if isinstance(value, Const):
        return repr(value.value)
    if isinstance(value, Sym):
        return f"{value.key}{value.offset:+d}" if value.offset else value.key
    return value.path if isinstance(value, Name) else ""


def shifted(value: Value, by: int) -> Const | Sym | None:
    """A whole number plus another, where the first is one or may be."""
    if isinstance(value, Const) and type(value.value) is int:
        return Const(value.value + by)
    return Sym(value.key, value.offset + by) if isinstance(value, Sym) else None


def whole(value: Value) -> int | None:
    """A whole number, where that is what a value is."""
    return value.value if isinstance(value, Const) and type(value.value) is int else None


def distance(first: Value, second: Value) -> int | None:
    """``second - first`` in whole numbers, where it can be told."""
    one, other = whole(first), whole(second)
    if one is not None and other is not None:
        return other - one
    if isinstance(first, Sym) and isinstance(second, Sym) and first.key == second.key:
        return second.offset - first.offset
    return None


def shown(value: Value) -> str:
    """For messages."""
    if isinstance(value, Const):
        return str(value.value)
    if isinstance(value, Sym):
        # Keys of values that came from nowhere in particular end in "@line".
        return key(value) if "@" not in value.key else "the same value"
    if isinstance(value, Span):
        return f"range({shown(value.start)}, {shown(value.stop)})"
    return "the same value"
