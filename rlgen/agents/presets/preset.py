"""The agents as data: which stable-baselines3 algorithm, with which hyper-parameters.

Those of sb3-contrib stand in ``contrib_presets``, those for vectors alone in ``box_presets``.

Nothing here imports torch, so that protocols can be checked without it, nor numpy before a value is
drawn, so that they are listed at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from math import exp, log
from typing import Any, Literal

from rlgen.agents.presets import limits
from rlgen.errors import ProtocolError, nearest


@dataclass(frozen=True)
class LogUniform:
    """A hyper-parameter that each run draws anew, as the paper's jobs do."""

    low: float
    high: float

    def draw(self, seed: int, name: str) -> float:
        """The run's value; the same in every setting with the same seed (A-28)."""
        from rlgen.util.seeding import stream

        uniform = float(stream(seed, "hyper-parameter", name).random())
        return exp(log(self.low) + uniform * (log(self.high) - log(self.low)))


@dataclass(frozen=True)
class AgentPreset:
    """A learning algorithm with its hyper-parameters fixed.

    Attributes:
        card: One line.
        algorithm: The name of its recipe in ``recipes.RECIPES``.
        settings: Hyper-parameters by the names of its algorithm's arguments, and four of ours:
            ``n_envs``; ``anneal`` (learning rate falls linearly to 0); ``reward_clip`` (of the
            learning signal alone; 0 is none); ``precision`` of the network's arithmetic in
            training ("auto": see ``learner.resolve_precision``; evaluation always uses float32).
            Where it does not say, those in ``OURS`` are as there, and rewards are not clipped.
            Users may add ``anneal_entropy`` (the entropy coefficient falls to 0: ``annealing``).
            One more where exploration needs it: ``action_noise``, the standard deviation of
            Gaussian noise in actions scaled to [-1, 1].
        optimizer: "adam", or "rmsprop" as TensorFlow's (A-17).
        stochastic: Whether its policy gives action probabilities.
        moves: How its policy's weights move: by "descent" of an optimiser along the gradient of a
            loss, by the same through a "critic" that takes actions, within a "trust region", or
            by "search" without gradients.
        actions: The kinds of actions that it learns, of "discrete" and "continuous".
        version: Raised whenever the same settings would learn differently.
        extra: The extra of ours that installs its package; "" where nothing more is needed.
    """

    card: str
    algorithm: str
    settings: Mapping[str, Any]
    optimizer: str = "adam"
    stochastic: bool = True
    moves: Literal["descent", "critic", "trust region", "search"] = "descent"
    actions: tuple[str, ...] = ("discrete",)
    version: int = 2
    extra: str = ""

    def require(self) -> None:
        """Refuse, importing nothing, if its package is not installed.

        Raises:
            ProtocolError: Naming the extra that installs it.
        """
        if self.extra and find_spec(EXTRAS[self.extra]) is None:
            raise ProtocolError(
                f"needs the package {EXTRAS[self.extra]}: pip install 'rlgen[{self.extra}]'"
            )

    @property
    def has_entropy(self) -> bool:
        """Whether its loss has an entropy term with a coefficient of ours."""
        return isinstance(self.settings.get("ent_coef"), float | LogUniform)

    def configured(self, options: Mapping[str, Any], name: str) -> dict[str, Any]:
        """The settings with the user's own.

        Raises:
            ProtocolError: For a key that this agent does not have, or a value of another type.
        """
        own = {**OURS, **self.settings}
        known = {**own, **(OF_ENTROPY if self.has_entropy else {})}
        for key, value in options.items():
            if key not in known:
                raise ProtocolError(f"{name} has no option {key!r}{nearest(key, known)}")
            reason = limits.why_not(key, value, known[key])
            if reason is not None:
                raise ProtocolError(f"{name} option {key} = {value!r}: {reason}")
        settings = {**own, **options}
        reason = limits.conflict(self.algorithm, settings)
        if reason is not None:
            raise ProtocolError(f"{name} option {reason}")
        return settings


