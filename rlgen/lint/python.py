"""What methods of lists and dictionaries and Python's own functions give."""

from typing import Any

from rlgen.lint.objects import Objects
from rlgen.lint.values import NONE, Args, Const, Kwargs, Obj, Sym, Value, is_, key


class Python(Objects):
    """Functions by ``_py_`` and their name, methods by the kind of their object and their name."""

    def assign(self, owner: Value, name: str, value: Value) -> None:
        """``owner.name = value``."""
        raise NotImplementedError

    def _list_append(self, owner: Obj, args: Args, node: Any) -> Value | None:
        size = self.get(owner, "len")
        if not args or not isinstance(size, Const) or is_(args[0], "reading"):
            return None
        self.set(owner, size.value, args[0])
        self.set(owner, "len", Const(size.value + 1))
        return NONE

    def _dict_get(self, owner: Obj, args: Args, node: Any) -> Value | None:
        entries = self.entries(owner)
        if entries is None or not args or not isinstance(args[0], Const):
            return None
        return entries.get(key(args[0]), args[1] if len(args) > 1 else NONE)

    def _dict_update(self, owner: Obj, args: Args, node: Any) -> Value | None:
        entries = self.entries(args[0]) if args else None
        for name, value in (entries or {}).items():
            self.set(owner, name, value)
        return None if entries is None else NONE

    def _dict_copy(self, owner: Obj, args: Args, node: Any) -> Value:
        return self.table(self.entries(owner), node)

    def _py_range(self, args: Args, kwargs: Kwargs, node: Any) -> Value | None:
        ends = [Const(0), *args] if len(args) == 1 else args
        return self.new("span", node, start=ends[0], stop=ends[1]) if len(ends) == 2 else None

    _py_arange = _py_range

    def _py_list(self, args: Args, kwargs: Kwargs, node: Any) -> Value | None:
        return args[0] if args and (is_(args[0], "span") or is_(args[0], "list")) else None

    _py_tuple = _py_sorted = _py_list

    def _py_dict(self, args: Args, kwargs: Kwargs, node: Any) -> Value:
        entries = self.entries(args[0]) if args else {}
        return self.table(None if entries is None else entries | kwargs, node)

    def _py_partial(self, args: Args, kwargs: Kwargs, node: Any) -> Value | None:
        bound, table = self.listed(args[1:], node), self.table(kwargs, node)
        return (
            self.new("partial", node, function=args[0], args=bound, kwargs=table) if args else None
        )

    def _py_int(self, args: Args, kwargs: Kwargs, node: Any) -> Value | None:
        value = args[0].value if len(args) == 1 and isinstance(args[0], Const) else None
        if isinstance(value, int | float) and abs(value) < 1e15:
            return Const(int(value))
        return args[0] if args and isinstance(args[0], Sym) else None

    def _py_str(self, args: Args, kwargs: Kwargs, node: Any) -> Value | None:
        return args[0] if len(args) == 1 and key(args[0]) else None

    _py_path = _py_str

    def _py_join(self, args: Args, kwargs: Kwargs, node: Any) -> Value | None:
        text = "/".join(map(key, args))
        has_names = args and all(map(key, args))
        constant = all(isinstance(each, Const) for each in args)
        return (Const(text) if constant else Sym(text)) if has_names else None

    def _py_setattr(self, args: Args, kwargs: Kwargs, node: Any) -> Value | None:
        if len(args) == 3 and isinstance(args[1], Const):
            self.assign(args[0], key(args[1]), args[2])
            return NONE
        return None
