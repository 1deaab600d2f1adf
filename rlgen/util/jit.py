"""Loops as machine code, for what cannot be said as a few array operations."""

from collections.abc import Callable
from functools import wraps
from types import FunctionType
from typing import Any

Function = Callable[..., Any]
#: Of every function compiled here, what makes it ready.
_LOADERS: list[Callable[[], Function]] = []


def compiled(
    signature: str, *, reassociate: bool = False, contract: bool = False
) -> Callable[[Function], Function]:
    """Compile a function for these types, at its first call.

    numba is imported then and not before: a command that only looks must not wait for it. The
    machine code is kept beside the module, or in the user's cache if that cannot be written to.

    Args:
        signature: Numba's, with the return type; arguments of other types are refused.
        reassociate: Whether sums may be taken in another order, which makes them fast. The order
            is the same at each call.
        contract: Whether products may be added without being rounded, and what is done to
            neighbouring elements done to all at once.
    """

    def decorate(function: Function) -> Function:
        kernel: Function | None = None

        def load() -> Function:
            nonlocal kernel
            if kernel is None:
                kernel = _compile(function, signature, reassociate, contract)
            return kernel

        @wraps(function)
        def call(*arguments: Any) -> Any:
            return (kernel or load())(*arguments)

        _LOADERS.append(load)
        return call

    return decorate


def inlined(function: Function) -> Function:
    """Mark a function of a module as one that the module's compiled functions call."""
    vars(function)["inlined"] = True
    return function


def load() -> None:
    """Make every compiled function of the modules imported so far ready to be called."""
    for loader in _LOADERS:
        loader()


def _compile(function: Function, signature: str, reassociate: bool, contract: bool) -> Function:
    from numba import config, njit

    function = _with_inlined(function)
    # Not "fast" altogether: that would let it assume that there are no nan and no infinities.
    flags = {"contract", "nsz"} if reassociate or contract else set()
    flags |= {"reassoc"} if reassociate else set()

    def compile_(cache: bool) -> Function:
        made: Function = njit(signature, cache=cache, error_model="numpy", fastmath=flags or False)(
            function
        )
        return made

    # The setting has no argument of its own; numba reads it when it compiles.
    settings = vars(config)
    before, settings["SLP_VECTORIZE"] = settings["SLP_VECTORIZE"], int(contract)
    try:
        return compile_(cache=True)
    except RuntimeError:  # no folder to keep it in
        return compile_(cache=False)
    finally:
        settings["SLP_VECTORIZE"] = before


def _with_inlined(function: Function) -> Function:
    """The function with those that it calls compiled into it, and those that they call."""
    from numba import njit

    known = function.__globals__
    called = [name for name in function.__code__.co_names if hasattr(known.get(name), "inlined")]
    ready = {
        name: njit(error_model="numpy", inline="always")(_with_inlined(known[name]))
        for name in called
    }
    if not ready:
        return function
    made = FunctionType(
        function.__code__, known | ready, function.__name__, closure=function.__closure__
    )
    made.__module__, made.__qualname__ = function.__module__, function.__qualname__
    return made
