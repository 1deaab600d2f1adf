"""Look up registered environments by id."""

from collections.abc import Sequence
from importlib import import_module

import gymnasium as gym
from gymnasium.error import Error as GymnasiumError

from rlgen.errors import UnknownNameError, nearest, one_line
from rlgen.util.named_code import importable
from rlgen_envs.registered.family import RegisteredFamily

#: Prefix of environments -> the module that registers them, and the extra that installs it.
PACKAGES = {
    "MiniGrid-": ("minigrid", "minigrid"),
    "BabyAI-": ("minigrid", "minigrid"),
    "ALE/": ("ale_py", "atari"),
}


def registered(name: str, others: Sequence[str] = ()) -> RegisteredFamily:
    """The family of a registered environment.

    Args:
        name: The id of the environment; ``module:id`` where importing the module registers it, or
            ``module:Class`` of one that nothing registers.
        others: Other valid names, for the hint in the message.

    Raises:
        UnknownNameError: If nothing of this name is registered.
    """
    for prefix, (module, extra) in PACKAGES.items():
        if name.startswith(prefix):
            try:
                import_module(module)
            except ImportError:
                raise UnknownNameError(
                    f"family {name!r} needs the package {module}: pip install 'rlgen[{extra}]'"
                ) from None
    module, colon, own = name.rpartition(":")
    if colon:
        importable(module)
        try:
            import_module(module)
        except Exception as error:
            raise UnknownNameError(
                f"family {name!r}: {module} cannot be imported: {type(error).__name__}: "
                f"{one_line(error)}"
            ) from None
        _register_class(module, own)
    try:
        gym.spec(own)
    except GymnasiumError:
        hint = nearest(own, [*others, *gym.registry])
        if "did you mean" not in hint and colon:
            hint = (
                f": importing {module} does not register {own!r}; where a package registers its "
                "environments by a call, name a module of yours that makes it: mine:ID"
            )
        elif "did you mean" not in hint:
            # A list of all registered ids would fill the screen.
            ours = ", ".join(sorted(others))
            hint = (
                f" (known: {ours}, and every id registered with Gymnasium; one that a module "
                "registers is written module:ID, a class of one module:Class)"
            )
        raise UnknownNameError(f"unknown family {name!r}{hint}") from None
    return RegisteredFamily(name)


def _register_class(module: str, name: str) -> None:
    """Register what a module has under this name, a class or function that makes environments."""
    if name in gym.registry or not name.isidentifier():
        return
    if callable(getattr(import_module(module), name, None)):
        gym.register(id=name, entry_point=f"{module}:{name}")
