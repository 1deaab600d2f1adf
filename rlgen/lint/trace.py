"""What a script does that matters for how its agent is judged: the evaluations, in order."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rlgen.lint.values import Env, Model, Norm, Seeds, Value, World


@dataclass(frozen=True, eq=False)
class NormView:
    """A ``VecNormalize`` as it was in an evaluation.

    Attributes:
        norm: Which.
        settings: ``training``, ``norm_obs`` and ``norm_reward`` at that time.
        synced: Whether its statistics had come from elsewhere.
    """

    norm: "Norm"
    settings: "dict[str, Value]"
    synced: bool


@dataclass(frozen=True, eq=False)
class View:
    """An environment as it was in an evaluation.

    Attributes:
        env: Which.
        seeds: What it had been seeded with.
        seeded: Whether it had; None where that cannot be told.
        norm: Its ``VecNormalize``, None where it has none.
    """

    env: "Env"
    seeds: "tuple[Seeds, ...]"
    seeded: bool | None
    norm: NormView | None

    @property
    def world(self) -> "World":
        """Beneath the wrappers."""
        return self.env.world


def view(env: "Env") -> View:
    """The environment as it is now."""
    norm = None
    if env.norm is not None:
        norm = NormView(env.norm, dict(env.norm.settings), env.norm.synced)
    return View(env, tuple(env.world.seeds), env.world.seeded, norm)


@dataclass(eq=False)
class Evaluation:
    """A place where an agent's return is measured.

    Attributes:
        kind: "evaluate_policy", "EvalCallback" or "loop" (``predict`` and ``step`` by hand).
        line: Of the call, or of the step.
        envs: Where, one for each way the script may have taken.
        views: These as they were at the time.
        model: Of whom; None where unknown.
        against: Views of where the agent had learnt.
        deterministic: Of the actions.
        explicit: Whether the script says so itself.
        episodes: Asked for; None in a loop.
        best: The ``best_model_save_path``, or something else that keeps the best model.
        measured: Whether rewards are used: a loop that only shows an agent measures nothing.
        stepped: Whether these are rewards as ``step`` gave them, not what a Monitor has kept.
        order: Place among all evaluations.
        repeated: Whether it stands in a loop.
    """

    kind: str
    line: int
    envs: "list[Env]"
    views: list[View]
    model: "Model | None"
    deterministic: "Value"
    explicit: bool
    episodes: "Value | None" = None
    best: "Value | None" = None
    measured: bool = True
    stepped: bool = False
    order: int = 0
    repeated: bool = False
    against: list[View] = field(default_factory=list)

    @property
    def what(self) -> str:
        """For messages."""
        return "the loop" if self.kind == "loop" else self.kind


@dataclass
class Trace:
    """What following a script has shown.

    Attributes:
        evaluations: In the order in which they were met; a line of a loop or of a function that
            is called twice is there more than once.
        complete: Whether the script was followed to its end.
        by_hand: Whether observations are normalised by hand.
    """

    evaluations: list[Evaluation] = field(default_factory=list)
    complete: bool = True
    by_hand: bool = False
