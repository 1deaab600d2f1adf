"""The agents as data: which stable-baselines3 algorithm, with which hyper-parameters.

Those of sb3-contrib stand in ``contrib_presets``.

Nothing here imports torch, so that protocols can be checked without it, nor numpy before a value is
drawn, so that they are listed at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from math import exp, log
from typing import Any, Literal

from rlgen.errors import ProtocolError, nearest


@dataclass(frozen=True)
class LogUniform:
    """A hyper-parameter that each run draws anew, as the paper's jobs do."""

    low: float
    high: float

    def draw(self, seed: int, name: str) -> float:
        """The run's value; the same in every setting with the same seed (A-28)."""
        from rlgen.seeding import stream

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

    def configured(self, options: Mapping[str, Any], name: str) -> dict[str, Any]:
        """The settings with the user's own.

        Raises:
            ProtocolError: For a key that this agent does not have, or a value of another type.
        """
        own = {**OURS, **self.settings}
        for key, value in options.items():
            if key not in own:
                raise ProtocolError(f"{name} has no option {key!r}{nearest(key, own)}")
            reason = _why_not(key, value, own[key])
            if reason is not None:
                raise ProtocolError(f"{name} option {key} = {value!r}: {reason}")
        settings = {**own, **options}
        reason = _conflict(self.algorithm, settings)
        if reason is not None:
            raise ProtocolError(f"{name} option {reason}")
        return settings


#: Settings of ours that every agent has.
OURS: dict[str, Any] = {"n_envs": 8, "anneal": False, "precision": "float32"}

#: The package that an extra installs for an agent.
EXTRAS = {"contrib": "sb3_contrib"}
#: The kinds of actions of most on-policy algorithms.
ANY = ("discrete", "continuous")

#: Smallest and largest value of the settings that have a largest, or a smallest that is not 0.
LIMITS: dict[str, tuple[float, float]] = {
    "n_envs": (1, 65_536),
    "n_steps": (2, 65_536),
    "batch_size": (2, 1_048_576),
    "n_epochs": (1, 1_000),
    "learning_rate": (0, 10),
    "gamma": (0, 1),
    "gae_lambda": (0, 1),
    "max_grad_norm": (1e-6, 1e6),
    "clip_range": (1e-6, 10),
    "buffer_size": (1, 10_000_000),
    "train_freq": (1, 65_536),
    "gradient_steps": (1, 65_536),
    "target_update_interval": (1, 10**9),
    "exploration_fraction": (0, 1),
    "exploration_final_eps": (0, 1),
    "n_quantiles": (1, 10_000),
    "lstm_hidden_size": (1, 65_536),
    "n_lstm_layers": (1, 100),
    "target_kl": (1e-9, 10),
    "cg_max_steps": (1, 10_000),
    "line_search_shrinking_factor": (1e-6, 1),
    "line_search_max_iter": (1, 1_000),
    "n_critic_updates": (1, 1_000),
    "sub_sampling_factor": (1, 1_000),
    "n_eval_episodes": (1, 65_536),
    "n_delta": (1, 65_536),
    "n_top": (1, 65_536),
    "delta_std": (1e-9, 1e6),
    "tau": (0, 1),
    "policy_delay": (1, 1_000),
    "action_noise": (0, 10),
}

#: What the settings that are words may be; others are for their algorithm to judge.
CHOICES: dict[str, tuple[str, ...]] = {
    "precision": ("auto", "float32", "bfloat16"),
    "ent_coef": ("auto",),
}


def _why_not(key: str, value: Any, default: Any) -> str | None:
    """Why a value cannot be the setting's, given its default; else None."""
    if isinstance(default, str) and not (key == "ent_coef" and isinstance(value, int | float)):
        allowed = CHOICES.get(key)
        if allowed is None:
            return None if isinstance(value, str) else "must be text"
        return None if value in allowed else f"must be one of {', '.join(allowed)}"
    if isinstance(default, bool):
        return None if isinstance(value, bool) else "must be true or false"
    whole = isinstance(default, int)
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
        return f"must be a {'whole ' if whole else ''}number"
    low, high = LIMITS.get(key, (0, 1e9))
    return None if low <= value <= high else f"must be from {low:g} to {high:g}"


def _conflict(algorithm: str, settings: Mapping[str, Any]) -> str | None:
    """Why settings exclude each other, else None."""
    if settings.get("n_top", 0) > settings.get("n_delta", 0):
        # sb3-contrib would take n_delta instead.
        return f"n_top = {settings['n_top']}: must not be more than n_delta = {settings['n_delta']}"
    if settings.get("shared_lstm") and settings.get("enable_critic_lstm"):
        return "shared_lstm = True: goes with enable_critic_lstm = false only"
    if algorithm in ("SAC", "TD3", "DDPG") and settings["precision"] != "float32":
        # Their dense layers are stable-baselines3's own.
        return f"precision = {settings['precision']!r}: {algorithm} computes in float32"
    steps, size = settings["n_envs"] * settings.get("n_steps", 0), settings.get("batch_size", 0)
    if algorithm in ("MaskablePPO", "RecurrentPPO") and size and steps % size == 1:
        # They divide advantages by their standard deviation, which one step has not.
        return f"batch_size = {size}: leaves one of an update's {steps} steps alone"
    return None


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

#: The hyper-parameters of stable-baselines3, with a gradient step for each step of 8 environments.
SAC = AgentPreset(
    "SAC with stable-baselines3's default hyper-parameters and 8 environments",
    "SAC",
    {
        "n_envs": 8,
        "learning_rate": 3e-4,
        "anneal": False,
        "gamma": 0.99,
        "tau": 0.005,
        "buffer_size": 100_000,
        "learning_starts": 100,
        "batch_size": 256,
        "train_freq": 1,
        "gradient_steps": 8,
        "ent_coef": "auto",
        "reward_clip": 0.0,
    },
    moves="critic",
    actions=("continuous",),
    version=1,
)

DDPG = AgentPreset(
    "DDPG with stable-baselines3's hyper-parameters and 8 environments; its policy is greedy",
    "DDPG",
    {
        "n_envs": 8,
        "learning_rate": 1e-3,
        "anneal": False,
        "gamma": 0.99,
        "tau": 0.005,
        "buffer_size": 100_000,
        "learning_starts": 100,
        "batch_size": 256,
        "train_freq": 1,
        "gradient_steps": 8,
        "action_noise": 0.1,
        "reward_clip": 0.0,
    },
    stochastic=False,
    moves="critic",
    actions=("continuous",),
    version=1,
)

TD3 = AgentPreset(
    "TD3 with stable-baselines3's hyper-parameters and 8 environments; its policy is greedy",
    "TD3",
    {
        **DDPG.settings,
        "policy_delay": 2,
        "target_policy_noise": 0.2,
        "target_noise_clip": 0.5,
    },
    stochastic=False,
    moves="critic",
    actions=("continuous",),
    version=1,
)
