"""Places of a script that matter for how its agent is judged."""

from dataclasses import dataclass
from typing import Any

from astroid import nodes

from rlgen.lint.values import Env, Thing, is_kind


@dataclass(eq=False)
class Event:
    """A place where an agent's return is measured, or where something loaded is thrown away.

    Attributes:
        memory: Of the script.
        facts: What is certain here.
        kind: ``evaluate_policy``, ``EvalCallback``, ``loop`` (``predict`` and ``step`` by hand) or
            ``load``.
        node: The call.
        env: Where; None if unknown.
        model: Of whom.
        options: The arguments of the call.
        rounds: Of the loops around it.
        rewards: Whether something is computed with the reward that ``step`` gave.
        picks: What the returns choose: ``model``, ``study`` or nothing.
    """

    memory: Any
    facts: dict[Any, Any]
    kind: str
    node: Any
    env: Env | None
    model: Any
    options: dict[str, Any]
    rounds: tuple[int, ...]
    rewards: bool = False
    picks: str = ""

    def get(self, owner: Any, name: Any) -> Any:
        """A fact as it is here."""
        return self.memory.get(owner, name, facts=self.facts) if isinstance(owner, Thing) else None

    @property
    def world(self) -> Any:
        """The environment beneath its wrappers."""
        return self.env.world if self.env else None

    @property
    def norm(self) -> Any:
        """Its VecNormalize, None or unknown."""
        return self.env.norm if self.env else None

    @property
    def learnt(self) -> list[Env]:
        """The environments in which the model has certainly learnt."""
        fields = self.facts.get(self.model, {}) if isinstance(self.model, Thing) else {}
        return [env for name, env in fields.items() if type(name) is tuple and type(env) is Env]

    @property
    def in_training(self) -> bool:
        """Whether it is in an environment in which the agent has learnt."""
        return any(env.world is self.world for env in self.learnt)

    @property
    def measures(self) -> bool:
        """Whether somebody reads the returns of an environment."""
        # With a callback, and no use of what it returns, evaluate_policy only shows the agent.
        shows = "callback" in self.options and isinstance(self.node.parent, nodes.Expr)
        read = self.rewards if self.kind == "loop" else not shows
        return self.env is not None and read and self.kind != "load"

    @property
    def algorithm(self) -> Any:
        """Of the model, None or unknown."""
        return self.get(self.model, "algorithm") if is_kind(self.model, "model") else None

    @property
    def what(self) -> str:
        """For messages."""
        return "the loop" if self.kind == "loop" else self.kind

    def after(self, other: "Event") -> bool:
        """Whether another has certainly come before."""
        return self.get(self.memory.past, other) is True

    def at(self, thing: Any) -> str:
        """Where something was made, or another event is, for messages."""
        source = thing.node.root().source
        place = str(source.place(thing.node.lineno))
        return place if source is self.node.root().source else f"{place} of {source.path.name}"
