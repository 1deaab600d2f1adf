"""Places of a script that matter for how its agent is judged."""

from dataclasses import dataclass, field
from typing import Any

from astroid import nodes

from rlgen.lint.memory import Place
from rlgen.lint.values import NONE, Const, Kwargs, Obj, Value, is_


@dataclass(eq=False)
class Event:
    """A place where an agent's return is measured, or where something loaded is thrown away.

    Attributes:
        memory: What is certain, and where.
        kind: ``evaluate_policy``, ``EvalCallback``, ``loop`` (``predict`` and ``step`` by hand) or
            ``load``.
        node: The call.
        env: Where; None if unknown.
        model: Of whom.
        options: The arguments of the call by name, as far as they are given.
        learnt: The environments in which the model has certainly learnt.
        rounds: Of the loops around it.
        place: When, and on which branches.
        rewards: What is used of what ``step`` gave: the ``reward``, what a Monitor has ``kept``.
        picks: What the returns choose: ``model``, ``study`` or nothing.
    """

    memory: Any
    kind: str
    node: Any
    env: Value | None
    model: Value
    options: Kwargs
    learnt: list[Obj]
    rounds: tuple[int, ...]
    place: Place
    rewards: set[str] = field(default_factory=set)
    picks: str = ""

    def get(self, owner: Any, name: Any) -> Value:
        """A field as it was then."""
        value: Value = self.memory.get(owner, name, at=self.place)
        return value

    @property
    def world(self) -> Value:
        """The environment beneath its wrappers."""
        return self.get(self.env, "world") if self.env else NONE

    @property
    def norm(self) -> Value:
        """Its VecNormalize, None or unknown."""
        return self.get(self.env, "norm")

    @property
    def measures(self) -> bool:
        """Whether somebody reads the returns of an environment that is known."""
        # With a callback, and no use of what it returns, it only shows the agent.
        shows = "callback" in self.options and isinstance(self.node.parent, nodes.Expr)
        if self.kind == "evaluate_policy" and shows:
            return False
        is_read = self.kind != "loop" or bool(self.rewards & {"reward", "kept"})
        return is_read and self.kind != "load" and is_(self.world, "world")

    @property
    def in_training(self) -> bool:
        """Whether it is in an environment in which the agent has learnt."""
        return any(self.get(env, "world") == self.world for env in self.learnt)

    @property
    def algorithm(self) -> str:
        """Of the model, empty if unknown."""
        name = self.get(self.model, "algorithm") if is_(self.model, "model") else NONE
        return str(name.value) if isinstance(name, Const) and name != NONE else ""

    @property
    def what(self) -> str:
        """For messages."""
        return "the loop" if self.kind == "loop" else self.kind

    def after(self, other: "Event") -> bool:
        """Whether another has certainly come before."""
        earlier = other.place[0] < self.place[0]
        return earlier and bool(self.memory.missing(other.place[1], self.place[1]) == [])

    def at(self, thing: Any) -> str:
        """Where an object was made, or another event is, for messages."""
        source = thing.node.root().source
        place = str(source.place(thing.node.lineno))
        return place if source is self.node.root().source else f"{place} of {source.path.name}"
