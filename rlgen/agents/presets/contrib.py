"""Presets of the algorithms of sb3-contrib, with its default hyper-parameters unless noted."""

from rlgen.agents.presets.preset import ANY, AgentPreset
from rlgen.agents.presets.sb3 import DQN, PPO, PPO_DEFAULT, SAC

TRPO = AgentPreset(
    "TRPO with sb3-contrib's default hyper-parameters, 2,048 steps an update from 64 environments",
    "TRPO",
    {
        "n_envs": 64,
        "n_steps": 32,
        "batch_size": 128,
        "learning_rate": 1e-3,
        "anneal": False,
        "gamma": 0.99,
        "gae_lambda": 0.95,
        "target_kl": 0.01,
        "cg_max_steps": 15,
        "cg_damping": 0.1,
        "line_search_shrinking_factor": 0.8,
        "line_search_max_iter": 10,
        "n_critic_updates": 10,
        "sub_sampling_factor": 1,
        "reward_clip": 0.0,
        "precision": "float32",
    },
    moves="trust region",
    actions=ANY,
    extra="contrib",
    version=1,
)

MASKABLE_PPO = AgentPreset(
    "MaskablePPO with sb3-contrib's defaults and 8 environments, with masks where they have any",
    "MaskablePPO",
    PPO_DEFAULT.settings,
    extra="contrib",
    version=1,
)

QRDQN = AgentPreset(
    "QR-DQN with dqn's hyper-parameters and 50 quantiles; its policy is greedy",
    "QRDQN",
    {**DQN.settings, "n_quantiles": 50},
    stochastic=False,
    extra="contrib",
    version=1,
)

#: ARS learns from returns of whole episodes: rewards are not clipped.
ARS = AgentPreset(
    "augmented random search with sb3-contrib's default hyper-parameters; its policy is greedy",
    "ARS",
    {
        "n_envs": 16,
        "n_eval_episodes": 16,
        "n_delta": 8,
        "n_top": 8,
        "learning_rate": 0.02,
        "anneal": False,
        "delta_std": 0.05,
        "alive_bonus_offset": 0.0,
        "zero_policy": True,
        "precision": "float32",
    },
    stochastic=False,
    moves="search",
    actions=ANY,
    extra="contrib",
    version=1,
)

#: Minibatches of many short sequences: with one sequence of 128 steps, sb3-contrib's default, a
#: step takes about thirty times as long on a CPU.
RECURRENT_PPO = AgentPreset(
    "PPO with an LSTM after the network, otherwise ppo's with a lower learning rate",
    "RecurrentPPO",
    {
        **PPO.settings,
        "learning_rate": 1e-3,
        "lstm_hidden_size": 128,
        "n_lstm_layers": 1,
        "shared_lstm": False,
        "enable_critic_lstm": True,
    },
    extra="contrib",
    version=1,
)

TQC = AgentPreset(
    "TQC with sb3-contrib's default hyper-parameters and 8 environments",
    "TQC",
    {**SAC.settings, "top_quantiles_to_drop_per_net": 2},
    moves="critic",
    actions=("continuous",),
    checkpoint_every=200_000,
    extra="contrib",
    version=1,
)

#: It has no target networks.
CROSSQ = AgentPreset(
    "CrossQ with sb3-contrib's default hyper-parameters and 8 environments",
    "CrossQ",
    {
        **{key: value for key, value in SAC.settings.items() if key != "tau"},
        "learning_rate": 1e-3,
        "policy_delay": 3,
    },
    moves="critic",
    actions=("continuous",),
    checkpoint_every=200_000,
    extra="contrib",
    version=1,
)
