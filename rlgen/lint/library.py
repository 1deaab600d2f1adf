"""What calls of stable-baselines3 and of Python's own functions do, as far as evaluation goes."""

from dataclasses import replace
from itertools import product
from typing import Any

from astroid import nodes

from rlgen.lint import names
from rlgen.lint.event import Event
from rlgen.lint.facts import FILES, LEARNT, PAST, Env, Thing
from rlgen.lint.follow import Follow
from rlgen.lint.source import Project


class Arguments(dict[Any, Any]):
    """Arguments by name; with ``*`` among them there may be others, of which nothing is known."""

    def get(self, name: Any, default: Any = None) -> Any:
        """An argument, or its default value."""
        return super().get(name, Thing() if "*" in self else default)


class Library(Follow):
    """The calls that a script makes; its events are what the rules look at."""

    def __init__(self, project: Project) -> None:
        super().__init__(project)
        self.events: list[Event] = []
        #: Whether the library, or any name, may have been replaced: nothing is certain any more.
        self._is_patched = False

    def call(self, function: Any, args: list[Any], kwargs: dict[Any, Any], node: Any) -> Any:
        """What a call gives."""
        kind, path = getattr(function, "kind", ""), getattr(function, "path", "")
        if kind == "bound":
            return self.call(function.of, [*function.parts, *args], kwargs, node)
        if kind == "function" and not getattr(function.node, "decorators", None):
            return self.enter(function, args, kwargs)
        if kind == "class":
            fields = self.facts.get(function, {})
            if "*" in fields:
                return self._unknown(function, [*args, *kwargs.values()], node)
            created = self.new("instance", node, {}, function)
            if "__init__" in fields or function.path:
                start = created if "__init__" in fields else Thing("super", of=created)
                self.call(self.attribute(start, "__init__"), args, kwargs, node)
            adds = function.path == "EvalCallback" and _only_adds(function.node)
            return self.new("callback", node, self.facts[created]) if adds else created
        owner = function.of if kind == "method" else None
        name = f"{getattr(owner, 'kind', 'env')}.{path}" if owner else names.short(path) or path
        words = names.PARAMETERS.get(name, "").split()
        a = Arguments({**dict(zip([*words, *range(99)], args, strict=False)), **kwargs})
        value = self._method(name, owner, a, node) if owner else self._function(name, path, a, node)
        return self._unknown(function, [*args, *kwargs.values()], node) if value is ... else value

    def _unknown(self, function: Any, args: list[Any], node: Any) -> Any:
        """What a call gives of which nothing is known but what it gets hold of."""
        path = getattr(function, "path", "")
        name = path.rpartition(".")[2] or getattr(getattr(node, "func", None), "attrname", "")
        is_wrapper = names.short(path) and name[:1].isupper() and "reset" not in name.lower()
        functions = [each for each in args if getattr(each, "kind", "") == "function"]
        if args and isinstance(args[0], Env) and is_wrapper:
            self.doubt(*functions)
            kept = name in ("Monitor", "VecMonitor") or args[0].monitored
            return replace(args[0], monitored=kept)
        if name not in names.HARMLESS and names.top(path) not in names.TRUSTED:
            others = [each for each in args if each not in functions]
            self.doubt(function, getattr(function, "of", None), *others)
        if name != "optimize":
            self.doubt(*functions)
        for each in functions if name == "optimize" else ():  # a study calls it
            chosen = self.origin(self.enter(each, [], {"*": Thing()}), "return")
            if chosen:
                chosen.of.picks = "study"
        self._is_patched |= path in ("exec", "eval", "globals", "locals")
        return Thing(parts=(function, *args))

    def _function(self, name: str, path: str, a: Arguments, node: Any) -> Any:
        """What a function gives, or an ellipsis for those that are not known."""
        match name:
            case "make" | "make_vec" | "ProcgenEnv":
                count = a.pop("num_envs", 1)
                one = self._world(a.pop("id", a.pop("env_name", None)), a, node)
                return one if name == "make" else replace(one, count=Thing(parts=(count,)))
            case "make_vec_env" | "make_atari_env" if a.get("wrapper_class") is None:
                if getattr(a.get("env_id"), "kind", ""):  # a function that makes environments
                    return ...
                settings = {} if a.get("env_kwargs") is None else self.entries(a.get("env_kwargs"))
                one = self._world(a.get("env_id"), Arguments(settings), node)
                copies = replace(one, monitored=True, count=a.get("n_envs", 1))
                return self._seed(copies, a.get("seed"), anew=True)
            case "DummyVecEnv" | "SubprocVecEnv":
                makers = self.entries(a.get("env_fns")).values()
                envs = [self.call(maker, [], {}, node) for maker in makers]
                env = self._environment(envs[0], node) if len(envs) == 1 else None
                return env or self._unknown(Thing(), envs, node)
            case "VecNormalize" | "VecNormalize.load":
                env, is_loaded = self._environment(a.get("venv"), node), "load" in name
                flags = {flag: a.get(flag, Thing() if is_loaded else True) for flag in names.FLAGS}
                saved = self.get(FILES, _file(a.get("load_path"))) if is_loaded else "none"
                flags |= {"training": a.get("training", True), "statistics": saved}
                norm = self.new("norm", node, flags)
                return replace(env, norm=norm) if env else Thing(parts=(norm, a.get("venv")))
            case "sync_envs_normalization":
                return self.assign(a.get("eval_env"), "obs_rms", None)
            case "evaluate_policy":
                env = self._environment(a.get("env"), node)
                self.doubt(a.get("callback"))
                event = self._note(name, node, env, a.get("model"), a)
                # With a callback, and no use of what it returns, it only shows the agent.
                event.reads = "callback" not in a or not isinstance(node.parent, nodes.Expr)
                return Thing("return", of=event)
            case "EvalCallback":
                return self.new("callback", node, {"options": a})
            case "CallbackList":
                return a.get("callbacks")
            case "agent":
                env = self._environment(a.get("env"), node)
                if env:  # an agent seeds its environment
                    self._seed(env, a.get("seed"), anew=True)
                facts = {"algorithm": path.split(".")[-1], "env": env, "pick": None}
                return self.new("model", node, facts)
            case "load":
                return self._load(path.split(".")[-2], a, node)
            case "range" if 0 < len(a) < 3 and all(type(each) is int for each in a.values()):
                return range(*a.values())
            case "super" if isinstance(self.scope.node, nodes.FunctionDef) and not a:
                owner = next(iter(self.facts[self.scope].values()), None)
                return Thing("super", parts=(owner,), of=owner)
            case "dict" if 0 not in a:
                return self.new("table", node, a)
        return ...

    def _method(self, name: str, owner: Any, a: Arguments, node: Any) -> Any:
        """What a method gives, or an ellipsis for those that are not known."""
        match name:
            case "env.step":
                action = self.origin(a.get(0), "action")
                event = self._note("loop", node, owner, *action.of) if action else None
                return Thing("step", of=event) if event else Thing()
            case "env.reset" | "env.seed":
                seed, before = a.get("seed"), self.get(owner.world, "resets")
                # The seed of a single copy, and whether it had that seed the time before.
                again = isinstance(before, tuple) and before[0] == seed
                resets = (seed, again) if type(seed) is int and owner.count == 1 else None
                self.set(owner.world, "resets", resets)
                self._seed(owner, seed, anew=name == "env.seed")
                return Thing()
            case "env.save":
                pairs = self.facts[LEARNT].items()
                learnt = any(w is owner.world and isinstance(env, Env) for (_, w), env in pairs)
                return self.set(FILES, _file(a.get("path")), "final" if learnt else "saved")
            case "super.__init__" if isinstance(owner.of, Thing):
                return self.set(owner.of, "options", a)
            case "table.append" if "*" not in self.entries(owner):
                value = a.get(0)
                if getattr(value, "kind", "") != "table":
                    self.binary(value, "", None)  # a reward that is kept is measured
                return self.set(owner, len(self.entries(owner)), value)
            case "model.learn":
                return self._learn(owner, self.get(owner, "env"), a.get("callback"))
            case "model.predict":
                return Thing("action", of=(owner, a))
            case "model.get_env":
                return self.get(owner, "env")
            case "model.set_env":
                return self.set(owner, "env", self._environment(a.get("env"), node) or Thing())
            case "model.save":
                return self.set(FILES, _file(a.get("path")), (self._learnt(owner), None))
            case "model.load":
                return self._load(self.get(owner, "algorithm"), a, node)
        return ...

    # -- environments -----------------------------------------------------------------------------

    def _environment(self, value: Any, node: Any) -> Env | None:
        """The environment that a value is: an id makes one, and something unknown may be one."""
        if isinstance(value, str):
            return replace(self._world(value, Arguments(), node), monitored=True)
        if isinstance(value, Thing) and value.kind in ("", "instance"):
            return Env(value, self.get(value, "(norm)"), ..., ...)
        return value if isinstance(value, Env) else None

    def _world(self, name: Any, settings: Arguments, node: Any) -> Env:
        """An environment that is made here."""
        seeds = Thing() if "*" in settings else ()
        for each, value in settings.items():  # lists as they are now
            if getattr(value, "kind", "") == "table":
                settings[each] = tuple(self.entries(value).items())
        env = Env(self.new("world", node, {"name": name, "settings": settings, "seeds": seeds}))
        for each in names.SEEDING & settings.keys():
            self._seed(env, settings[each])
        return env

    def _seed(self, env: Env, value: Any, anew: bool = False) -> Env:
        """Note that an environment is seeded; anew: all copies, whatever they were seeded with."""
        if value is not None:
            before, run = self.get(env.world, "seeds"), (value, env.count if anew else 1)
            seeds = (run,) if anew else (*before, run) if isinstance(before, tuple) else before
            self.set(env.world, "seeds", seeds)
        return env

    def assign(self, owner: Any, name: str, value: Any) -> None:
        """``owner.name = value``; of an environment it may be one of its VecNormalize's."""
        norm = getattr(owner, "norm", None)
        if isinstance(owner, Thing):
            self._is_patched |= bool(names.short(owner.path)) and isinstance(value, Thing)
            self.set(owner, name, value)
        elif norm and norm.kind and name in names.FLAGS:
            self.set(norm, name, value)
        elif norm and norm.kind and name in names.STATISTICS:
            self.set(norm, "statistics", "copied")
        else:
            self.doubt(owner)

    # -- agents -----------------------------------------------------------------------------------

    def _load(self, algorithm: Any, a: Arguments, node: Any) -> Thing:
        """A saved model has learnt where it had when it was saved."""
        if isinstance(node.parent, nodes.Expr):
            self._note("load", node, None, None, a)
        saved = self.get(FILES, _file(a.get("path")))
        learnt, pick = saved if isinstance(saved, tuple) else ((), None)
        env = self._environment(a.get("env"), node)
        model = self.new("model", node, {"algorithm": algorithm, "env": env, "pick": pick})
        for each in learnt:
            self.set(LEARNT, (model, each.world), each)
        return model

    def _learn(self, model: Thing, env: Any, callback: Any) -> Thing:
        if isinstance(env, Env):
            self.set(LEARNT, (model, env.world), env)
        kind = getattr(callback, "kind", None)
        if kind == "table":
            for each in self.entries(callback).values():
                self._learn(model, env, each)
        elif kind == "instance" and callback.of.path == "BaseCallback":
            logger = self.outside("stable_baselines3.logger")
            for name, value in {"model": model, "training_env": env, "logger": logger}.items():
                self.set(callback, name, value)
            for i, hook in product((0, 1), names.HOOKS):
                method = self.facts.get(callback.of, {}).get(hook)
                self.loops.append((i, []))  # whether and how often it is called is not known
                self.branches(lambda way: way and self.enter(way, [callback], {}), [method, None])
                self.loops.pop()
        elif kind == "callback":
            self._evaluate_in(callback, model, env)
        else:
            self.doubt(callback)
        return model

    def _evaluate_in(self, callback: Thing, model: Thing, training: Any) -> None:
        """An EvalCallback copies the statistics of training before each of its evaluations."""
        a = self.get(callback, "options")
        env = self._environment(a.get("eval_env"), callback.node) if isinstance(a, dict) else None
        if env is None:
            return
        norm = training.norm if isinstance(training, Env) else Thing()
        if norm and env.norm:
            self.set(env.norm, "statistics", "copied" if norm.kind == "norm" else Thing())
        event = self._note("EvalCallback", callback.node, env, model, a)
        event.reads, best = True, a.get("best_model_save_path")
        if best is not None:
            event.picks = "model"
            file = f"{best}/best_model" if isinstance(best, str) else best
            self.set(FILES, _file(file), (self._learnt(model), event))

    def _learnt(self, model: Any) -> tuple[Env, ...]:
        pairs = self.facts[LEARNT].items()
        return tuple(env for (who, _), env in pairs if who is model and isinstance(env, Env))

    def _note(self, kind: str, node: Any, env: Any, model: Any, options: Arguments) -> Event:
        self.work(1 + len(self.facts) // 30)
        facts, learnt = dict(self.facts), self._learnt(model)
        rounds = tuple(number for number, _ in self.loops)
        event = Event(kind, node, env, model, options, facts, learnt, rounds)
        self.set(PAST, event, True)
        self.events += [] if self._is_patched else [event]
        return event


def _only_adds(cls: Any) -> bool:
    """Whether a class leaves it to EvalCallback where, and how, the agent is evaluated."""
    code = cls.as_string()
    evaluates = "super()._on_step()" in code or "def _on_step" not in code
    return evaluates and not any(word in code for word in names.CHANGING)


def _file(path: Any) -> Any:
    """A path, however it is spelt; what is unknown equals no other."""
    plain = path.replace("//", "/").removeprefix("./") if isinstance(path, str) else ""
    return plain.removesuffix(".zip").rstrip("/") or path
