"""The names of stable-baselines3, Gymnasium and Procgen that the lint knows.

As of stable-baselines3 and sb3-contrib 2.7; names and order have not changed since 2.0.
"""

#: Packages that have agents and helpers of the same names, and those that make environments.
PACKAGES = {"stable_baselines3", "sb3_contrib", "sbx"}
MAKERS = {"gymnasium", "gym", "procgen", "gym3"}
#: Packages whose functions leave what they are given as it is.
TRUSTED = {*PACKAGES, *MAKERS, "numpy", "os"}
AGENTS = {"A2C", "ARS", "CrossQ", "DDPG", "DQN", "MaskablePPO", "PPO", "QRDQN", "RecurrentPPO"}
AGENTS |= {"SAC", "TD3", "TQC", "TRPO"}
#: Agents whose actions are the same with ``deterministic`` and without.
ALWAYS_DETERMINISTIC = {"ARS", "DDPG", "TD3"}
CALLBACK = "eval_env callback_on_new_best callback_after_eval n_eval_episodes eval_freq log_path"
#: Callbacks from which a script's own may inherit, and what is called of them.
CALLBACKS = {"BaseCallback", "EvalCallback"}
HOOKS = ("_on_training_start", "_on_step", "_on_rollout_end", "_on_training_end")
#: What a callback of a script's own says if it does more to environments than to evaluate in them.
CHANGING = ("seed", "reset", "training", "norm_", "set_", "sync", "Env(", "make", "load", "copy")
#: Positional parameters of functions and methods.
PARAMETERS = {
    "agent": "policy env",
    "load": "path env",
    "model.load": "path env",
    "model.learn": "total_timesteps callback",
    "model.set_env": "env",
    "model.save": "path",
    "model.predict": "observation state episode_start deterministic",
    "env.seed": "seed",
    "env.save": "path",
    "evaluate_policy": "model env n_eval_episodes deterministic",
    "EvalCallback": f"{CALLBACK} best_model_save_path deterministic",
    "super.__init__": f"{CALLBACK} best_model_save_path deterministic",
    "CallbackList": "callbacks",
    "make": "id",
    "make_vec": "id num_envs",
    "make_vec_env": "env_id n_envs seed start_index monitor_dir wrapper_class env_kwargs",
    "make_atari_env": "env_id n_envs seed start_index monitor_dir wrapper_kwargs env_kwargs",
    "ProcgenEnv": "num_envs env_name",
    "DummyVecEnv": "env_fns",
    "SubprocVecEnv": "env_fns",
    "VecNormalize": "venv training norm_obs norm_reward",
    "VecNormalize.load": "load_path venv",
    "sync_envs_normalization": "env eval_env",
}
#: Parameters of an environment that seed it, and others that do not change which levels it plays.
SEEDING = {"seed", "rand_seed", "random_seed", "env_seed"}
COSMETIC = {*SEEDING, "autoreset", "disable_env_checker", "max_episode_steps", "num_threads"}
COSMETIC |= {"render", "render_mode"}
#: Parameters that say which levels are played, one by one or as a range.
LEVELS = ("levels", "level_ids", "level_seeds", "train_levels", "test_levels", "seeds")
START, NUMBER = "start_level", "num_levels"
#: What a VecNormalize has.
FLAGS, STATISTICS = ("training", "norm_obs", "norm_reward"), ("obs_rms", "ret_rms")
#: Attributes of a wrapped environment that are the environment still.
INSIDE = {"unwrapped", "env", "venv", "envs", "gym_env"}
#: Functions and methods that leave what they are given as it is.
HARMLESS = {"print", "len", "isinstance", "hasattr", "type", "id", "repr", "str", "float", "int"}
HARMLESS |= {"copy", "deepcopy", "check_env", "step", "render", "close", "get", "items", "keys"}
HARMLESS |= {"values", "get_attr", "get_images", "action_masks", "env_is_wrapped"}
HARMLESS |= {"get_original_obs", "get_original_reward"}


def top(path: str) -> str:
    """The package of a dotted name."""
    return path.partition(".")[0]


def short(path: str) -> str:
    """The name under which the lint knows something imported, or empty."""
    owner, last = ["", *path.split(".")][-2:]
    if top(path) not in PACKAGES | MAKERS or not owner:
        return ""
    if last == "load":
        return "load" if owner in AGENTS else f"{owner}.load"
    return "agent" if last in AGENTS else last
