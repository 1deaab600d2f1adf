"""How a script makes and wraps environments."""

import ast
from collections.abc import Callable as Function
from dataclasses import replace
from typing import TYPE_CHECKING

from rlgen.lint import environments, names
from rlgen.lint.certainty import either, options, whole
from rlgen.lint.environments import foreign, given, line, new
from rlgen.lint.values import (
    NONE,
    Args,
    Class,
    Const,
    Env,
    Func,
    Kwargs,
    Name,
    Norm,
    Partial,
    Seq,
    Sym,
    Table,
    Value,
)

if TYPE_CHECKING:
    from rlgen.lint.interpreter import Interpreter

#: Where unknown keyword arguments of an environment are kept among its settings.
REST = "**"


def made(
    run: "Interpreter", function: Value, args: Args, kwargs: Kwargs, node: ast.AST, more: bool
) -> Value | None:
    """What a call makes, if it makes or wraps an environment."""
    path = function.path if isinstance(function, Name) else ""
    path = function.key if isinstance(function, Sym) else path
    maker = names.short(path)
    if maker in _MAKERS:
        named = dict(zip(names.PARAMETERS.get(maker, ("venv",)), args, strict=False)) | kwargs
        return _MAKERS[maker](run, named, node, more)
    last = path.rpartition(".")[2]
    if not last[:1].isupper() and "wrap" not in last:
        return None
    inside = inner(args, kwargs)
    if inside:
        return either([_wrapped(env, path, last) for env in inside])
    if not last.endswith("Env") or not last[:1].isupper():
        return None
    return Env(new(run, Name(path), dict(kwargs), node, more or bool(args), seeded=None))


def inner(args: Args, kwargs: Kwargs) -> list[Env]:
    """The environments that a wrapper is given: the alternatives of its first that is one."""
    for value in (*args, *kwargs.values()):
        envs = [each for each in options(value) if isinstance(each, Env)]
        if envs:
            return envs
    return []


def _wrapped(env: Env, path: str, name: str) -> Env:
    if name == "Monitor":
        return replace(env, monitored=True)
    if name == "VecMonitor":
        # Outside a VecNormalize it keeps what that one has made of the rewards.
        return replace(env, monitored=env.norm is None or env.norm.settings["norm_reward"] == _OFF)
    ours = path.partition(".")[0] in (*names.PACKAGES, "gymnasium", "gym")
    if not ours and env.world.seeded is False:
        env.world.seeded = None
    return replace(env, opaque=env.opaque or not ours)


_OFF = Const(False)


def _settings(value: Value | None) -> Kwargs:
    """The settings in a table that a script hands over as one argument."""
    if value is None or value == NONE:
        return {}
    if isinstance(value, Table):
        return dict(value.items) | ({REST: Sym("@open")} if value.open else {})
    return {REST: value}


def _make(run: "Interpreter", named: Kwargs, node: ast.AST, more: bool) -> Value:
    name = named.pop("id", run.unknown(node))
    count = _count(named.pop("num_envs", Const(1)))
    return Env(new(run, name, named, node, more), count=count)


def _procgen(run: "Interpreter", named: Kwargs, node: ast.AST, more: bool) -> Value:
    name = named.pop("env_name", run.unknown(node))
    count = _count(named.pop("num_envs", named.pop("num", Const(1))))
    text = f"procgen-{name.value}" if isinstance(name, Const) else None
    return Env(new(run, Const(text) if text else name, named, node, more), count=count)


def _make_vec_env(run: "Interpreter", named: Kwargs, node: ast.AST, more: bool) -> Value:
    count = _count(named.get("n_envs", Const(1)))
    settings = _settings(named.get("env_kwargs"))
    vectors = []
    for name in options(named.get("env_id", run.unknown(node))):
        if isinstance(name, Func | Partial | Class):
            envs = given(run, run.call(name, [], dict(settings), node, more), node)
        else:
            envs = [Env(new(run, name, dict(settings), node, more))]
        for env in envs:
            full = replace(env, monitored=True, count=count)
            wrapper = named.get("wrapper_class", NONE)
            if isinstance(wrapper, Func | Partial | Class | Name):
                around = run.call(wrapper, [full], {}, node, True)
                full = next((e for e in options(around) if isinstance(e, Env)), full)
            environments.reseed(full, named.get("seed", NONE))
            vectors.append(full)
    return either(list(vectors)) if vectors else run.unknown(node)


