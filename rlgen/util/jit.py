"""Just-in-time compilation of loops that array operations cannot express."""

from collections.abc import Callable
from functools import wraps
from types import FunctionType
from typing import Any

Function = Callable[..., Any]
#: The loaders of all compiled functions.
_LOADERS: list[Callable[[], Function]] = []


def compiled(
    signature: str, *, reassociate: bool = False, contract: bool = False
) -> Callable[[Function], Function]:
    """Compile a function for the given types at its first call.

    numba is imported only then, so that commands that compile nothing start fast. The machine code
    is cached beside the module, or in the user's cache if that folder is read-only.

    Args:
        signature: Numba's, with the return type; arguments of other types are refused.
        reassociate: Whether sums may be reordered, which makes them fast. The order is the same at
            each call.
        contract: Whether products may be added without rounding, and operations on neighbouring
            elements vectorised.
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
    """Mark a function to be inlined into the compiled functions of its module."""
    vars(function)["inlined"] = True
    return function


def load() -> None:
    """Load or compile every compiled function of the modules imported so far."""
    for loader in _LOADERS:
        loader()


def _compile(function: Function, signature: str, reassociate: bool, contract: bool) -> Function:
    from numba import config, njit

    function = _with_inlined(function)
    # Not all of "fast", which would assume that there are no nan and no infinities.
    flags = {"contract", "nsz"} if reassociate or contract else set()
    flags |= {"reassoc"} if reassociate else set()

    def compile_(cache: bool) -> Function:
        kernel: Function = njit(
            signature, cache=cache, error_model="numpy", fastmath=flags or False
        )(function)
        return kernel

    # The setting cannot be passed as an argument; numba reads it when it compiles.
    settings = vars(config)
    before, settings["SLP_VECTORIZE"] = settings["SLP_VECTORIZE"], int(contract)
    try:
        return compile_(cache=True)
    except RuntimeError:  # no folder to cache it in
        return compile_(cache=False)
    finally:
        settings["SLP_VECTORIZE"] = before


def _with_inlined(function: Function) -> Function:
    """The function with the inlined functions that it calls, directly or not, compiled into it."""
    from numba import njit

    names = function.__globals__
    called = [name for name in function.__code__.co_names if hasattr(names.get(name), "inlined")]
    ready = {
        name: njit(error_model="numpy", inline="always")(_with_inlined(names[name]))
        for name in called
    }
    if not ready:
        return function
    merged = FunctionType(
        function.__code__, names | ready, function.__name__, closure=function.__closure__
    )
    merged.__module__, merged.__qualname__ = function.__module__, function.__qualname__
    return merged
