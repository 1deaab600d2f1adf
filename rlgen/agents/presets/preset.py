"""The class of presets: an agent as data, a learning algorithm with its hyper-parameters.

Nothing here imports torch, so that protocols can be checked without it, nor numpy before a value is
drawn, so that agents are listed at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp, log
from typing import Any, Literal

from rlgen.agents.presets import limits
from rlgen.errors import ProtocolError, nearest
from rlgen.util import extras
from rlgen.util.ranges import whole


@dataclass(frozen=True)
class LogUniform:
    """A hyper-parameter that each run draws from a log-uniform distribution.

    Attributes:
        low: The smallest value.
        high: The largest value.
    """

    low: float
    high: float

    def draw(self, seed: int, name: str) -> float:
        """Draw the value of a run.

        Runs with the same seed have the same value, whatever their other settings (A-28).

        Args:
            seed: Seed of the run.
            name: Name of the hyper-parameter.
        """
        from rlgen.util.seeding import stream

        uniform = float(stream(seed, "hyper-parameter", name).random())
        return exp(log(self.low) + uniform * (log(self.high) - log(self.low)))


@dataclass(frozen=True)
class AgentPreset:
    """A learning algorithm with its hyper-parameters fixed.

    Attributes:
        card: A one-line description.
        algorithm: The name of its recipe in ``recipes.RECIPES``.
        settings: Hyper-parameters by the names of its algorithm's arguments, and four of ours:
            ``n_envs``; ``anneal`` (whether the learning rate falls linearly to 0); ``reward_clip``
            (of the learning signal alone; 0 does not clip); ``precision`` of the network's
            arithmetic in training ("auto": see ``learner.resolve_precision``; evaluation always
            uses float32). Defaults are in ``OURS``; rewards are not clipped by default. Users may
            add ``anneal_entropy`` (the entropy coefficient falls to 0, see ``annealing``). Some
            have ``action_noise``, the standard deviation of Gaussian exploration noise in actions
            scaled to [-1, 1].
        optimizer: "adam", or "rmsprop" as in TensorFlow (A-17).
        stochastic: Whether its policy has action probabilities.
        moves: How its policy's weights are updated: by gradient "descent" on a loss, by gradient
            descent through a "critic" that takes actions, within a "trust region", or by "search"
            without gradients.
        actions: The kinds of actions that it learns, of "discrete" and "continuous".
        version: Incremented whenever the same settings would learn differently.
        heads: Whether it learns with a network's own head; it is otherwise linear.
        extra: The extra of rlgen that installs its package; "" if none is needed.
        plays: Whether it learns from episodes that it plays; else from the planner's actions in
            states that can be listed.
        unread: Settings that its algorithm does not read: in the ids of cells, but no options.
        checkpoint_every: Steps after which a run is saved unless its protocol says otherwise, about
            ten minutes' worth on one core.
    """

    card: str
    algorithm: str
    settings: Mapping[str, Any]
    optimizer: str = "adam"
    stochastic: bool = True
    moves: Literal["descent", "critic", "trust region", "search"] = "descent"
    actions: tuple[str, ...] = ("discrete",)
    version: int = 2
    heads: bool = False
    extra: str = ""
    plays: bool = True
    unread: tuple[str, ...] = ()
    checkpoint_every: int = 5_000_000

    def require(self) -> None:
        """Refuse the agent if its package is not installed; imports nothing.

        Raises:
            ProtocolError: Naming the extra that installs it.
        """
        extras.require(self.extra)

    @property
    def has_entropy(self) -> bool:
        """Whether its loss has an entropy term with a fixed or drawn coefficient."""
        return isinstance(self.settings.get("ent_coef"), float | LogUniform)

    def check(self, options: Mapping[str, Any], name: str) -> None:
        """Refuse options that ``configured`` does, and those that nothing would read.

        Raises:
            ProtocolError: See ``configured``.
        """
        own = self.configured(options, name).keys() - {*self.unread}
        for key in options:
            if key in self.unread:
                raise ProtocolError(f"{name} has no option {key!r}{nearest(key, own)}")

    def configured(self, options: Mapping[str, Any], name: str) -> dict[str, Any]:
        """The settings with a user's options.

        Args:
            options: Values by key.
            name: Name of the agent, for messages.

        Raises:
            ProtocolError: For a key that this agent does not have, or a value that is not allowed.
        """
        own = {**OURS, **self.settings}
        defaults = {**own, **(OF_ENTROPY if self.has_entropy else {})}
        options = {
            key: whole(value) if type(defaults.get(key)) is int else value
            for key, value in options.items()
        }
        for key, value in options.items():
            if key not in defaults:
                raise ProtocolError(f"{name} has no option {key!r}{nearest(key, defaults)}")
            reason = limits.why_not(key, value, defaults[key])
            if reason is not None:
                raise ProtocolError(f"{name} option {key} = {value!r}: {reason}")
        settings = {**own, **options}
        reason = limits.conflict(self.algorithm, settings)
        if reason is not None:
            raise ProtocolError(f"{name} option {reason}")
        return settings


#: Defaults of the settings that every agent has.
OURS: dict[str, Any] = {"n_envs": 8, "anneal": False, "precision": "float32"}
#: Defaults of the settings that only agents with an entropy term have, and only if set by users.
OF_ENTROPY: dict[str, Any] = {"anneal_entropy": False}

#: Both kinds of actions.
ANY = ("discrete", "continuous")


def drawn(settings: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """The settings of one run, with a value drawn for each ``LogUniform``."""
    return {
        key: value.draw(seed, key) if isinstance(value, LogUniform) else value
        for key, value in settings.items()
    }
