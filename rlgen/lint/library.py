"""What calls of stable-baselines3, Gymnasium and Procgen do, as far as evaluation is concerned."""

import ast
from collections.abc import Callable as Function
from typing import TYPE_CHECKING

from rlgen.lint import access, environments, making, names, plain
from rlgen.lint.certainty import either, options
from rlgen.lint.trace import Evaluation, view
from rlgen.lint.values import (
    NONE,
    Args,
    Callback,
    Class,
    Const,
    Env,
    Kwargs,
    Method,
    Model,
    Name,
    Object,
    Prediction,
    Reading,
    Seq,
    Value,
)

if TYPE_CHECKING:
    from rlgen.lint.interpreter import Interpreter


def call(
    run: "Interpreter", function: Value, args: Args, kwargs: Kwargs, node: ast.AST, more: bool
) -> Value:
    """What calling something that is no function of the script gives, and what it does."""
    if isinstance(function, Name):
        name = names.short(function.path)
        if name in names.AGENTS:
            return _agent(run, name, args, kwargs, node)
        owner = names.short(function.path.removesuffix(".load"))
        if name == "load" and owner in names.AGENTS:
            return _load(run, owner, named("load", args, kwargs), node)
        handler = _FUNCTIONS.get(name)
        if handler is not None:
            return handler(run, named(name, args, kwargs), node)
        if function.path in names.GLOBAL_SEEDING:
            run.sown = True
    if isinstance(function, Reading):
        # info.get("episode"), reward.item()
        return access.reading_at(function, args[0]) if args else function
    if isinstance(function, Prediction):
        return function
    if isinstance(function, Class):
        return _construct(run, function, args, kwargs, node, more)
    if isinstance(function, Method):
        done = _method(run, function, args, kwargs, node)
        if done is not None:
            return done
    environment = making.made(run, function, args, kwargs, node, more)
    return (
        environment
        if environment is not None
        else plain.call(run, function, args, kwargs, node, more)
    )


def named(function: str, args: Args, kwargs: Kwargs) -> Kwargs:
    """All arguments by name."""
    return dict(zip(names.PARAMETERS.get(function, ()), args, strict=False)) | kwargs


# -- agents ---------------------------------------------------------------------------------------


def _agent(run: "Interpreter", algorithm: str, args: Args, kwargs: Kwargs, node: ast.AST) -> Value:
    named_args = named("agent", args, kwargs)
    model = Model(algorithm, environments.given(run, named_args.get("env"), node))
    for env in model.envs:
        # BaseAlgorithm.set_random_seed seeds the environment too.
        environments.reseed(env, named_args.get("seed", NONE))
    return model


def _method(
    run: "Interpreter", function: Method, args: Args, kwargs: Kwargs, node: ast.AST
) -> Value | None:
    owner, name = function.owner, function.name
    if isinstance(owner, Model):
        if name in _MODEL:
            return _MODEL[name](run, owner, named(name, args, kwargs), node)
        _used(run, args, kwargs)
        return run.unknown(node)
    if isinstance(owner, Env):
        if name == "step":
            return _step(run, owner, args, kwargs, node)
        return environments.method(run, owner, name, args, kwargs, node)
    if isinstance(owner, Class) and name == "load" and _algorithm(owner):
        return _load(run, _algorithm(owner), named("load", args, kwargs), node)
    return plain.method(run, owner, name, args, kwargs, node)


def _algorithm(cls: Class) -> str:
    """The agent of stable-baselines3 that a class of the script derives from."""
    ancestors = (names.short(path) for path in cls.lineage())
    return next((name for name in ancestors if name in names.AGENTS), "")


def _load(run: "Interpreter", algorithm: str, named_args: Kwargs, node: ast.AST) -> Value:
    return Model(algorithm, environments.given(run, named_args.get("env"), node), loaded=True)


