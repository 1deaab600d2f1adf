"""How a script makes, wraps, seeds and normalises environments."""

from dataclasses import replace
from typing import Any

from rlgen.lint.engine import Engine
from rlgen.lint.names import FLAGS, MAKERS, PACKAGES, SEEDING, STATISTICS, top
from rlgen.lint.project import Project
from rlgen.lint.values import Arguments, Env, Thing, is_kind, text


class Environments(Engine):
    """What calls do with environments: each is a world, in wrappers.

    Attributes:
        unseeded: Worlds that are reset without a seed, anywhere.
    """

    def __init__(self, project: Project) -> None:
        super().__init__(project)
        self.unseeded: set[Thing] = set()
        self._foreign: dict[Thing, Env] = {}

    def environment(self, value: Any, node: Any) -> Env | None:
        """The environment that a value is: an id makes one, and something unknown may be one."""
        if isinstance(value, str):
            return replace(self.world(value, Arguments(), node), monitored=True)
        if not is_kind(value, "unknown", "instance"):
            return value if isinstance(value, Env) else None
        if value not in self._foreign:
            world = Thing("world", node, owner=value)
            self._foreign[value] = Env(world, Thing(), Thing(), Thing())
        self.facts.setdefault(self._foreign[value].world, {"*": Thing()})
        return self._foreign[value]

    def world(self, name: Any, settings: Arguments, node: Any) -> Env:
        """An environment that is made here."""
        rest = {"**": Thing()} if settings.more else {}
        plain = {each: tuple(self.items(value) or ()) or value for each, value in settings.items()}
        seeds = Thing() if settings.more else ()
        env = Env(self.new("world", node, name=name, settings=plain | rest, seeds=seeds))
        self.set(env.world, "rounds", len(self.loops))
        for each in SEEDING & settings.keys():
            self.seed(env, settings[each])
        return env

    def seed(self, env: Env, value: Any, anew: bool = False) -> None:
        """Note that an environment is seeded; anew: all copies, whatever they were seeded with."""
        self.doubt(env.world.owner)
        if value is not None:
            before, count = self.get(env.world, "seeds"), env.count if anew else 1
            before = () if anew else before
            whole = isinstance(before, tuple) and type(count) is int
            self.set(env.world, "seeds", (*before, (value, count)) if whole else Thing())

    def assign(self, owner: Any, name: str, value: Any) -> None:
        """``owner.name = value``; of an environment it may be one of its VecNormalize's."""
        if isinstance(owner, Thing):
            self.set(owner, name, value)
        elif isinstance(owner, Env) and is_kind(owner.norm, "norm") and name in FLAGS:
            self.set(owner.norm, name, value)
        elif isinstance(owner, Env) and is_kind(owner.norm, "norm") and name in STATISTICS:
            self.set(owner.norm, "statistics", "copied")
        else:
            self.doubt(owner)

    def file(self, path: Any) -> str:
        """A path, however it is spelt; what is unknown equals no other."""
        spelt = text(path).replace("//", "/")
        return spelt.removeprefix("./").removesuffix(".zip").rstrip("/")

    def vectorised(self, a: Arguments, node: Any) -> Any:
        """``make_vec_env``."""
        name, settings, wrapper = a.get("env_id"), a.get("env_kwargs"), a.get("wrapper_class")
        settings = Arguments() if settings is None else self.entries(settings)
        if isinstance(name, str) or is_kind(name, "unknown"):
            env: Env | None = self.world(name, settings, node)
        else:
            env = self.environment(self.call(name, [], settings, node), node)
        if wrapper is not None:
            env = self.environment(self.call(wrapper, [env], Arguments(), node), node)
        if env is None:
            return Thing(maybe=(name, wrapper))
        env = replace(env, monitored=True, count=a.get("n_envs", 1))
        self.seed(env, a.get("seed"), anew=True)
        return env

    def joint(self, makers: Any, node: Any) -> Any:
        """``DummyVecEnv`` of functions that make environments: the first stands for all."""
        items, some = self.items(makers), is_kind(makers, "list") and self.get(makers, "some")
        results = [self.call(maker, [], Arguments(), node) for maker in items or [some]]
        env = self.environment(results[0], node)
        if env is None:
            return Thing(maybe=(makers, *results))
        self.doubt(*results[1:])
        if (items is None or results[1:]) and self.get(env.world, "seeds") != ():
            self.set(env.world, "seeds", Thing())
        return replace(env, count=Thing() if items is None else len(items))

    def normalised(self, venv: Any, node: Any, **fields: Any) -> Any:
        """``VecNormalize``."""
        env, norm = self.environment(venv, node), self.new("norm", node, **fields)
        return replace(env, norm=norm) if env else Thing(maybe=(venv, norm))

    def wrapped(self, path: str, args: list[Any]) -> Any:
        """What a foreign class or function makes of an environment, or None."""
        last, envs = path.rpartition(".")[2], [each for each in args if isinstance(each, Env)]
        if not envs or not (last[:1].isupper() or "wrap" in last):
            return None
        env = replace(envs[0], monitored=last in ("Monitor", "VecMonitor") or envs[0].monitored)
        if top(path) in PACKAGES | MAKERS:
            return env
        self.doubt(env)
        return replace(env, norm=env.norm or Thing())
