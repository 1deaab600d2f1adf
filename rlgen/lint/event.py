"""Places of a script that matter for how its agent is judged."""

from dataclasses import dataclass
from typing import Any

from rlgen.lint.facts import PAST, Env


@dataclass(eq=False)
class Event:
    """A place where returns are measured, or where something loaded is thrown away.

    ``kind`` is ``evaluate_policy``, ``EvalCallback``, ``loop`` (``predict`` and ``step`` by hand)
    or ``load``; ``learnt`` are the environments in which the model has certainly learnt, ``rounds``
    those of the loops around. Returns that nobody ``reads`` measure nothing; those that are read
    may choose what ``picks`` says: a ``model`` or a ``study``.
    """

    kind: str
    node: Any
    env: Env | None
    model: Any
    options: dict[str, Any]
    facts: Any
    learnt: tuple[Env, ...]
    rounds: tuple[int, ...]
    reads: bool = False
    picks: str = ""

    def get(self, owner: Any, name: Any) -> Any:
        """A fact as it is here; None if nothing is known."""
        return self.facts.get(owner, {}).get(name)

    @property
    def what(self) -> str:
        """For messages."""
        return "the loop" if self.kind == "loop" else self.kind

    @property
    def world(self) -> Any:
        """The environment beneath its wrappers."""
        return self.env and self.env.world

    @property
    def norm(self) -> Any:
        """Its VecNormalize, None or unknown."""
        return self.env and self.env.norm

    @property
    def in_training(self) -> bool:
        """Whether it is in an environment in which the agent has learnt."""
        return any(env.world is self.world for env in self.learnt)

    @property
    def measures(self) -> bool:
        """Whether somebody reads the returns of an environment."""
        return self.reads and self.env is not None

    @property
    def before(self) -> list["Event"]:
        """The evaluations that have certainly been before."""
        past = self.facts[PAST]
        return [each for each in past if past[each] is True and each.measures]

    def at(self, thing: Any) -> str:
        """Where something was made, or another event is, for messages."""
        node = thing.node or self.node
        source = node.root().source
        place = str(source.place(node.lineno))
        return place if source is self.node.root().source else f"{place} of {source.path.name}"
