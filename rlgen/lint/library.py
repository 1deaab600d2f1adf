"""What calls of stable-baselines3 and of Python's own functions do, as far as evaluation goes."""

from typing import Any

from astroid import nodes

from rlgen.lint import names
from rlgen.lint.environments import Environments, path_key
from rlgen.lint.event import Event
from rlgen.lint.project import Project
from rlgen.lint.python import Python
from rlgen.lint.values import (
    NONE,
    TRUE,
    Args,
    Const,
    Func,
    Kwargs,
    Obj,
    Sym,
    Value,
    const,
    is_,
    key,
)

#: Methods of a callback that are called while a model learns.
HOOKS = ("_on_training_start", "_on_step", "_on_rollout_end", "_on_training_end")


class Library(Environments, Python):
    """The calls that a script makes; its events are what the rules look at."""

    def __init__(self, project: Project) -> None:
        super().__init__(project)
        self.events: list[Event] = []

    def foreign(self, function: Value, args: Args, kwargs: Kwargs, node: Any, more: bool) -> Value:
        """What calling something that is no function of the project gives, and does."""
        path = key(function)
        name = names.short(path)
        owner = self.get(function, "owner") if is_(function, "method") else NONE
        called = str(const(self.get(function, "name"))) if is_(function, "method") else ""
        if is_(function, "class"):
            return self._construct(function, args, kwargs, node, more)
        if is_(function, "prediction") or is_(function, "reading"):
            return self.subscript(function, args[0], node) if args else function
        if name in names.AGENTS:
            return self._agent(name, named("agent", args, kwargs), node)
        loads = name.removesuffix(".load") if name.endswith(".load") else ""
        loads = self._algorithm(owner) if called == "load" else loads
        if loads in names.AGENTS:
            return self._load(loads, named("load", args, kwargs), node)
        handler = getattr(self, f"_make_{name.replace('.', '_').lower()}", None) if name else None
        if handler is not None:
            value: Value = handler(named(name, args, kwargs), node, more)
            return value
        if isinstance(owner, Obj) and owner.kind == "env":
            if called == "step":
                return self._step(owner, args, kwargs, node)
            if called == "load":
                self._note_load(node)
            return self.method(owner, called, args, kwargs, node)
        handler = getattr(self, f"_{owner.kind if isinstance(owner, Obj) else ''}_{called}", None)
        if handler is not None:
            done: Value | None = handler(
                owner, named(called, args, kwargs) if is_(owner, "model") else args, node
            )
            if done is not None:
                return done
        result = self.made(path, args, kwargs, node, more)
        return result if result is not None else self._unknown(function, path, args, kwargs, node)

    # -- agents -----------------------------------------------------------------------------------

    def _algorithm(self, owner: Value) -> str:
        """The agent of stable-baselines3 that a model or a class of the project is."""
        if is_(owner, "model"):
            return key(self.get(owner, "algorithm")) if self.get(owner, "algorithm") != NONE else ""
        ancestors = [names.short(path) for path in self._lineage(owner)]
        return next((name for name in ancestors if name in names.AGENTS), "")

    def _lineage(self, cls: Value) -> list[str]:
        bases = (self.items(self.get(cls, 0)) or []) if is_(cls, "class") else []
        return [
            path
            for base in bases
            for path in (self._lineage(base) if is_(base, "class") else [key(base)])
        ]

    def _agent(self, algorithm: str, a: Kwargs, node: Any) -> Value:
        env = self.given(a.get("env"), node)
        if env:  # BaseAlgorithm.set_random_seed seeds the environment too
            self.seed(env, a.get("seed", NONE), anew=True)
        return self.new(
            "model", node, algorithm=Const(algorithm), env=env or NONE, source=NONE, pick=NONE
        )

    def _load(self, algorithm: str, a: Kwargs, node: Any) -> Value:
        self._note_load(node)
        saved = f"saved {path_key(a.get('path'))}"
        parts = {name: self.get(saved, name, NONE) for name in ("source", "pick")}
        env = self.given(a.get("env"), node) or NONE
        return self.new("model", node, algorithm=Const(algorithm), env=env, **parts)

    def _note_load(self, node: Any) -> None:
        if isinstance(node.parent, nodes.Expr):
            self._note("load", node, None, NONE, {})

    def _model_save(self, model: Obj, a: Kwargs, node: Any) -> Value:
        self.set(f"saved {path_key(a.get('path'))}", "source", model)
        self.set(f"saved {path_key(a.get('path'))}", "pick", self.get(model, "pick"))
        return NONE

    def _model_set_env(self, model: Obj, a: Kwargs, node: Any) -> Value:
        self.set(model, "env", self.given(a.get("env"), node) or self.unknown(node))
        return NONE

    def _model_get_env(self, model: Obj, a: Kwargs, node: Any) -> Value:
        return self.get(model, "env")

    _model_get_vec_normalize_env = _model_get_env

    def _model_set_random_seed(self, model: Obj, a: Kwargs, node: Any) -> Value:
        self.doubt(self.get(model, "env"))
        return NONE

    def _model_predict(self, model: Obj, a: Kwargs, node: Any) -> Value:
        return self.new("prediction", node, model=model, **a)

    def _model_learn(self, model: Obj, a: Kwargs, node: Any) -> Value:
        env = self.get(model, "env")
        world = self.get(env, "world") if is_(env, "env") else NONE
        if is_(world, "world"):
            self.set(world, ("learnt", model), env)
        for each in self._flat(a.get("callback", NONE)):
            if is_(each, "callback"):
                self._evaluate_in(each, model, env)
            elif is_(each, "instance") and any(
                "Callback" in path for path in self._lineage(self.get(each, "class"))
            ):
                self.set(each, "model", model)
                self.set(each, "training_env", env)
                for hook in HOOKS:
                    if self.member(self.get(each, "class"), hook):
                        self.call(self.attribute(each, hook, node), [], {}, node, False)
            else:
                self.doubt(each)
        return model

    def _flat(self, value: Value) -> Args:
        self.work()
        items = self.items(value)
        return [value] if items is None else [each for item in items for each in self._flat(item)]

    def _evaluate_in(self, callback: Obj, model: Obj, training: Value) -> None:
        """An EvalCallback copies the statistics of training before each of its evaluations."""
        options = self.entries(self.get(callback, "options")) or {}
        env = self.given(options.get("eval_env"), callback.node)
        norm = self.get(training, "norm") if is_(training, "env") else self.unknown()
        if env and norm != NONE and is_(self.get(env, "norm"), "norm"):
            self.set(self.get(env, "norm"), "synced", TRUE if is_(norm, "norm") else self.unknown())
        event = self._note("EvalCallback", callback.node, env, model, options)
        for name in ("best_mean_reward", "last_mean_reward"):
            self.set(
                callback, name, self.new("reading", None, kind=Const("return"), event=Const(event))
            )
        best = options.get("best_model_save_path", NONE)
        if best != NONE and key(best):
            event.picks = "model"
            self.set(f"saved {path_key(Sym(key(best) + '/best_model'))}", "source", model)
            self.set(f"saved {path_key(Sym(key(best) + '/best_model'))}", "pick", Const(event))

    # -- evaluations ------------------------------------------------------------------------------

    def _note(self, kind: str, node: Any, env: Obj | None, model: Value, options: Kwargs) -> Event:
        sources = {model, self.get(model, "source")} if is_(model, "model") else set()
        learnt = []
        for world, fields in list(self.log.items()):
            for field in fields if is_(world, "world") else ():
                home = (
                    self.get(world, field)
                    if isinstance(field, tuple) and field[1] in sources
                    else NONE
                )
                learnt += [home] if isinstance(home, Obj) else []
        self.work(1 + len(self.log) // 30)
        rounds = tuple(self.loops)
        event = Event(self, kind, node, env, model, options, learnt, rounds, self.here)
        self.events.append(event)
        return event

    def _make_evaluate_policy(self, a: Kwargs, node: Any, more: bool) -> Value:
        env = self.given(a.get("env"), node)
        event = self._note("evaluate_policy", node, env, a.get("model", NONE), a)
        fields = {"kind": Const("return"), "event": Const(event)}
        return self.listed([self.new("reading", node, **fields) for _ in range(2)], node)

    def _make_evalcallback(self, a: Kwargs, node: Any, more: bool) -> Value:
        return self.new("callback", node, options=self.table(None if more else a, node))

    def _make_callbacklist(self, a: Kwargs, node: Any, more: bool) -> Value:
        return a.get("callbacks", NONE)

    _make_everyntimesteps = _make_callbacklist

    def _step(self, env: Obj, args: Args, kwargs: Kwargs, node: Any) -> Value:
        """A step that a model has chosen is an evaluation, once its reward is used."""
        event: Value = NONE
        for action in (each for value in (*args, *kwargs.values()) for each in self._flat(value)):
            if is_(action, "prediction"):
                options = {name: self.get(action, name) for name in self.log[action]}
                event = Const(self._note("loop", node, env, options.pop("model"), options))
        return self.new("reading", node, kind=Const("step"), event=event)

    # -- classes of the project, and Python's own -------------------------------------------------

    def _construct(self, cls: Obj, args: Args, kwargs: Kwargs, node: Any, more: bool) -> Value:
        lineage = self._lineage(cls)
        if algorithm := self._algorithm(cls):
            return self._agent(algorithm, named("agent", args, kwargs), node)
        if any(names.short(path) == "EvalCallback" for path in lineage):
            # Its own parameters are not those of its parent, but for the names.
            a = ({"eval_env": args[0]} if args else {}) | kwargs
            return self._make_evalcallback(a, node, more)
        env = self.of_class(cls, lineage, args, kwargs, node, more)
        return self.instance(cls, args, kwargs, node, more) if env is None else env

    def _unknown(self, function: Value, path: str, args: Args, kwargs: Kwargs, node: Any) -> Value:
        """What a builtin or an unknown function gives."""
        handler = getattr(self, f"_py_{path.rpartition('.')[2].lower()}", None)
        value: Value | None = handler(args, kwargs, node) if handler else None
        if value is not None:
            return value
        if path.endswith(".optimize") and args and isinstance(args[0], Func):
            chosen = self.call(args[0], [self.unknown(node)], {}, node, False)
            if is_(chosen, "reading"):
                const(self.get(chosen, "event")).picks = "study"
            return NONE
        inside = [each for value in (*args, *kwargs.values()) for each in self._flat(value)]
        readings = [each for each in inside if is_(each, "reading")]
        # Who keeps rewards with observations or actions gathers data, and measures nothing.
        gathers = any(is_(each, "prediction") for each in inside)
        gathers = gathers or any(
            self.get(each, "kind") == Const("observation") for each in readings
        )
        harmless = path.rpartition(".")[2] in names.HARMLESS
        harmless = harmless or path.partition(".")[0] in {*names.PACKAGES, *names.MAKERS, "numpy"}
        for each in () if gathers else inside:
            self.use(each)
        for value in () if harmless else (*args, *kwargs.values()):
            self.doubt(value)
        if "." in path and not harmless:
            self.doubt(Sym(path.rpartition(".")[0]))
        # What is computed from an action or a reward still is one: int(action), float(reward).
        computed = [each for each in inside if is_(each, "prediction") or is_(each, "reading")]
        return computed[0] if computed else self.unknown(node)


def named(function: str, args: Args, kwargs: Kwargs) -> Kwargs:
    """All arguments by name."""
    return dict(zip(names.PARAMETERS.get(function, "").split(), args, strict=False)) | kwargs
