"""What calls of stable-baselines3 and of Python's own functions do, as far as evaluation goes."""

from dataclasses import replace
from typing import Any

from astroid import nodes

from rlgen.lint import names
from rlgen.lint.environments import Environments
from rlgen.lint.event import Event
from rlgen.lint.project import Project
from rlgen.lint.values import (
    Arguments,
    Env,
    Function,
    Method,
    Prediction,
    Reading,
    Scope,
    Span,
    Thing,
    is_kind,
    text,
)


class Library(Environments):
    """The calls that a script makes; its events are what the rules look at."""

    def __init__(self, project: Project) -> None:
        super().__init__(project)
        self.events: list[Event] = []

    def call(self, function: Any, args: list[Any], kwargs: Arguments, node: Any) -> Any:
        """What a call gives."""
        if isinstance(function, Function):
            return self.enter(function, args, kwargs)
        if isinstance(function, Prediction | Reading):
            return function
        if isinstance(function, Method):
            kind = "env" if isinstance(function.owner, Env) else getattr(function.owner, "kind", "")
            a = _named(f"{kind}.{function.name}", args, kwargs)
            result = self._method(kind, function.owner, function.name, a, node)
        else:
            path = function.path if isinstance(function, Thing) else ""
            name = names.short(path)
            if is_kind(function, "class"):
                bases = [names.short(base) for base in self._lineage(function)]
                if "EvalCallback" in bases and _only_adds(function.node):
                    return self._own_callback(function, args, kwargs, node)
                name = next((base for base in bases if base in names.AGENTS), "")
                if not name:
                    return self.instance(function, args, kwargs, node)
            result = self._function(name or f"python.{path}", args, kwargs, node)
        return self._unknown(function, args, kwargs, node) if result is ... else result

    def _own_callback(self, cls: Scope, args: list[Any], kwargs: Arguments, node: Any) -> Thing:
        """A callback that adds to EvalCallback, whose parameters have the names of its own."""
        start = self.inherited(cls, "__init__")
        if not isinstance(start, Function):
            return self.new("callback", node, options=_named("EvalCallback", args, kwargs))
        own = self._arguments(replace(start, owner=Thing()), args, kwargs)
        words = names.PARAMETERS["EvalCallback"].split()
        options = Arguments({name: own[name] for name in words if name in own})
        return self.new("callback", node, options=options)

    def _lineage(self, cls: Any) -> list[str]:
        """The foreign classes that a class is made of."""
        self.work()
        if isinstance(cls, Scope):
            return [path for base in cls.bases for path in self._lineage(base)]
        return [cls.path] if isinstance(cls, Thing) else []

    def _unknown(self, function: Any, args: list[Any], kwargs: Arguments, node: Any) -> Any:
        """What a call gives of which nothing is known but what it gets hold of."""
        path = function.path if isinstance(function, Thing) else ""
        name = path.rpartition(".")[2] or getattr(getattr(node, "func", None), "attrname", "")
        wrapped = self.wrapped(path, [*args, *kwargs.values()])
        if wrapped is not None:
            return wrapped
        if name == "optimize" and args and isinstance(args[0], Function):
            chosen = self.enter(args[0], [Thing()], Arguments())
            if isinstance(chosen, Reading):
                chosen.event.picks = "study"
        reached = [getattr(function, "owner", None), function, *args, *kwargs.values()]
        if name in names.HARMLESS or names.top(path) in names.PACKAGES | names.MAKERS | {"numpy"}:
            reached = []
        self.doubt(*reached)
        # What is computed from an action or a reward still is one: int(action), float(reward).
        inside = [each for value in (*args, *kwargs.values()) for each in self._flat(value)]
        computed = [each for each in inside if isinstance(each, Prediction | Reading)]
        return computed[0] if computed else Thing(maybe=tuple(reached))

    def _flat(self, value: Any, depth: int = 3) -> list[Any]:
        self.work()
        items = self.items(value) if depth else None
        if items is None:
            return [value]
        return [each for item in items for each in self._flat(item, depth - 1)]

    def _function(self, name: str, args: list[Any], kwargs: Arguments, node: Any) -> Any:
        """What a function gives, or an ellipsis for those that are not known."""
        algorithm, _, load = name.partition(".")
        if algorithm in names.AGENTS:
            a = _named(load or "agent", args, kwargs)
            return self._load(algorithm, a, node) if load else self._agent(algorithm, a, node)
        a = _named(name, args, kwargs)
        match name:
            case "make" | "make_vec" | "ProcgenEnv":
                env_id, count = a.pop("id", a.pop("env_name", Thing())), a.pop("num_envs", 1)
                return replace(self.world(env_id, a, node), count=count)
            case "make_vec_env" | "make_atari_env":
                return self.vectorised(a, node)
            case "DummyVecEnv" | "SubprocVecEnv":
                return self.joint(a.get("env_fns"), node)
            case "VecNormalize":
                flags = {flag: a.get(flag, True) for flag in names.FLAGS}
                return self.normalised(a.get("venv"), node, statistics="none", **flags)
            case "VecNormalize.load":
                saved = self.get(self.files, self.file(a.get("load_path")), "saved")
                return self.normalised(a.get("venv"), node, statistics=saved, training=True)
            case "sync_envs_normalization":
                target = self.environment(a.get("eval_env"), node)
                if target:
                    self.assign(target, "obs_rms", a.get("env"))
                return None
            case "evaluate_policy":
                env = self.environment(a.get("env"), node)
                return Reading(self._note(name, node, env, a.get("model"), a), "return")
            case "EvalCallback":
                return self.new("callback", node, options=a)
            case "CallbackList" | "EveryNTimesteps":
                return a.get("callbacks")
            case "python.range" | "python.numpy.arange" if len(a) < 3:
                return Span(*([0, a.get(0)] if len(a) == 1 else [a.get(0), a.get(1)]))
            case "python.dict" if 0 not in a and not a.more:
                return self.new("dict", node, **a)
            case "python.os.path.join":
                return text("/".join(text(each) for each in a.values()))
        return ...

    def _method(self, kind: str, owner: Any, name: str, a: Arguments, node: Any) -> Any:
        """What a method gives, or an ellipsis for those that are not known."""
        match kind, name:
            case "env", "step":
                actions = [each for value in a.values() for each in self._flat(value)]
                for action in (each for each in actions if isinstance(each, Prediction)):
                    event = self._note("loop", node, owner, action.model, action.options)
                    return Reading(event, "step")
                return Thing()
            case "env", "reset":
                value, rounds = a.get("seed"), len(self.loops)
                if value is None:
                    self.unseeded.add(owner.world)
                elif type(value) is int and rounds and rounds != self.get(owner.world, "rounds"):
                    self.set(owner.world, "repeated", self.new("reset", node))
                self.seed(owner, value)
                return Thing()
            case "env", "seed":
                return self.seed(owner, a.get("seed"), anew=True)
            case "env", "save":
                learnt = self.get(owner.world, "learnt") is True
                file = self.file(a.get("path"))
                return self.set(self.files, file, "final" if learnt else "saved")
            case "env", "load":
                return self._load("", a, node)
            case "model", "learn":
                return self._learn(owner, a)
            case "model", "predict":
                return Prediction(owner, a)
            case "model", "get_env" | "get_vec_normalize_env":
                return self.get(owner, "env")
            case "model", "set_env":
                env = self.environment(a.get("env"), node)
                return self.set(owner, "env", env or Thing())
            case "model", "save":
                return self._save(owner, self.file(a.get("path")))
            case "model", "load":
                return self._load(self.get(owner, "algorithm"), a, node)
            case "list", "append" if isinstance(self.get(owner, "items"), tuple):
                self.binary(a.get(0), "", None)  # a reward that is kept is measured
                return self.set(owner, "items", (*self.get(owner, "items"), a.get(0)))
        return ...

    # -- agents -----------------------------------------------------------------------------------

    def _agent(self, algorithm: str, a: Arguments, node: Any) -> Thing:
        env = self.environment(a.get("env"), node)
        if env:  # an agent seeds its environment
            self.seed(env, a.get("seed"), anew=True)
        return self.new("model", node, algorithm=algorithm, env=env, pick=None)

    def _load(self, algorithm: Any, a: Arguments, node: Any) -> Any:
        if isinstance(node.parent, nodes.Expr):
            self._note("load", node, None, None, a)
        env, source = (
            self.environment(a.get("env"), node),
            self.get(self.files, self.file(a.get("path"))),
        )
        model = self.new("model", node, pick=None)
        saved = self.facts.get(source, {}) if is_kind(source, "model") else {}
        self.facts[model] = {"pick": None, **saved, "algorithm": algorithm, "env": env}
        return model

    def _save(self, model: Thing, file: str, **more: Any) -> None:
        copy = self.new("model", model.node)
        self.facts[copy] = {**self.facts.get(model, {}), **more}
        self.set(self.files, file, copy)

    def _learn(self, model: Thing, a: Arguments) -> Thing:
        env = self.get(model, "env")
        if isinstance(env, Env):
            self.set(model, ("learnt", env.world), env)
            self.set(env.world, "learnt", True)
        for each in self._flat(a.get("callback")):
            if is_kind(each, "callback"):
                self._evaluate_in(each, model, env)
            elif is_kind(each, "instance"):
                self.set(each, "model", model)
                self.set(each, "training_env", env)
                hooks = [self.inherited(each.owner, hook) for hook in names.HOOKS]
                for hook in (hook for hook in hooks if isinstance(hook, Function)):
                    self.enter(replace(hook, owner=each), [], Arguments())
            else:
                self.doubt(each)
        return model

    def _evaluate_in(self, callback: Thing, model: Thing, training: Any) -> None:
        """An EvalCallback copies the statistics of training before each of its evaluations."""
        options = self.get(callback, "options")
        if not isinstance(options, Arguments):
            return
        env = self.environment(options.get("eval_env"), callback.node)
        norm = training.norm if isinstance(training, Env) else Thing()
        if env and is_kind(env.norm, "norm") and norm is not None:
            self.set(env.norm, "statistics", "copied" if is_kind(norm, "norm") else Thing())
        event = self._note("EvalCallback", callback.node, env, model, options)
        best = options.get("best_model_save_path")
        if best is not None:
            event.picks = "model"
            self._save(model, self.file(text(best) + "/best_model"), pick=event)

    def _note(self, kind: str, node: Any, env: Any, model: Any, options: Any) -> Event:
        self.work(1 + len(self.facts) // 30)
        rounds = tuple(loop.round for loop in self.loops)
        event = Event(self, dict(self.facts), kind, node, env, model, options, rounds)
        self.set(self.past, event, True)
        self.events.append(event)
        return event


def _named(function: str, args: list[Any], kwargs: Arguments) -> Arguments:
    """All arguments by name, the others by their number."""
    words = names.PARAMETERS.get(function, "").split()
    named = Arguments(enumerate(args[len(words) :]))
    named.update({**dict(zip(words, args, strict=False)), **kwargs})
    named.more = kwargs.more
    return named


def _only_adds(cls: Any) -> bool:
    """Whether a class leaves it to EvalCallback where, and how, the agent is evaluated."""
    code = cls.as_string()
    steps = {each.name for each in cls.body if isinstance(each, nodes.FunctionDef)} - {"__init__"}
    evaluates = "super()._on_step()" in code or "_on_step" not in steps
    return evaluates and not any(word in code for word in names.CHANGING)
