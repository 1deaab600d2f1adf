"""Presets of the agents that learn actions which are vectors of numbers alone."""

from rlgen.agents.presets.preset import AgentPreset

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
