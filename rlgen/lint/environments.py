"""What is known of environments: which there are, and what seeds them."""

import ast
from typing import TYPE_CHECKING

from rlgen.lint import names
from rlgen.lint.certainty import options, shifted
from rlgen.lint.values import NONE, Args, Const, Env, Kwargs, Reading, Seeds, Sym, Value, World

if TYPE_CHECKING:
    from rlgen.lint.interpreter import Interpreter


def given(run: "Interpreter", value: Value | None, node: ast.AST) -> list[Env]:
    """The environments that a value may be; an id makes one, and something unknown may be one."""
    envs: list[Env] = []
    for each in options(value) if value is not None else []:
        if isinstance(each, Env):
            envs.append(each)
        elif isinstance(each, Const):
            if isinstance(each.value, str):
                envs.append(Env(new(run, each, {}, node, False), monitored=True))
        else:
            envs.append(foreign(run, each, node))
    return envs


def foreign(run: "Interpreter", value: Value, node: ast.AST) -> Env:
    """An environment of which nothing is known but that it is this value."""
    at = value.key if isinstance(value, Sym) else f"@{id(value)}"
    if at not in run.foreign:
        world = World(value, {}, line(node), open=True, seeded=None)
        run.foreign[at] = Env(world, monitored=None, opaque=True)
    return run.foreign[at]


def reseed(env: Env, value: Value) -> None:
    """Note that all copies are seeded anew: nothing is drawn any more with earlier seeds."""
    if value != NONE:
        env.world.seeds.clear()
        seed(env, value)


def seed(env: Env, value: Value, count: int | None = None) -> None:
    """Note that an environment is seeded with a value."""
    if value == NONE:
        return
    env.world.seeded = True
    first = shifted(value, 0)
    if first is not None:
        env.world.seeds.append(Seeds(first, env.count if count is None else count))


def doubt(env: Env) -> None:
    """Something unknown got hold of the environment: it may have been seeded or set right."""
    if env.world.seeded is False:
        env.world.seeded = None
    if env.norm is not None:
        env.norm.synced = True
        env.norm.settings = {key: Sym(f"@{id(env)}.{key}") for key in env.norm.settings}


def method(
    run: "Interpreter", env: Env, name: str, args: Args, kwargs: Kwargs, node: ast.AST
) -> Value:
    """A method of an environment."""
    for value in (*args, *kwargs.values()):
        run.use(value)
    if name == "reset":
        wanted = kwargs.get("seed", NONE)
        seed(env, wanted, 1)
        inner = len(run.rounds) > len(env.world.rounds)
        if inner and isinstance(wanted, Const) and wanted != NONE:
            env.world.repeated.append(line(node))
        return Reading("observation")
    if name == "seed":
        reseed(env, kwargs.get("seed", args[0] if args else NONE))
        return NONE
    if name == "normalize_obs":
        run.trace.by_hand = True
    if name == "step_wait":
        return Reading("step")
    if (
        "seed" in name
        or name.startswith("load")
        or (name == "env_method" and args and args[0] == Const("seed"))
    ):
        doubt(env)
    return run.unknown(node)


def new(
    run: "Interpreter",
    name: Value,
    settings: Kwargs,
    node: ast.AST,
    more: bool,
    seeded: bool | None = False,
) -> World:
    """An environment that is made here.

    Args:
        run: The interpreter.
        name: Its id or class.
        settings: Keyword arguments.
        node: Where.
        more: Whether there may be other settings.
        seeded: Whether it comes seeded, for all that is known.
    """
    world = World(name, settings, line(node), more, rounds=tuple(run.rounds))
    world.seeded = None if more else seeded
    for key in names.SEEDING & settings.keys():
        seed(Env(world), settings[key])
    return world


def line(node: ast.AST) -> int:
    """Where something stands in the script."""
    return int(getattr(node, "lineno", 0))
