"""The rules: what each looks for, and who finds it.

To add one, write a function from an event of a script to what is wrong with it, or to something
false. Its name is the rule's, and its docstring the rule's line. A rule speaks only of what is
certain: values that differ by the way that the script took are unknown, and equal nothing.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

from rlgen.lint.event import Event
from rlgen.lint.names import ALWAYS_DETERMINISTIC, COSMETIC, LEVELS, NUMBER, START

Check = Callable[[Event], Any]


@dataclass(frozen=True)
class Rule:
    """What is looked for, and what to do about it."""

    check: Check
    remedy: str

    @property
    def name(self) -> str:
        """In words joined by hyphens."""
        return self.check.__name__.replace("_", "-")

    @property
    def card(self) -> str:
        """One line that says what the mistake is."""
        line = (self.check.__doc__ or "").rstrip(".")
        return line[0].lower() + line[1:]


#: By code; those of L5 also look at what measures nothing.
RULES: dict[str, Rule] = {}


def rule(code: str, remedy: str) -> Callable[[Check], Check]:
    """Enter a function as a rule."""

    def enter(check: Check) -> Check:
        RULES[code] = Rule(check, remedy)
        return check

    return enter


def mistakes(events: list[Event]) -> Iterator[tuple[str, Event, str]]:
    """Code, event and reason of each mistake; L2 and L3 once an environment, others each time."""
    for code, each in RULES.items():
        named = set()
        for event in events:
            reason = each.check(event) if event.measures or code.startswith("L5") else None
            if reason and (event.world, event.norm) not in named:
                named |= {(event.world, event.norm)} if code[1] in "23" else set()
                yield code, event, reason


@rule("L101", "make a second environment with levels or a seed of its own")
def evaluates_in_training_environment(event: Event) -> Any:
    """Returns are measured in the environment that the agent has learnt in."""
    where = event.in_training and event.world.node and f", made in {event.at(event.world)}"
    return event.in_training and f"{event.what} is given the environment of training{where or ''}"


@rule("L102", "give the evaluation levels or a seed that training does not have")
def evaluates_on_training_levels(event: Event) -> Any:
    """Returns are measured on levels that are training levels: same ids, or same seed."""
    reasons = [] if event.in_training else [_share(event, env.world) for env in event.learnt]
    why = next(filter(None, reasons), None)
    return why and f"{event.what} is given the environment of {event.at(event.world)}: {why}"


@rule("L103", "pick on validation levels, and report on a third environment")
def best_model_picked_on_test_levels(event: Event) -> Any:
    """The levels that pick the best model are those on which the result is reported."""
    pick = _pick(event, "model")
    path = pick and pick.options.get("best_model_save_path")
    best = repr(path) if isinstance(path, str) else "best_model_save_path"
    where = pick and event.at(pick)
    return pick and f"the EvalCallback of {where} picks the best model ({best}) by the same levels"


@rule("L104", "let the study use validation levels, and report on a third environment")
def hyperparameters_chosen_on_test_levels(event: Event) -> Any:
    """The levels by which a study chooses are those on which the result is reported."""
    pick = _pick(event, "study")
    return pick and f"the study chooses hyperparameters by the same levels, in {event.at(pick)}"


def _pick(event: Event, by: str) -> Any:
    """An earlier evaluation that chose by the levels of this one."""
    reports = event.learnt and not (event.picks or event.in_training)
    for pick in event.before if reports and event.kind != "EvalCallback" else ():
        same = pick.world is event.world or _share(event, pick.world)
        if same and pick.picks == by and not pick.in_training:
            return pick
    return None


def _share(event: Event, other: Any) -> str:
    """Why levels of an event are certainly those of another environment; empty if they are not.

    The same id is no reason, but the same level ids are, and the same seed, with which both draw
    the same levels one after the other. That the test levels are all levels of Procgen is the
    benchmark's own protocol (Cobbe et al. 2020): the training levels are next to none of them.
    """
    mine, theirs = event.get(event.world, "settings"), event.get(other, "settings")
    names = event.get(event.world, "name"), event.get(other, "name")
    if not (isinstance(mine, dict) and isinstance(theirs, dict)) or names[0] != names[1]:
        return ""
    words = mine.keys() | theirs.keys()
    kept = words - {*COSMETIC, *LEVELS, START, NUMBER}
    if "*" in words or any(mine.get(each) != theirs.get(each) for each in kept):
        return ""
    for each in [name for name in LEVELS if name in words]:
        levels = [table.get(each) for table in (mine, theirs)]
        if levels[0] == levels[1]:
            return f"both are given the same {each}"
        first, second = map(_runs, levels)
        return _meet(first, second, f"its {each} ({{}}) and those of training ({{}}) overlap")
    if words & {START, NUMBER} or "procgen" in str(names[0]).lower():
        own, trained = ((table.get(START, 0), table.get(NUMBER, 0)) for table in (mine, theirs))
        if trained[1] == 0:
            return f"training has {NUMBER} = 0, which is all levels, so that none is held out"
        if own[1] == 0:
            all_levels = f"{NUMBER} = 0 is all levels, those of training among them, and {START} ="
            is_ignored = type(own[0]) is int and own[0] != 0
            return f"{all_levels} {own[0]} is ignored" if is_ignored else ""
        return _meet([own], [trained], "its levels ({}) are among those of training ({})")
    first, second = event.get(event.world, "seeds"), event.get(other, "seeds")
    both = isinstance(first, tuple) and isinstance(second, tuple)
    so = "it is seeded with {} and training with {}, so that its episodes begin like those of"
    return _meet(first, second, f"{so} training") if both else ""


def _runs(levels: Any) -> list[tuple[Any, Any]]:
    """The runs of level ids, each the first and how many."""
    if isinstance(levels, range):
        return [(levels.start, len(levels))]
    return [(each, 1) for _, each in levels] if isinstance(levels, tuple) else []


def _meet(mine: Any, theirs: Any, reason: str) -> str:
    """A reason with two runs of numbers that certainly have one in common, or nothing."""
    for (first, count), (other, size) in product(mine, theirs):
        behind, ahead = (each if type(each) is int else 1 for each in (count, size))
        whole = type(first) is type(other) is int
        if first is other or (whole and -behind < first - other < ahead):
            return reason.format(_shown(first, behind), _shown(other, ahead))
    return ""


def _shown(first: Any, count: int) -> str:
    """A run of numbers, for messages."""
    if type(first) is not int:
        return getattr(first, "path", "") or "the same value"
    return str(first) if count == 1 else f"{first} to {first + count - 1}"


@rule("L201", "seed it: make_vec_env(..., seed=...), or reset(seed=...) once")
def unseeded_evaluation(event: Event) -> Any:
    """The evaluation environment is never seeded."""
    unseeded = event.get(event.world, "seeds") == () and not event.in_training
    where = unseeded and event.at(event.world)
    return unseeded and f"nothing seeds the environment of {where}: another run plays other levels"


@rule("L202", "evaluate many levels, and let the seed change from episode to episode")
def one_level(event: Event) -> Any:
    """A single level or episode is evaluated, which tells nothing of others."""
    # What is certain in a later round of each loop holds in all rounds.
    resets = event.get(event.world, "resets")
    if event.kind == "loop" and all(event.rounds) and isinstance(resets, tuple) and resets[1]:
        return "the loop resets with the same seed before each episode"
    # One level or episode in each round of a loop may be many in all.
    settings = not event.rounds and event.get(event.world, "settings")
    settings = settings if isinstance(settings, dict) else {}
    levels = [run for name in LEVELS for run in _runs(settings.get(name))]
    levels += [(settings.get(START, 0), 1)] * (settings.get(NUMBER) == 1)
    if [(type(first), count) for first, count in levels] == [(int, 1)]:
        return f"the environment of {event.at(event.world)} has one level"
    one = event.options.get("n_eval_episodes") == 1 and not event.rounds
    return one and f"{event.what} is asked for one episode"


@rule("L301", "set training = False on it, or VecNormalize(..., training=False)")
def statistics_move_in_evaluation(event: Event) -> Any:
    """The statistics of VecNormalize go on being updated while returns are measured."""
    # Where nothing is normalised, statistics that move do no harm.
    flags = [event.get(event.norm, flag) for flag in ("norm_obs", "norm_reward")]
    moves = event.get(event.norm, "training") is True and flags != [False, False]
    return moves and f"the VecNormalize of {event.at(event.norm)} has training = True"


@rule("L302", "set norm_reward = False on it, or wrap each environment in a Monitor")
def normalised_rewards_reported(event: Event) -> Any:
    """The returns that are measured are those of VecNormalize, not of the environment."""
    # evaluate_policy and EvalCallback report what a Monitor has kept; a loop sees what step gives.
    is_read = event.kind == "loop" or getattr(event.env, "monitored", None) is False
    wrong = is_read and event.get(event.norm, "norm_reward") is True
    return wrong and f"the VecNormalize of {event.at(event.norm)} has norm_reward = True"


@rule("L303", "use VecNormalize.load or sync_envs_normalization")
def fresh_statistics(event: Event) -> Any:
    """A VecNormalize is made anew for evaluation, without the statistics of training."""
    used = event.get(event.norm, "norm_obs") is True
    trained = event.in_training or any(env.norm is event.norm for env in event.learnt)
    copied = event.kind == "EvalCallback" and not event.learnt
    empty = event.get(event.norm, "statistics") == "none" and not (trained or copied)
    wrong = used and empty
    return wrong and f"nothing gives the VecNormalize of {event.at(event.norm)} statistics"


@rule("L304", "wrap the evaluation environment with VecNormalize.load")
def no_normalisation_in_evaluation(event: Event) -> Any:
    """The agent learnt from normalised observations and is evaluated on others."""
    norms = [env.norm for env in event.learnt]
    normal = norms and all(event.get(norm, "norm_obs") is True for norm in norms)
    wrong = normal and event.norm is None and not event.in_training
    where = wrong and event.at(norms[0])
    return wrong and f"training has the VecNormalize of {where}, {event.what} has none"


@rule("L305", "save VecNormalize with the model, in EvalCallback(callback_on_new_best=...)")
def best_model_with_final_statistics(event: Event) -> Any:
    """The best model is evaluated with the statistics of the end of training."""
    pick, norm = event.get(event.model, "pick"), event.norm
    alone = isinstance(pick, Event) and pick.options.get("callback_on_new_best") is None
    used = event.get(norm, "norm_obs") is not False
    wrong = alone and used and event.get(norm, "statistics") == "final"
    where = wrong and event.at(norm)
    return wrong and f"the statistics of {where} are of the end of training, the model is earlier"


@rule("L401", "say deterministic=... everywhere: only predict defaults to False")
def deterministic_and_sampled(event: Event) -> Any:
    """Actions are deterministic in one evaluation and sampled in another."""
    ways = {each: _is_greedy(each) for each in (*event.before, event)}
    certain = [each for each, way in ways.items() if way is not None]
    # A script that says both itself, for the same kind of evaluation, compares them on purpose.
    stated = {(each.kind, ways[each]) for each in certain if "deterministic" in each.options}
    on_purpose = len(stated) > len({kind for kind, _ in stated})
    clash = [each for each in certain if ways[each] != ways[certain[0]]]
    if clash != [event] or on_purpose:
        return None
    here, first = (
        f"is {'deterministic' if ways[each] else 'sampled'}"
        + ("" if "deterministic" in each.options else " by default")
        for each in (event, certain[0])
    )
    return f"{event.what} {here}, but {certain[0].what} in {event.at(certain[0])} {first}"


def _is_greedy(event: Event) -> Any:
    value = event.options.get("deterministic", event.kind != "loop")
    fixed = event.get(event.model, "algorithm") in ALWAYS_DETERMINISTIC
    return value if isinstance(value, bool) and not fixed else None


@rule("L501", "write model = PPO.load(...), or model.set_parameters(...)")
def load_thrown_away(event: Event) -> Any:
    """Load() is called as if it changed a model in place: it returns a new one."""
    return event.kind == "load" and "load returns what it has loaded, and nothing takes it"


@rule("L502", "write action, state = model.predict(obs, state=state, episode_start=...)")
def recurrent_state_lost(event: Event) -> Any:
    """A recurrent agent is not given the state that its last predict returned."""
    recurrent = event.kind == "loop" and event.get(event.model, "algorithm") == "RecurrentPPO"
    # In a later round of a loop it is still None, or it is never handed over.
    lost = recurrent and any(event.rounds[-1:]) and event.options.get("state") is None
    return lost and "predict of a recurrent agent is called without the state of the step before"
