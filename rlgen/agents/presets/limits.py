"""Allowed values of the settings of agents."""

from collections.abc import Mapping
from typing import Any

#: The smallest and the largest value of settings; those of others are 0 and 1e9.
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
    "top_quantiles_to_drop_per_net": (0, 24),
    "action_noise": (0, 10),
}

#: The allowed values of settings that are text; other texts are checked by the algorithm.
CHOICES: dict[str, tuple[str, ...]] = {
    "precision": ("auto", "float32", "bfloat16"),
    "ent_coef": ("auto",),
}


def why_not(key: str, value: Any, default: Any) -> str | None:
    """The reason why a value is not allowed for a setting, given its default; or None."""
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


def conflict(algorithm: str, settings: Mapping[str, Any]) -> str | None:
    """The reason why settings exclude each other, or None."""
    if settings.get("n_top", 0) > settings.get("n_delta", 0):
        # sb3-contrib would silently use n_delta.
        return f"n_top = {settings['n_top']}: must not be more than n_delta = {settings['n_delta']}"
    if settings.get("shared_lstm") and settings.get("enable_critic_lstm"):
        return "shared_lstm = True: goes with enable_critic_lstm = false only"
    if algorithm in ("SAC", "TD3", "DDPG", "TQC", "CrossQ") and settings["precision"] != "float32":
        # Their dense layers are those of stable-baselines3.
        return f"precision = {settings['precision']!r}: {algorithm} computes in float32"
    steps, size = settings["n_envs"] * settings.get("n_steps", 0), settings.get("batch_size", 0)
    if algorithm in ("MaskablePPO", "RecurrentPPO") and size and steps % size == 1:
        # They divide advantages by their standard deviation, which a single step does not have.
        return f"batch_size = {size}: leaves one of an update's {steps} steps alone"
    return None
