"""Conditions: combinations of perturbations, such as ``random_spawn+sticky_proposed:0.25``."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, reduce
from math import hypot
from typing import Any

from rlgen.errors import ProtocolError
from rlgen.levels.capabilities import Spawnable
from rlgen.levels.family import Family
from rlgen.perturbations import PERTURBATIONS, box
from rlgen.perturbations.base import IDENTITY, Channel, Floats, Perturbation
from rlgen.policies.base import Categorical, Policy

PLAIN = "plain"


@dataclass(frozen=True)
class Condition:
    """A combination of perturbations under which a policy acts.

    Made by ``Condition.parse``.

    Attributes:
        parts: ``(perturbation name, strength)``; policy modes first, then start rules, then
            observation noise, then channels in the order in which an action passes them.

    Example:
        >>> Condition.parse("sticky_proposed+greedy").name
        'greedy+sticky_proposed:0.25'
    """

    parts: tuple[tuple[str, float], ...]

    @classmethod
    def parse(cls, text: str) -> "Condition":
        """Parse ``plain``, or perturbations joined by ``+``, each with an optional ``:strength``.

        Raises:
            UnknownNameError: For a perturbation that does not exist.
            ProtocolError: For a strength that is not allowed, or parts that exclude each other.
        """
        if text.strip() == PLAIN:
            return cls(())
        parts = [_part(piece.strip()) for piece in text.split("+")]
        names = [name for name, _ in parts]
        for name in names:
            if names.count(name) > 1:
                raise ProtocolError(f"{text!r}: {name} is given twice")
        modes = [name for name in names if PERTURBATIONS[name].policy_only]
        if len(modes) > 1:
            raise ProtocolError(f"{text!r}: {' and '.join(modes)} exclude each other")

        def stage(part: tuple[str, float]) -> int:
            member = PERTURBATIONS[part[0]]
            if member.policy_only:
                return 0
            return 1 if member.spawns(1) else 2 if member.noise(1) else 3

        return cls(tuple(sorted(parts, key=stage)))

    @property
    def name(self) -> str:
        """The canonical text: strengths spelt out, parts in order."""
        spelt = (PERTURBATIONS[name].strength.spell(name, number) for name, number in self.parts)
        return "+".join(spelt) or PLAIN

    @cached_property
    def members(self) -> list[tuple[Perturbation, float]]:
        """The perturbations with their strengths."""
        return [(PERTURBATIONS[name], strength) for name, strength in self.parts]

    @property
    def random_spawn(self) -> bool:
        """Whether start cells are drawn at random."""
        return any(member.spawns(strength) for member, strength in self.members)

    @property
    def noise(self) -> float:
        """Standard deviation of observation noise, in the units of ``evaluation.noise``."""
        return hypot(*(member.noise(strength) for member, strength in self.members))

    @property
    def without_spawn(self) -> "Condition":
        """The same condition with the level's own start cell."""
        return Condition(tuple(p for p in self.parts if not PERTURBATIONS[p[0]].spawns(1)))

    @property
    def without_policy(self) -> "Condition":
        """The same condition without changes of the policy."""
        return Condition(tuple(p for p in self.parts if not PERTURBATIONS[p[0]].policy_only))

    def policy(self, probabilities: Floats) -> Floats:
        """The policy's action probabilities under the condition, float64 ``(B, A)``."""
        for member, strength in self.members:
            probabilities = member.policy(strength, probabilities)
        return probabilities

    @property
    def greedy(self) -> bool:
        """Whether a continuous policy takes its greedy action."""
        return any(member.greedy(strength) for member, strength in self.members)

    def channel_of(self, family: Family) -> Channel | box.BoxChannel:
        """The channel between policy and environment for a family's actions."""
        space = family.box
        if space is None:
            return self.channel(family.n_actions, family.noop)
        channels = [m.box_channel(strength, space, family.idle) for m, strength in self.members]
        return reduce(box.BoxChannel.then, [c for c in channels if c is not None] or [box.IDENTITY])

    def channel(self, n_actions: int, noop: int | None) -> Channel:
        """The channel between policy and environment.

        Args:
            n_actions: Number of actions.
            noop: The action that does nothing, or None.
        """
        noop_ = -1 if noop is None else noop
        channels = [m.channel(strength, n_actions, noop_) for m, strength in self.members]
        return reduce(Channel.then, [c for c in channels if c is not None] or [IDENTITY])

    def why_not(self, family: Family, policy: Policy | None = None) -> str | None:
        """The reason why the condition does not fit the family or the policy, or None."""
        idle = family.noop if family.box is None else family.idle
        for name, _ in self.parts:
            if PERTURBATIONS[name].discrete and family.box is not None:
                return f"{name} needs discrete actions, and those of {family.name} are continuous"
            if PERTURBATIONS[name].noise(1) and not family.continuous:
                return f"{name} needs continuous observations, and {family.name} has none"
            if PERTURBATIONS[name].needs_noop and idle is None:
                return f"{name} needs an action that does nothing, and {family.name} has none"
            if (
                PERTURBATIONS[name].needs_probabilities
                and policy is not None
                and not (policy.stochastic and isinstance(policy, Categorical))
            ):
                return f"{name} needs action probabilities, and this policy has none"
        if self.random_spawn and not isinstance(family, Spawnable):
            return f"{family.name} cannot draw start cells"
        return None


def listed_conditions(
    conditions: str | Condition | Iterable[str | Condition], family: Family, policy: Policy
) -> list[Condition]:
    """Conditions as the calls of Python take them: one or several, as text or parsed.

    Raises:
        ProtocolError: If there are none, or one cannot be met by this policy in this family.
    """
    several: Iterable[Any] = [conditions]
    if isinstance(conditions, Iterable) and not isinstance(conditions, str):
        several = conditions
    faced = []
    for item in several:
        if not isinstance(item, str | Condition):
            raise ProtocolError(f"condition {item!r}: must be text, such as 'greedy'")
        condition = Condition.parse(item) if isinstance(item, str) else item
        reason = condition.why_not(family, policy)
        if reason is not None:
            text = item if isinstance(item, str) else condition.name
            raise ProtocolError(f"condition {text!r}: {reason}")
        faced.append(condition)
    if not faced:
        raise ProtocolError("conditions = []: there are none")
    return faced


def _part(piece: str) -> tuple[str, float]:
    name = piece.partition(":")[0].strip()
    return name, PERTURBATIONS[name].strength.read(piece)
