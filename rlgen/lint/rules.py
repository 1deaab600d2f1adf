"""The rules: what each looks for, and who finds it.

To add one, write a function from an event of a script, and all of its events, to what is wrong with
it. Its name is the rule's, and its docstring the rule's line. A rule speaks only of what is
certain: values that differ by the way that the script took are unknown, and equal nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass

from rlgen.lint import overlap
from rlgen.lint.event import Event
from rlgen.lint.names import ALWAYS_DETERMINISTIC, LEVELS, NUMBER
from rlgen.lint.values import Span, distance, is_kind, shown

Check = Callable[[Event, list[Event]], str]


@dataclass(frozen=True)
class Rule:
    """What is looked for.

    Attributes:
        check: Says what is wrong with an event, given all of them; empty where nothing is.
        remedy: What to do about the mistake.
        once: Whether each environment is named only where it is met first.
        shows: Whether it is a mistake too where nobody reads the returns.
    """

    check: Check
    remedy: str
    once: bool
    shows: bool

    @property
    def name(self) -> str:
        """In words joined by hyphens."""
        return self.check.__name__.replace("_", "-")

    @property
    def card(self) -> str:
        """One line that says what the mistake is."""
        line = (self.check.__doc__ or "").rstrip(".")
        return line[0].lower() + line[1:]


#: By code.
RULES: dict[str, Rule] = {}


def rule(
    code: str, remedy: str, *, once: bool = False, shows: bool = False
) -> Callable[[Check], Check]:
    """Enter a function as a rule."""

    def enter(check: Check) -> Check:
        RULES[code] = Rule(check, remedy, once, shows)
        return check

    return enter


# -- held out, or not -----------------------------------------------------------------------------


@rule("L101", "make a second environment with levels or a seed of its own")
def evaluates_in_training_environment(event: Event, events: list[Event]) -> str:
    """Returns are measured in the environment that the agent has learnt in."""
    how = "which is first used in" if event.world.owner else "made in"
    where = f"{event.kind} is given the environment of training, {how} {event.at(event.world)}"
    return where if event.in_training else ""


@rule("L102", "give the evaluation levels or a seed that training does not have", once=True)
def evaluates_on_training_levels(event: Event, events: list[Event]) -> str:
    """Returns are measured on levels that are training levels: same ids, or same seed."""
    if event.in_training:
        return ""
    reasons = (overlap.reason(event, event.world, env.world) for env in event.learnt)
    why = next(filter(None, reasons), "")
    return f"{event.what} is given the environment of {event.at(event.world)}: {why}" if why else ""


@rule("L103", "pick on validation levels, and report on a third environment")
def best_model_picked_on_test_levels(event: Event, events: list[Event]) -> str:
    """The levels that pick the best model are those on which the result is reported."""
    for pick in _picks(event, events, "model"):
        best = shown(pick.options["best_model_save_path"])
        where = "best_model_save_path" if best == "the same value" else repr(best)
        at = event.at(pick)
        return f"the EvalCallback of {at} picks the best model ({where}) by the same levels"
    return ""


@rule("L104", "let the study use validation levels, and report on a third environment")
def hyperparameters_chosen_on_test_levels(event: Event, events: list[Event]) -> str:
    """The levels by which a study chooses are those on which the result is reported."""
    for pick in _picks(event, events, "study"):
        return f"the study chooses hyperparameters by the same levels, in {event.at(pick)}"
    return ""


def _picks(event: Event, events: list[Event], by: str) -> list[Event]:
    """Earlier events that chose by the levels of this one."""
    if event.picks or event.kind == "EvalCallback" or event.in_training or not event.learnt:
        return []
    picks = [each for each in events if each.picks == by and each.measures and event.after(each)]
    return [
        each
        for each in picks
        if not each.in_training
        and (each.world is event.world or overlap.reason(event, event.world, each.world))
    ]


# -- which levels, and how many -------------------------------------------------------------------


@rule("L201", "seed it: make_vec_env(..., seed=...), or reset(seed=...) once", once=True)
def unseeded_evaluation(event: Event, events: list[Event]) -> str:
    """The evaluation environment is never seeded."""
    if event.in_training or event.get(event.world, "seeds") != ():
        return ""
    where = event.at(event.world)
    return f"nothing seeds the environment of {where}: another run plays other levels"


@rule("L202", "evaluate many levels, and let the seed change from episode to episode")
def one_level(event: Event, events: list[Event]) -> str:
    """A single level or episode is evaluated, which tells nothing of others."""
    repeated = event.get(event.world, "repeated")
    if event.kind == "loop" and is_kind(repeated, "reset"):
        always = event.world not in event.memory.unseeded
        return f"{event.at(repeated)} resets with the same seed before each episode" * always
    if event.rounds and event.kind != "loop":
        return ""  # one level or episode in each round may be many in all
    if event.options.get("n_eval_episodes") == 1:
        return f"{event.what} is asked for one episode"
    single = _single(event) and event.get(event.world, "rounds") == 0
    return f"the environment of {event.at(event.world)} has one level" if single else ""


def _single(event: Event) -> bool:
    """Whether the settings name exactly one level."""
    options = overlap.settings(event, event.world)
    levels = next((options[name] for name in LEVELS if name in options), None)
    if NUMBER in options:
        return bool(options[NUMBER] == 1)
    if isinstance(levels, Span):
        return distance(levels.start, levels.stop) == 1
    return isinstance(levels, tuple) and len(levels) == 1


# -- VecNormalize: whose statistics, and do they stand still? -------------------------------------


@rule("L301", "set training = False on it, or VecNormalize(..., training=False)", once=True)
def statistics_move_in_evaluation(event: Event, events: list[Event]) -> str:
    """The statistics of VecNormalize go on being updated while returns are measured."""
    # Where nothing is normalised, statistics that move do no harm.
    idle = all(event.get(event.norm, flag) is False for flag in ("norm_obs", "norm_reward"))
    moves = event.get(event.norm, "training") is True and not idle
    return f"the VecNormalize of {event.at(event.norm)} has training = True" if moves else ""


@rule("L302", "set norm_reward = False on it, or wrap each environment in a Monitor", once=True)
def normalised_rewards_reported(event: Event, events: list[Event]) -> str:
    """The returns that are measured are those of VecNormalize, not of the environment."""
    # evaluate_policy and EvalCallback report what a Monitor has kept; a loop sees what step gives.
    by_hand = event.kind == "loop"
    kept = event.env is None or event.env.monitored is not False
    is_read = event.rewards if by_hand else not kept
    wrong = is_read and event.get(event.norm, "norm_reward") is True
    return f"the VecNormalize of {event.at(event.norm)} has norm_reward = True" if wrong else ""


@rule("L303", "use VecNormalize.load or sync_envs_normalization", once=True)
def fresh_statistics(event: Event, events: list[Event]) -> str:
    """A VecNormalize is made anew for evaluation, without the statistics of training."""
    empty = event.get(event.norm, "statistics") == "none"
    trained = event.in_training or any(env.norm is event.norm for env in event.learnt)
    copies = event.kind == "EvalCallback" and not event.learnt
    wrong = empty and event.get(event.norm, "norm_obs") is True and not (trained or copies)
    return f"nothing gives the VecNormalize of {event.at(event.norm)} statistics" if wrong else ""


@rule("L304", "wrap the evaluation environment with VecNormalize.load", once=True)
def no_normalisation_in_evaluation(event: Event, events: list[Event]) -> str:
    """The agent learnt from normalised observations and is evaluated on others."""
    norms = [env.norm for env in event.learnt]
    normal = norms and all(event.get(norm, "norm_obs") is True for norm in norms)
    if not normal or event.norm is not None or event.in_training:
        return ""
    return f"training has the VecNormalize of {event.at(norms[0])}, {event.what} has none"


@rule(
    "L305", "save VecNormalize with the model, in EvalCallback(callback_on_new_best=...)", once=True
)
def best_model_with_final_statistics(event: Event, events: list[Event]) -> str:
    """The best model is evaluated with the statistics of the end of training."""
    pick = event.get(event.model, "pick") if is_kind(event.model, "model") else None
    final = event.get(event.norm, "statistics") == "final"
    if not isinstance(pick, Event) or not final or event.get(event.norm, "norm_obs") is False:
        return ""
    if pick.options.get("callback_on_new_best") is not None:
        return ""
    where = event.at(event.norm)
    return f"the statistics of {where} are of the end of training, the model is earlier"


# -- is it this agent that acts, and in the same way wherever returns are measured? ---------------


@rule(
    "L401",
    "say deterministic=... everywhere: predict defaults to False, evaluate_policy and "
    "EvalCallback to True",
)
def deterministic_and_sampled(event: Event, events: list[Event]) -> str:
    """Actions are deterministic in one evaluation and sampled in another."""
    certain = [
        each
        for each in events
        if each.measures and _word(each) and each.algorithm not in ALWAYS_DETERMINISTIC
    ]
    # A script that says both itself, for the same kind of evaluation, compares them on purpose.
    stated = {(each.kind, _word(each)) for each in certain if "deterministic" in each.options}
    on_purpose = len(stated) > len({kind for kind, _ in stated})
    first = certain[0] if certain else event
    clash = next((each for each in certain if _word(each) != _word(first)), None)
    if on_purpose or event is not clash or not event.after(first):
        return ""
    before = f"{first.what} in {event.at(first)} is {_word(first)}{_how(first)}"
    return f"{event.what} is {_word(event)}{_how(event)}, but {before}"


def _word(event: Event) -> str:
    value = event.options.get("deterministic", event.kind != "loop")
    return {True: "deterministic", False: "sampled"}[value] if isinstance(value, bool) else ""


def _how(event: Event) -> str:
    return "" if "deterministic" in event.options else " by default"


@rule("L501", "write model = PPO.load(...), or model.set_parameters(...)", shows=True)
def load_thrown_away(event: Event, events: list[Event]) -> str:
    """Load() is called as if it changed a model in place: it returns a new one."""
    thrown = event.kind == "load"
    return "load returns what it has loaded, and nothing takes it" if thrown else ""


@rule(
    "L502", "write action, state = model.predict(obs, state=state, episode_start=...)", shows=True
)
def recurrent_state_lost(event: Event, events: list[Event]) -> str:
    """A recurrent agent is not given the state that its last predict returned."""
    recurrent = event.kind == "loop" and event.algorithm == "RecurrentPPO"
    # In a later round of a loop it is still None, or it is never handed over.
    lost = recurrent and event.options.get("state") is None and any(event.rounds[-1:])
    return (
        "predict of a recurrent agent is called without the state of the step before"
        if lost
        else ""
    )
