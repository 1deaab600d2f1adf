"""How a script makes, wraps, seeds and normalises environments."""

from typing import Any

from rlgen.lint import names
from rlgen.lint.engine import Engine
from rlgen.lint.project import Project
from rlgen.lint.values import (
    FALSE,
    NONE,
    TRUE,
    Args,
    Const,
    Func,
    Kwargs,
    Obj,
    Sym,
    Value,
    is_,
    key,
    shifted,
)

#: Of a VecNormalize.
FLAGS = ("training", "norm_obs", "norm_reward")


class Environments(Engine):
    """What calls do with environments: each is a world, in wrappers.

    Attributes:
        reset: Worlds that are reset without a seed, anywhere.
        by_hand: Whether observations are normalised by hand.
    """

    def __init__(self, project: Project) -> None:
        super().__init__(project)
        self.reset: set[Value] = set()
        self.by_hand = False
        self._foreign: dict[str, Obj] = {}

    def given(self, value: Value | None, node: Any) -> Obj | None:
        """The environment that a value is: an id makes one, and something unknown may be one."""
        if isinstance(value, Const) and isinstance(value.value, str):
            return self.make(value, {}, node, False, monitored=TRUE)
        if isinstance(value, Sym):
            if value.key not in self._foreign:
                world = Obj("world", self.work(), node, ())
                self._foreign[value.key] = Obj("env", self.work(), node, ())
                self.log[self._foreign[value.key]] = {"world": [(0, (), world)]}
            return self._foreign[value.key]
        return value if isinstance(value, Obj) and value.kind == "env" else None

    def make(
        self, name: Value, settings: Kwargs | None, node: Any, more: bool, **fields: Value
    ) -> Obj:
        """An environment that is made here; ``settings`` are None where they are unknown."""
        world = self.new("world", node, name=name, seeded=FALSE, seeds=Const(()), repeated=FALSE)
        self.set(world, "settings", self.table(None if more else settings, node))
        self.set(world, "loops", Const(len(self.loops)))
        env = self.new(
            "env",
            node,
            world=world,
            **{"norm": NONE, "monitored": FALSE, "count": Const(1)} | fields,
        )
        if more or settings is None:
            self.set(world, "seeded", self.unknown())
        for each in names.SEEDING & (settings or {}).keys():
            self.seed(env, (settings or {})[each])
        return env

    def wrap(self, env: Obj, node: Any, **fields: Value) -> Obj:
        """The same world in one more wrapper."""
        parts = {name: self.get(env, name) for name in ("world", "norm", "monitored", "count")}
        return self.new("env", node, **parts | fields)

    def seed(self, env: Obj, value: Value, anew: bool = False) -> None:
        """Note that an environment is seeded; anew: all copies, whatever they were seeded with."""
        world, count = self.get(env, "world"), self.get(env, "count")
        if value == NONE or not is_(world, "world"):
            return
        first, before = shifted(value, 0), Const(()) if anew else self.get(world, "seeds")
        is_certain = first is not None and isinstance(before, Const) and isinstance(count, Const)
        seeds = (*before.value, (first, count.value if anew else 1)) if is_certain else ()  # type: ignore[union-attr]
        self.set(world, "seeds", Const(seeds) if is_certain else self.unknown())
        self.set(world, "seeded", TRUE)

    def change(self, env: Obj, *fields: str) -> None:
        """Something unknown changes a world: in these fields it is uncertain."""
        for field in fields:
            if self.get(self.get(env, "world"), field) != TRUE:
                self.set(self.get(env, "world"), field, self.unknown())

    def learnt(self, world: Value) -> bool:
        """Whether something has certainly learnt in an environment."""
        fields = [field for field in self.log.get(world, {}) if isinstance(field, tuple)]
        return any(is_(self.get(world, field), "env") for field in fields)

    def assign(self, owner: Value, name: str, value: Value) -> None:
        """``owner.name = value``; of an environment it may be one of its VecNormalize's."""
        if not is_(owner, "env"):
            super().assign(owner, name, value)
            return
        norm = self.get(owner, "norm")
        if name in FLAGS and is_(norm, "norm"):
            self.set(norm, name, value)
        elif name in ("obs_rms", "ret_rms"):
            self.set(norm, "synced", TRUE)
        else:
            self.doubt(owner)

    def method(self, env: Obj, name: str, args: Args, kwargs: Kwargs, node: Any) -> Value:
        """A method of an environment."""
        world = self.get(env, "world")
        if name == "reset":
            value = kwargs.get("seed", NONE)
            deeper = Const(len(self.loops)) != self.get(world, "loops") and bool(self.loops)
            if value == NONE:
                self.reset.add(world)
            elif isinstance(value, Const) and deeper:
                self.set(world, "repeated", self.new("reset", node))
            self.seed(env, value)
            return self.new("reading", node, kind=Const("observation"), event=NONE)
        if name == "seed":
            self.seed(env, kwargs.get("seed", args[0] if args else NONE), anew=True)
        elif name == "save" and is_(self.get(env, "norm"), "norm") and args:
            self.set(f"saved {path_key(args[0])}", "final", Const(self.learnt(world)))
        elif name == "normalize_obs":
            self.by_hand = True
        elif name not in names.HARMLESS:
            self.doubt(env)
        return self.unknown(node)

    # -- functions and classes that make or wrap one ----------------------------------------------

    def _make(self, a: Kwargs, node: Any, more: bool) -> Value:
        name, count = a.pop("id", self.unknown(node)), a.pop("num_envs", Const(1))
        return self.make(name, a, node, more, count=count)

    _make_make = _make_make_vec = _make

    def _make_procgenenv(self, a: Kwargs, node: Any, more: bool) -> Value:
        name = Const(f"procgen-{key(a.pop('env_name', NONE))}")
        return self.make(name, a, node, more, count=a.pop("num_envs", Const(1)))

    _make_procgengym3env = _make_procgenenv

    def _make_make_vec_env(self, a: Kwargs, node: Any, more: bool) -> Value:
        name, count = a.get("env_id", self.unknown(node)), a.get("n_envs", Const(1))
        options = a.get("env_kwargs", NONE)
        settings = {} if options == NONE else self.entries(options)
        if isinstance(name, Func) or is_(name, "class") or is_(name, "partial"):
            env = self.given(self.call(name, [], settings or {}, node, settings is None), node)
        else:
            env = self.make(name, settings, node, more)
        if env is None:
            return self.unknown(node)
        env = self.wrap(env, node, monitored=TRUE, count=count)
        if a.get("wrapper_class", NONE) != NONE:
            around = self.call(a["wrapper_class"], [env], {}, node, True)
            env = around if isinstance(around, Obj) and around.kind == "env" else env
        self.seed(env, a.get("seed", NONE), anew=True)
        return env

    _make_make_atari_env = _make_make_vec_env

    def _make_dummyvecenv(self, a: Kwargs, node: Any, more: bool) -> Value:
        makers = a.get("env_fns", NONE)
        items = self.items(makers) or ([self.get(makers, 0)] if self.has(makers, 0) else [])
        envs = [self.given(self.call(maker, [], {}, node, False), node) for maker in items]
        first = envs[0] if envs else None
        if first is None:
            return self.unknown(node)
        seeds = [self.get(self.get(env, "world"), "seeds") for env in envs if env]
        if len(seeds) > 1 and all(isinstance(each, Const) for each in seeds):
            whole = dict.fromkeys(pair for each in seeds for pair in each.value)  # type: ignore[union-attr]
            self.set(self.get(first, "world"), "seeds", Const(tuple(whole)))
        return self.wrap(first, node, count=self.get(makers, "len"))

    _make_subprocvecenv = _make_dummyvecenv

    def _make_vecnormalize(self, a: Kwargs, node: Any, more: bool) -> Value:
        flags = {name: a.get(name, TRUE) for name in FLAGS}
        flags |= {name: self.unknown(node) for name in FLAGS} if more else {}
        flags |= {"fresh": TRUE, "synced": FALSE, "final": FALSE}
        return self._normalised(a.get("venv"), node, flags)

    def _make_vecnormalize_load(self, a: Kwargs, node: Any, more: bool) -> Value:
        final = self.get(f"saved {path_key(a.get('load_path'))}", "final", FALSE)
        flags: Kwargs = {name: self.unknown(node) for name in FLAGS}
        flags |= {"training": TRUE, "fresh": FALSE, "synced": TRUE, "final": final}
        return self._normalised(a.get("venv"), node, flags)

    def _normalised(self, venv: Value | None, node: Any, fields: Kwargs) -> Value:
        env, norm = self.given(venv, node), self.new("norm", node, **fields)
        return self.wrap(env, node, norm=norm) if env else self.unknown(node)

    def _make_sync_envs_normalization(self, a: Kwargs, node: Any, more: bool) -> Value:
        source, target = self.given(a.get("env"), node), self.given(a.get("eval_env"), node)
        if target and is_(self.get(target, "norm"), "norm"):
            learnt = source is not None and self.learnt(self.get(source, "world"))
            self.set(self.get(target, "norm"), "synced", TRUE)
            self.set(self.get(target, "norm"), "final", Const(learnt))
        return NONE

    def made(self, path: str, args: Args, kwargs: Kwargs, node: Any, more: bool) -> Value | None:
        """What a call of something foreign makes, if it makes or wraps an environment."""
        last, inside = (
            path.rpartition(".")[2],
            [value for value in (*args, *kwargs.values()) if is_(value, "env")],
        )
        if inside and isinstance(inside[0], Obj) and (last[:1].isupper() or "wrap" in last):
            env, norm = inside[0], self.get(inside[0], "norm")
            if last in ("Monitor", "VecMonitor"):
                # Outside a VecNormalize it keeps what that one has made of the rewards.
                plain = norm == NONE or self.get(norm, "norm_reward") == FALSE
                return self.wrap(env, node, monitored=Const(plain))
            if path.partition(".")[0] in names.PACKAGES | names.MAKERS:
                return self.wrap(env, node)
            self.change(env, "seeded", "settings")
            return self.wrap(env, node, norm=norm if is_(norm, "norm") else self.unknown(node))
        if last.endswith("Env") and last[:1].isupper():
            env = self.make(Sym(path), dict(kwargs), node, more or bool(args))
            self.change(env, "seeded")
            return env
        return None

    def of_class(
        self, cls: Obj, lineage: list[str], args: Args, kwargs: Kwargs, node: Any, more: bool
    ) -> Value | None:
        """What calling a class of the project makes, if it is an environment or a wrapper."""
        inside = [
            value
            for value in (*args, *kwargs.values())
            if isinstance(value, Obj) and value.kind == "env"
        ]
        if inside and any(path.endswith("Wrapper") for path in lineage):
            if _mentions(cls.node, "seed") or _mentions(cls.node, "random"):
                self.change(inside[0], "seeded", "seeds")
            return inside[0]
        if not any(path.endswith("Env") for path in lineage):
            return None
        start = self.member(cls, "__init__")
        names_ = [each.name for each in start.node.args.args[1:]] if isinstance(start, Func) else []
        settings = dict(zip(names_, args, strict=False)) | kwargs
        env = self.make(cls, settings, node, more)
        if not _mentions(cls.node, "np_random") or _mentions(cls.node, "seed"):
            # Whether it draws anything, and from which generator, is not certain.
            self.change(env, "seeded")
        return env


def path_key(value: Value | None) -> str:
    """A path, however it is spelt; what is unknown equals no other."""
    text = key(value) or "@"
    return text.replace("//", "/").removeprefix("./").removesuffix(".zip").rstrip("/")


def _mentions(node: Any, word: str) -> bool:
    """Whether a class has to do with something beyond handing on the seed of ``reset``."""
    parts = [
        part for part in node.body if not (getattr(part, "name", "") == "reset" and word == "seed")
    ]
    return any(word in part.as_string() for part in parts)