#: Settings of ours that every agent has.
OURS: dict[str, Any] = {"n_envs": 8, "anneal": False, "precision": "float32"}
#: Settings that only agents with an entropy term know, and only where they are given.
OF_ENTROPY: dict[str, Any] = {"anneal_entropy": False}

#: The package that an extra installs for an agent.
EXTRAS = {"contrib": "sb3_contrib"}
#: The kinds of actions of most on-policy algorithms.
ANY = ("discrete", "continuous")


def drawn(settings: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """The settings of one run: what is drawn is drawn."""
    return {
        key: value.draw(seed, key) if isinstance(value, LogUniform) else value
        for key, value in settings.items()
    }


#: Chosen among some thirty settings on maze-basic for the returns that the small ConvNet reaches
#: in 250,000 steps, on 10 and on 1,000 training levels. Short credit (gamma, lambda) and a large,
#: constant learning rate gave most; a falling rate freezes the agent too early.
PPO = AgentPreset(
    "PPO, tuned to learn the mazes fast on few cores",
    "PPO",
    {
        "n_envs": 128,
        "n_steps": 32,
        "batch_size": 512,
        "n_epochs": 4,
        "learning_rate": 3e-3,
        "anneal": False,
        "gamma": 0.95,
        "gae_lambda": 0.9,
        "clip_range": 0.2,
        "ent_coef": 0.02,
        "vf_coef": 0.5,
        "max_grad_norm": 0.5,
        "reward_clip": 0.0,
        "precision": "float32",
    },
    actions=ANY,
)

PPO_DEFAULT = AgentPreset(
    "PPO with stable-baselines3's default hyper-parameters and 8 environments",
    "PPO",
    {
        "n_envs": 8,
        "n_steps": 2048,
        "batch_size": 64,
        "n_epochs": 10,
        "learning_rate": 3e-4,
        "anneal": False,
        "gamma": 0.99,
        "gae_lambda": 0.95,
        "clip_range": 0.2,
        "ent_coef": 0.0,
        "vf_coef": 0.5,
        "max_grad_norm": 0.5,
        "reward_clip": 0.0,
        "precision": "float32",
    },
    actions=ANY,
)

A2C = AgentPreset(
    "A2C with 64 environments, otherwise as the paper's",
    "A2C",
    {
        "n_envs": 64,
        "n_steps": 15,
        "learning_rate": 2e-3,
        "anneal": True,
        "gamma": 0.99,
        "gae_lambda": 1.0,
        "ent_coef": 0.01,
        "vf_coef": 0.5,
        "max_grad_norm": 0.5,
        "reward_clip": 2.0,
        "precision": "float32",
    },
    optimizer="rmsprop",
    actions=ANY,
)

#: Zhang et al. 2018, appendix A.2; method 1.7, 1.8, A-16 to A-18. A3C's four workers become four
#: synchronous environments; learning rate and entropy coefficient are drawn by each run.
A2C_PAPER = AgentPreset(
    "the paper's actor-critic: 4 x 15 steps, drawn learning rate and entropy coefficient",
    "A2C",
    {
        **A2C.settings,
        "n_envs": 4,
        "learning_rate": LogUniform(1e-5, 5e-2),
        "ent_coef": LogUniform(1e-4, 5e-2),
    },
    optimizer="rmsprop",
    actions=ANY,
)

DQN = AgentPreset(
    "DQN with 32 environments; its policy is greedy",
    "DQN",
    {
        "n_envs": 32,
        "learning_rate": 5e-4,
        "anneal": False,
        "gamma": 0.99,
        "buffer_size": 50_000,
        "learning_starts": 5_000,
        "batch_size": 512,
        "train_freq": 4,
        "gradient_steps": 1,
        "target_update_interval": 2_000,
        "exploration_fraction": 0.3,
        "exploration_final_eps": 0.05,
        "max_grad_norm": 10.0,
        "reward_clip": 0.0,
        "precision": "float32",
    },
    stochastic=False,
)
