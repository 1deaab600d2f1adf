"""Regularisation of training, such as ``random_spawn+dropout:0.1``."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rlgen.agents import agent_named
from rlgen.errors import ProtocolError, UnknownNameError, nearest
from rlgen.levels.family import Family
from rlgen.perturbations import PERTURBATIONS
from rlgen.perturbations.condition import PLAIN, Condition
from rlgen.training.regularisers import REGULARISERS
from rlgen.training.regularisers.base import Regulariser, View
from rlgen.util.seeding import library_seed

NONE = "none"


@dataclass(frozen=True)
class Regularisation:
    """Perturbations in training, and regularisers of the learner.

    Made by ``Regularisation.parse``.

    Attributes:
        condition: The perturbations.
        parts: ``(regulariser name, strength)``, in the order of ``REGULARISERS``.
    """

    condition: Condition
    parts: tuple[tuple[str, float], ...]

    @classmethod
    def parse(cls, text: str) -> "Regularisation":
        """Parse ``none``, or perturbations and regularisers joined by ``+``.

        Each may have a ``:strength``.

        Raises:
            UnknownNameError: For a name that is neither.
            ProtocolError: For a strength that is not allowed, or a perturbation under which no
                agent can be trained.
        """
        if text.strip() == NONE:
            return cls(Condition(()), ())
        if text.strip() == PLAIN:
            raise ProtocolError(f"training without a perturbation is called {NONE!r}")
        met, parts = [], {}
        for piece in (each.strip() for each in text.split("+")):
            name = piece.partition(":")[0].strip()
            if name in REGULARISERS:
                if name in parts:
                    raise ProtocolError(f"{text!r}: {name} is given twice")
                parts[name] = REGULARISERS[name].strength.read(piece)
            elif name in PERTURBATIONS:
                met.append(piece)
            else:
                names = [*_that_train(), *REGULARISERS]
                raise UnknownNameError(f"unknown regulariser {name!r}{nearest(name, names)}")
        condition = Condition.parse("+".join(met) or PLAIN)
        for name, _ in condition.parts:
            if not PERTURBATIONS[name].regularises:
                can = ", ".join(_that_train())
                raise ProtocolError(f"agents cannot be trained under {name} (but: {can})")
        return cls(condition, tuple((name, parts[name]) for name in REGULARISERS if name in parts))

    @property
    def name(self) -> str:
        """The canonical text: strengths spelt out, perturbations first."""
        met = [self.condition.name] if self.condition.parts else []
        spelt = [REGULARISERS[name].strength.spell(name, number) for name, number in self.parts]
        return "+".join(met + spelt) or NONE

    @property
    def _members(self) -> list[tuple[str, Regulariser, float]]:
        return [(name, REGULARISERS[name], strength) for name, strength in self.parts]

    @property
    def _met(self) -> str:
        """The first part that acts on the episodes that are played; "" if none does."""
        views = [n for n, member, _ in self._members if type(member).view is not Regulariser.view]
        return next(iter([*(name for name, _ in self.condition.parts), *views]), "")

    def why_not(self, agent: str, network: str, family: Family) -> str | None:
        """The reason why the agent cannot learn like this, or None; see ``Regulariser.why_not``."""
        if not agent_named(agent)[0].plays and (met := self._met):
            return f"{agent} plays no episodes in which it would meet {met}"
        for _, member, strength in self._members:
            reason = member.why_not(strength, agent, network, family)
            if reason is not None:
                return reason
        return None

    def settings(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """A run's hyper-parameters, already drawn, as the regularisers change them."""
        changed = dict(settings)
        for _, member, strength in self._members:
            changed = member.settings(strength, changed)
        return changed

    def views(self, family: Family, num_envs: int, seed: int, device: str) -> list[View]:
        """The views through which the learner observes, first to last; see ``Regulariser.view``."""
        views = [
            member.view(strength, family, num_envs, library_seed(seed, name), device)
            for name, member, strength in self._members
        ]
        return [view for view in views if view is not None]


def _that_train() -> list[str]:
    return [name for name in PERTURBATIONS if PERTURBATIONS[name].regularises]
