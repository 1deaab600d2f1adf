"""The names of stable-baselines3, Gymnasium and Procgen that the lint knows, and their arguments.

As of stable-baselines3 2.7 and sb3-contrib 2.7; names and order have not changed since 2.0.
"""

#: Packages that have agents and helpers of the same names.
PACKAGES = ("stable_baselines3", "sb3_contrib", "sbx")
AGENTS = {
    "A2C",
    "ARS",
    "CrossQ",
    "DDPG",
    "DQN",
    "MaskablePPO",
    "PPO",
    "QRDQN",
    "RecurrentPPO",
    "SAC",
    "TD3",
    "TQC",
    "TRPO",
}
#: Agents whose actions are the same with ``deterministic`` and without.
ALWAYS_DETERMINISTIC = {"ARS", "DDPG", "TD3"}
#: Positional parameters of functions and classes.
PARAMETERS = {
    "agent": ("policy", "env"),
    "load": ("path", "env"),
    "learn": ("total_timesteps", "callback"),
    "set_env": ("env",),
    "predict": ("observation", "state", "episode_start", "deterministic"),
    "evaluate_policy": ("model", "env", "n_eval_episodes", "deterministic"),
    "EvalCallback": (
        "eval_env",
        "callback_on_new_best",
        "callback_after_eval",
        "n_eval_episodes",
        "eval_freq",
        "log_path",
        "best_model_save_path",
        "deterministic",
    ),
    "make_vec_env": (
        "env_id",
        "n_envs",
        "seed",
        "start_index",
        "monitor_dir",
        "wrapper_class",
        "env_kwargs",
        "vec_env_cls",
    ),
    "make_atari_env": (
        "env_id",
        "n_envs",
        "seed",
        "start_index",
        "monitor_dir",
        "wrapper_kwargs",
        "env_kwargs",
        "vec_env_cls",
    ),
    "CallbackList": ("callbacks",),
    "EveryNTimesteps": ("n_steps", "callback"),
    "VecNormalize": ("venv", "training", "norm_obs", "norm_reward"),
    "VecNormalize.load": ("load_path", "venv"),
    "sync_envs_normalization": ("env", "eval_env"),
    "make": ("id",),
    "make_vec": ("id", "num_envs"),
    "ProcgenEnv": ("num_envs", "env_name"),
    "ProcgenGym3Env": ("num", "env_name"),
}
#: What ``from stable_baselines3... import *`` may bring.
KNOWN = (
    *AGENTS,
    *(name for name in PARAMETERS if name[0].isupper() or "_" in name),
    "DummyVecEnv",
    "Monitor",
    "SubprocVecEnv",
    "VecFrameStack",
    "VecMonitor",
    "VecTransposeImage",
)
#: Parameters of an environment that seed it.
SEEDING = {"seed", "rand_seed", "random_seed", "env_seed"}
#: Parameters of an environment that do not change which levels it plays.
COSMETIC = {
    "autoreset",
    "disable_env_checker",
    "max_episode_steps",
    "num_threads",
    "render",
    "render_mode",
    *SEEDING,
}
#: Parameters that say which levels are played, one by one or as a range.
LEVELS = ("levels", "level_ids", "level_seeds", "train_levels", "test_levels", "seeds")
START, NUMBER = "start_level", "num_levels"
#: Calls that end a script.
EXITS = {"sys.exit", "exit", "quit", "os._exit"}
#: Functions that are given an environment and leave it as it is.
HARMLESS = {
    "print",
    "len",
    "isinstance",
    "hasattr",
    "getattr",
    "type",
    "id",
    "repr",
    "str",
    "copy",
    "deepcopy",
    "check_env",
    "is_vecenv_wrapped",
    "is_wrapped",
}
#: Calls that seed the generators that all share.
GLOBAL_SEEDING = {
    "numpy.random.seed",
    "random.seed",
    "torch.manual_seed",
    "stable_baselines3.common.utils.set_random_seed",
}


def short(path: str) -> str:
    """The name under which the lint knows something imported; empty where it does not.

    ``stable_baselines3.common.evaluation.evaluate_policy`` is known as ``evaluate_policy``; so is
    what another package of the family has under that name.
    """
    package, _, rest = path.partition(".")
    last = rest.rpartition(".")[2]
    if package in PACKAGES and rest:
        if last == "load" and rest.endswith("VecNormalize.load"):
            return "VecNormalize.load"
        return last
    if package in ("gymnasium", "gym") and last in ("make", "make_vec"):
        return last
    if package in ("procgen", "gym3") and last in ("ProcgenEnv", "ProcgenGym3Env"):
        return last
    return ""