def _count(value: Value) -> int:
    return max(whole(value) or 1, 1)


def _vectorised(run: "Interpreter", named: Kwargs, node: ast.AST, more: bool) -> Value:
    makers = named.get("venv", NONE)
    if not isinstance(makers, Seq) or not makers.items:
        return foreign(run, run.unknown(node), node)
    envs = [
        env for maker in makers.items for env in given(run, run.call(maker, [], {}, node), node)
    ]
    if not envs:
        return foreign(run, run.unknown(node), node)
    first = envs[0]
    for env in envs[1:]:
        if env.world is not first.world:
            first.world.seeds += env.world.seeds
    return replace(first, count=makers.count or 1)


def _normalised(run: "Interpreter", named: Kwargs, node: ast.AST, more: bool) -> Value:
    settings = {
        key: named.get(key, run.unknown(node) if more else Const(True))
        for key in ("training", "norm_obs", "norm_reward")
    }
    envs = [
        replace(env, norm=Norm(line(node), True, dict(settings)))
        for env in given(run, named.get("venv"), node)
    ]
    return either(list(envs)) if envs else foreign(run, run.unknown(node), node)


def _loaded(run: "Interpreter", named: Kwargs, node: ast.AST, more: bool) -> Value:
    # What was saved while training goes on updating; the rest is as it was then.
    settings: Kwargs = {
        "training": Const(True),
        "norm_obs": run.unknown(node),
        "norm_reward": run.unknown(node),
    }
    envs = [
        replace(env, norm=Norm(line(node), False, dict(settings)))
        for env in given(run, named.get("venv"), node)
    ]
    return either(list(envs)) if envs else foreign(run, run.unknown(node), node)


_MAKERS: dict[str, Function[..., Value]] = {
    "make": _make,
    "make_vec": _make,
    "make_vec_env": _make_vec_env,
    "make_atari_env": _make_vec_env,
    "ProcgenEnv": _procgen,
    "ProcgenGym3Env": _procgen,
    "DummyVecEnv": _vectorised,
    "SubprocVecEnv": _vectorised,
    "VecNormalize": _normalised,
    "VecNormalize.load": _loaded,
}


def of_class(
    run: "Interpreter",
    cls: Class,
    lineage: list[str],
    args: Args,
    kwargs: Kwargs,
    node: ast.AST,
    more: bool,
) -> Value | None:
    """What calling a class of the script makes, if it is an environment or a wrapper."""
    inside = inner(args, kwargs)
    if inside and any(path.endswith("Wrapper") for path in lineage):
        for env in inside:
            if _mentions(cls, "seed") and env.world.seeded is False:
                env.world.seeded = None
        return either(list(inside))
    if not any(path.endswith("Env") for path in lineage):
        return None
    start = cls.attr("__init__")
    parameters = [a.arg for a in start.node.args.args[1:]] if isinstance(start, Func) else []
    settings = dict(zip(parameters, args, strict=False)) | kwargs
    unsure = _mentions(cls, "seed") or (run.sown and _mentions(cls, "random"))
    name = Name(f"class {cls.node.name} at {cls.node.lineno}")
    return Env(new(run, name, settings, node, more, seeded=None if unsure else False))


def _mentions(cls: Class, word: str) -> bool:
    """Whether a class has to do with seeds beyond handing on that of ``reset``."""
    for part in cls.node.body:
        if isinstance(part, ast.FunctionDef) and part.name == "reset" and word == "seed":
            continue
        for node in ast.walk(part):
            identifier = getattr(node, "id", None) or getattr(node, "attr", None)
            identifier = identifier or getattr(node, "arg", None)
            if isinstance(identifier, str) and word in identifier:
                return True
    return False