def _learn(run: "Interpreter", model: Model, named_args: Kwargs, node: ast.AST) -> Value:
    for env in model.envs:
        model.worlds.add(env.world)
        run.trained.add(env.world)
        run.homes[env.world] = env
    _call_back(run, model, named_args.get("callback", NONE), node)
    for callback in _callbacks(named_args.get("callback", NONE)):
        for evaluation in callback.evaluations:
            evaluation.model = model
            evaluation.against += [view(env) for env in model.envs]
            evaluation.views = [view(env) for env in evaluation.envs]
            if any(env.norm is not None for env in model.envs):
                # EvalCallback copies the statistics before each evaluation.
                for env in evaluation.envs:
                    if env.norm is not None:
                        env.norm.synced = True
    return model


def _call_back(run: "Interpreter", model: Model, value: Value, node: ast.AST) -> None:
    """Callbacks of the script: what they do while the model learns, it does with that model."""
    for each in _inside(value):
        if isinstance(each, Object) and any("Callback" in path for path in each.cls.lineage()):
            each.attrs |= {"model": model, "training_env": _get_env(run, model, {}, node)}
            for name in ("_on_training_start", "_on_step", "_on_rollout_end", "_on_training_end"):
                if each.cls.attr(name) is not None:
                    run.call(access.attribute(run, each, name), [], {}, node)


def _inside(value: Value) -> list[Value]:
    """The alternatives of a value, and the items of a list."""
    inside: list[Value] = []
    for each in options(value):
        parts = [_inside(item) for item in each.items] if isinstance(each, Seq) else [[each]]
        inside += [item for part in parts for item in part]
    return inside


def _callbacks(value: Value) -> list[Callback]:
    return [each for each in _inside(value) if isinstance(each, Callback)]


def _predict(run: "Interpreter", model: Model, named_args: Kwargs, node: ast.AST) -> Value:
    explicit = "deterministic" in named_args
    return Prediction(model, named_args.get("deterministic", Const(False)), explicit)


def _set_env(run: "Interpreter", model: Model, named_args: Kwargs, node: ast.AST) -> Value:
    model.envs = environments.given(run, named_args.get("env"), node)
    return NONE


def _get_env(run: "Interpreter", model: Model, named_args: Kwargs, node: ast.AST) -> Value:
    return either(list(model.envs)) if model.envs else run.unknown(node)


_MODEL: dict[str, Function[..., Value]] = {
    "learn": _learn,
    "predict": _predict,
    "set_env": _set_env,
    "get_env": _get_env,
    "get_vec_normalize_env": _get_env,
}


# -- evaluations ----------------------------------------------------------------------------------


def _note(
    run: "Interpreter",
    kind: str,
    env: Value | None,
    model: Value | None,
    named_args: Kwargs,
    default: Const,
    node: ast.AST,
) -> Evaluation:
    """Enter an evaluation in the trace."""
    envs = environments.given(run, env, node)
    agent = model if isinstance(model, Model) else None
    explicit = "deterministic" in named_args
    evaluation = Evaluation(
        kind,
        getattr(node, "lineno", 0),
        envs,
        [view(each) for each in envs],
        agent,
        named_args.get("deterministic", default),
        explicit,
        order=len(run.trace.evaluations),
        repeated=bool(run.rounds),
        against=[view(each) for each in learnt_in(run, agent)],
    )
    run.trace.evaluations.append(evaluation)
    return evaluation


def learnt_in(run: "Interpreter", model: Model | None) -> list[Env]:
    """Where the model has learnt on the way to here; where any has, if it came from a file."""
    worlds = run.trained
    if model is not None and not model.loaded:
        worlds = worlds & model.worlds
    return [env for world, env in run.homes.items() if world in worlds]


def _evaluate_policy(run: "Interpreter", named_args: Kwargs, node: ast.AST) -> Value:
    for model in options(named_args.get("model", NONE)):
        evaluation = _note(
            run, "evaluate_policy", named_args.get("env"), model, named_args, Const(True), node
        )
        evaluation.episodes = named_args.get("n_eval_episodes", Const(10))
    return Seq([run.unknown(node), run.unknown(node)], 2)


