"""Spaces, arrays, classes and keyword arguments of an allow-list, from pickles read as data."""

import inspect
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from importlib import import_module
from itertools import count
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from rlgen.policies.sb3.pickles import Node

#: Modules with classes that a zip may name, and the class that these must be derived from.
CLASSES = {
    "torch.nn.modules.activation": "torch.nn.Module",
    "torch.nn.modules.linear": "torch.nn.Identity",
    "stable_baselines3.common.torch_layers": "torch.nn.Module",
    **{
        f"{package}.policies": "stable_baselines3.common.policies.BasePolicy"
        for package in (
            *(f"stable_baselines3.{name}" for name in ("common", "dqn", "sac", "td3")),
            *(f"sb3_contrib.{name}" for name in ("ars", "crossq", "qrdqn", "tqc")),
            "sb3_contrib.common.maskable",
            "sb3_contrib.common.recurrent",
        )
    },
}
#: Kinds of numbers in arrays: bool, signed and unsigned integers, floats.
NUMBERS = "biuf"
ORDERED = "collections.OrderedDict"


#: The largest number of values in keyword arguments, and of entries of a dictionary space.
MOST_VALUES, MOST_ENTRIES = 10_000, 256


class ForeignError(Exception):
    """Something that is on no list: a class or a function of the user's own, say."""


class MissingError(Exception):
    """The name of a package that a class on the list is from, and that is not installed."""


def name(value: Any) -> str:
    """The name of what is on no list, as its author wrote it."""
    if isinstance(value, type) and issubclass(value, Node):
        return value.path
    if not isinstance(value, Node):
        return type(value).__name__
    if value.path.endswith("._make_skeleton_class"):
        _, own, _, namespace = value.args[:4]
        return f"{namespace.get('__module__', '__main__')}.{own}"
    if value.path.startswith("cloudpickle."):
        return "a function of its author's own"
    return value.path


def class_(value: Any) -> type[Any]:
    """A class of ``CLASSES``, or an optimiser of torch.

    Raises:
        ForeignError: If it is none of them.
    """
    if isinstance(value, type) and issubclass(value, Node):
        module, _, own = value.path.rpartition(".")
        if module in CLASSES:
            base_module, _, base = CLASSES[module].rpartition(".")
            try:
                named = getattr(import_module(module), own, None)
            except ModuleNotFoundError as error:
                raise MissingError(str(error.name)) from None
            base_class = getattr(import_module(base_module), base)
            if inspect.isclass(named) and issubclass(named, base_class):
                return named
    raise ForeignError(name(value))


def plain(value: Any, counter: Iterator[int] | None = None) -> Any:
    """Keyword arguments: numbers, text, lists, dictionaries, and classes of ``CLASSES``.

    Args:
        value: As it was read.
        counter: Counts the values: a list may hold another one many times.

    Raises:
        ForeignError: If something else is in it.
    """
    counter = counter or count()
    if next(counter) > MOST_VALUES:
        raise ForeignError(f"more than {MOST_VALUES:,} values")
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        return type(value)(plain(each, counter) for each in value)
    if isinstance(value, type):
        return class_(value)
    if isinstance(value, dict) or getattr(value, "path", "") == ORDERED:
        return {key: plain(each, counter) for key, each in pairs(value)}
    numbers = array(value)
    return numbers.item() if numbers.ndim == 0 else numbers.tolist()


def pairs(value: Any) -> list[tuple[Any, Any]]:
    """Keys and values of a dictionary or an OrderedDict, in its order."""
    if isinstance(value, Mapping):
        return list(value.items())
    if not isinstance(value, Node) or value.path != ORDERED:
        raise ForeignError(name(value)) if hasattr(value, "path") else TypeError(name(value))
    return [*(pair for argument in value.args for pair in argument), *value.items]


def array(value: Any) -> NDArray[Any]:
    """An array of numbers, as numpy 1 and 2 pickle it.

    Raises:
        ForeignError: If it is something else.
    """
    if isinstance(value, int | float):
        return np.asarray(value)
    path = value.path if isinstance(value, Node) else ""
    order = "C"
    try:
        if path == "numpy.core.multiarray._reconstruct":
            _, shape, kind, fortran, raw = value.state
            order = "F" if fortran else "C"
        elif path == "numpy.core.numeric._frombuffer":
            raw, kind, shape, order = value.args
        elif path == "numpy.core.multiarray.scalar":
            (kind, raw), shape = value.args, ()
        else:
            raise ForeignError(name(value))
        numbers = np.frombuffer(raw, dtype(kind))
        return numbers.reshape(shape, order=order)  # type: ignore[call-overload,no-any-return]
    except (ValueError, TypeError):
        raise ForeignError(f"a damaged array ({path})") from None


def dtype(value: Any) -> np.dtype[Any]:
    """A type of numbers.

    Raises:
        ForeignError: If it is something else.
    """
    text, swapped = value, "="
    if isinstance(value, type) and issubclass(value, Node):
        text = value.path.removeprefix("numpy.")
    elif isinstance(value, Node) and value.path == "numpy.dtype" and value.args:
        text, swapped = value.args[0], (value.state or (3, "="))[1]
    try:
        kind: np.dtype[Any] = np.dtype(text)
    except TypeError:
        raise ForeignError(name(value)) from None
    if kind.kind not in NUMBERS:
        raise ForeignError(f"numbers of type {kind}")
    return kind.newbyteorder(">") if swapped == ">" else kind


def space(value: Any) -> "spaces.Space[Any]":
    """A space of Gymnasium, or of the gym before it, as Gymnasium's.

    Raises:
        ForeignError: If it is something else, or a space that stable-baselines3 does not take.
    """
    kind = _kind(value)
    state = dict(value.state) if isinstance(getattr(value, "state", None), Mapping) else {}
    try:
        if kind == "box.Box":
            numbers = dtype(state["dtype"])
            low, high = (array(state[edge]).astype(numbers) for edge in ("low", "high"))
            return spaces.Box(low, high, dtype=numbers.newbyteorder("=").type)
        if kind == "discrete.Discrete":
            n, start = (int(array(state.get(key, 0)).item()) for key in ("n", "start"))
            return spaces.Discrete(n, start=start)
        if kind == "multi_discrete.MultiDiscrete":
            return spaces.MultiDiscrete(array(state["nvec"]))
        if kind == "multi_binary.MultiBinary":
            shape = plain(state["n"])
            return spaces.MultiBinary(shape)
        if kind == "dict.Dict":
            entries = pairs(state["spaces"])
            if len(entries) > MOST_ENTRIES or any(_kind(each) == kind for _, each in entries):
                raise ValueError("stable-baselines3 takes no such dictionary")
            inner = {str(key): space(each) for key, each in entries}
            # Gymnasium would sort what is a plain dictionary; the network knows it in this order.
            return spaces.Dict(OrderedDict(inner))
    except (KeyError, ValueError, TypeError, AssertionError, OverflowError) as error:
        raise ForeignError(f"a damaged {kind} ({type(error).__name__}: {error})") from None
    raise ForeignError(name(value))


def _kind(value: Any) -> str:
    """Module and name of a pickled space."""
    return value.path.removeprefix("gymnasium.spaces.") if isinstance(value, Node) else ""
