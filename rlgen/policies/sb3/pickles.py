"""Read pickles as data: classes and functions in them stay names, and nothing is imported or run.

stable-baselines3 stores spaces, keyword arguments and classes as pickles inside its zips, and
statistics of VecNormalize as pickles of their own. ``values`` turns what is read here into spaces,
arrays and classes of an allow-list.
"""

import io
import pickle
from collections.abc import Callable
from typing import Any, ClassVar

#: The largest number of instructions in a pickle; those of stable-baselines3 have some hundreds.
MOST_OPCODES = 100_000
#: The largest pickle, in bytes.
MOST_BYTES = 2**26
#: What may be a key of a dictionary: the hash of nested tuples takes time exponential in depth.
KEYS = (str, bytes, int, float, bool, type(None))
#: Where on the stack the objects are that an instruction hashes.
HASHED: dict[int, Callable[[Any], list[Any]]] = {
    pickle.SETITEM[0]: lambda reader: reader.stack[-2:-1],
    pickle.SETITEMS[0]: lambda reader: reader.stack[::2],
    pickle.DICT[0]: lambda reader: reader.stack[::2],
    pickle.ADDITEMS[0]: lambda reader: reader.stack,
    pickle.FROZENSET[0]: lambda reader: reader.stack,
}


class PickleError(Exception):
    """The reason why a pickle cannot be read."""


class Node:
    """Something that a pickle would import (a class of its own) or make (an instance of that).

    Attributes:
        path: Module and name, those of the present libraries where these have moved it.
        args: What it would be called with.
        state: What its state would be set to, or None.
        items: Keys and values that would be set in it.
    """

    path: ClassVar[str]
    args: tuple[Any, ...]
    state: Any
    items: list[tuple[Any, Any]]
    __hash__ = None  # type: ignore[assignment]

    def __new__(cls, *args: Any, **_: Any) -> "Node":  # noqa: D102
        self = super().__new__(cls)
        self.args, self.state, self.items = args, None, []
        return self

    def __call__(self, *args: Any, **_: Any) -> "Node":  # noqa: D102
        return type(self)(*self.args, *args)

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def __setitem__(self, key: Any, value: Any) -> None:
        self.items.append((key, value))

    def append(self, value: Any) -> None:
        """Lists, sets and queues of others are never needed."""

    extend = add = append


def read(pickled: bytes) -> Any:
    """Plain values, and ``Node`` (instances or subclasses) in place of all else.

    Raises:
        PickleError: If it is damaged, or too large for what it should hold.
    """
    if len(pickled) > MOST_BYTES:
        raise PickleError(f"a pickle of {len(pickled):,} bytes; the limit is {MOST_BYTES:,}")
    try:
        return _Reader(io.BytesIO(pickled)).load()
    except PickleError:
        raise
    except Exception as error:
        # Damaged pickles raise whatever their instructions happen to do.
        text = " ".join(str(error).split())[:200]
        raise PickleError(f"a damaged pickle ({type(error).__name__}: {text})") from None


# The interpreter in Python: that in C keeps its memo in an array, as large as a pickle says.
class _Reader(pickle._Unpickler):
    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file)
        self.dispatch = _Opcodes(self)  # type: ignore[misc]  # each reader counts its own
        self._globals: dict[str, type[Node]] = {}

    def find_class(self, module: str, name: str) -> type[Node]:
        module = module.replace("numpy._core", "numpy.core")
        if module.split(".")[0] == "gym":
            module = f"gymnasium{module[3:]}"
        path = f"{module}.{name}"
        return self._globals.setdefault(path, type("Global", (Node,), {"path": path}))


class _Opcodes(dict[int, Any]):
    """Python's instructions of pickles, counted."""

    def __init__(self, reader: _Reader) -> None:
        super().__init__(pickle._Unpickler.dispatch)
        self._reader, self._left = reader, MOST_OPCODES

    def __getitem__(self, code: int) -> Any:
        self._left -= 1
        if self._left < 0:
            raise PickleError(f"a pickle of more than {MOST_OPCODES:,} instructions")
        if code in HASHED and not all(isinstance(k, KEYS) for k in HASHED[code](self._reader)):
            raise PickleError("a pickle with keys that are neither text nor numbers")
        return super().__getitem__(code)