def _eval_callback(run: "Interpreter", named_args: Kwargs, node: ast.AST) -> Value:
    evaluation = _note(
        run, "EvalCallback", named_args.get("eval_env"), None, named_args, Const(True), node
    )
    evaluation.episodes = named_args.get("n_eval_episodes", Const(5))
    evaluation.against = []
    best = named_args.get("best_model_save_path", NONE)
    evaluation.best = None if best == NONE else best
    return Callback([evaluation])


def _callback_list(run: "Interpreter", named_args: Kwargs, node: ast.AST) -> Value:
    inside = [each for value in named_args.values() for each in _callbacks(value)]
    return Callback([evaluation for each in inside for evaluation in each.evaluations])


def _step(run: "Interpreter", env: Env, args: Args, kwargs: Kwargs, node: ast.AST) -> Value:
    """A step that a model has chosen is an evaluation, once its reward is used."""
    noted = []
    for action in (each for value in (*args, *kwargs.values()) for each in options(value)):
        for chosen in action.items if isinstance(action, Seq) else [action]:
            if isinstance(chosen, Prediction):
                named_args = {"deterministic": chosen.deterministic}
                evaluation = _note(run, "loop", env, chosen.model, named_args, Const(False), node)
                evaluation.explicit = chosen.explicit
                evaluation.measured = False
                noted.append(evaluation)
    return Reading("step", tuple(noted))


def finish(run: "Interpreter") -> None:
    """At the script's end: callbacks that were not seen to be given to ``learn``."""
    for evaluation in run.trace.evaluations:
        if evaluation.kind == "EvalCallback" and evaluation.model is None:
            evaluation.views = [view(env) for env in evaluation.envs]
            evaluation.against = [view(env) for env in run.homes.values()]


# -- normalisation --------------------------------------------------------------------------------


def _sync(run: "Interpreter", named_args: Kwargs, node: ast.AST) -> Value:
    for env in options(named_args.get("eval_env", NONE)):
        if isinstance(env, Env) and env.norm is not None:
            env.norm.synced = True
    return NONE


# -- classes of the script ------------------------------------------------------------------------


def _construct(
    run: "Interpreter", cls: Class, args: Args, kwargs: Kwargs, node: ast.AST, more: bool
) -> Value:
    if algorithm := _algorithm(cls):
        return _agent(run, algorithm, args, kwargs, node)
    lineage = cls.lineage()
    if any(names.short(path) == "EvalCallback" for path in lineage):
        # Its own parameters are not those of its parent, but for the names.
        named_args = {"eval_env": args[0]} | kwargs if args else kwargs
        return _eval_callback(run, named_args, node)
    environment = making.of_class(run, cls, lineage, args, kwargs, node, more)
    return environment if environment is not None else instance(run, cls, args, kwargs, node, more)


def instance(
    run: "Interpreter", cls: Class, args: Args, kwargs: Kwargs, node: ast.AST, more: bool
) -> Object:
    """An object of a class of the script, once its ``__init__`` is through."""
    created = Object(cls)
    run.entered(cls.node)
    start = cls.attr("__init__")
    fields = [each for each in cls.node.body if isinstance(each, ast.AnnAssign)]
    if start is not None:
        run.call(run.bound(start, created), args, kwargs, node, more)
    elif fields:
        # A dataclass, or something like it.
        keys = [each.target.id for each in fields if isinstance(each.target, ast.Name)]
        created.attrs |= dict(zip(keys, args, strict=False)) | kwargs
    return created


def _used(run: "Interpreter", args: Args, kwargs: Kwargs) -> None:
    for value in (*args, *kwargs.values()):
        run.use(value)


_FUNCTIONS: dict[str, Function[..., Value]] = {
    "evaluate_policy": _evaluate_policy,
    "EvalCallback": _eval_callback,
    "CallbackList": _callback_list,
    "EveryNTimesteps": _callback_list,
    "sync_envs_normalization": _sync,
}
