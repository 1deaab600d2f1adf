"""Presets of the algorithms of stable-baselines3."""

from rlgen.agents.presets.preset import ANY, AgentPreset, LogUniform

#: The best of about thirty settings on maze-basic by the returns of the small ConvNet after
#: 250,000 steps, on 10 and on 1,000 training levels. Short credit assignment (gamma, lambda) and a
#: large, constant learning rate helped most; with an annealed rate agents stop improving too early.
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
    heads=True,
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
    heads=True,
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
    heads=True,
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
    heads=True,
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

#: The defaults of stable-baselines3, but with 8 gradient steps per step of 8 environments.
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
    checkpoint_every=200_000,
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
    checkpoint_every=200_000,
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
    checkpoint_every=200_000,
    version=1,
)

CLONING = AgentPreset(
    "behaviour cloning of the planner: a step is a state that is shown with its best actions",
    "Cloning",
    {
        "n_envs": 1,
        "batch_size": 256,
        "learning_rate": 3e-3,
        "anneal": True,
        "precision": "float32",
    },
    version=1,
    heads=True,
    plays=False,
    unread=("n_envs", "precision"),
)
