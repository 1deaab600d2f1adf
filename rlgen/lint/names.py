"""The names of stable-baselines3, Gymnasium and Procgen that the lint knows, and their parameters.

As of stable-baselines3 2.7 and sb3-contrib 2.7; names and order have not changed since 2.0.
"""


def _words(text: str) -> set[str]:
    return set(text.split())


#: Packages that have agents and helpers of the same names, and those that make environments.
PACKAGES = {"stable_baselines3", "sb3_contrib", "sbx"}
MAKERS = {"gymnasium", "gym", "procgen", "gym3"}
AGENTS = _words("A2C ARS CrossQ DDPG DQN MaskablePPO PPO QRDQN RecurrentPPO SAC TD3 TQC TRPO")
#: Agents whose actions are the same with ``deterministic`` and without.
ALWAYS_DETERMINISTIC = {"ARS", "DDPG", "TD3"}
VECTOR = "env_id n_envs seed start_index monitor_dir {} env_kwargs vec_env_cls"
CALLBACK = "eval_env callback_on_new_best callback_after_eval n_eval_episodes eval_freq log_path"
#: Positional parameters of functions and methods.
PARAMETERS = {
    "agent": "policy env",
    "load": "path env",
    "learn": "total_timesteps callback",
    "set_env": "env",
    "save": "path",
    "predict": "observation state episode_start deterministic",
    "evaluate_policy": "model env n_eval_episodes deterministic",
    "EvalCallback": f"{CALLBACK} best_model_save_path deterministic",
    "make_vec_env": VECTOR.format("wrapper_class"),
    "make_atari_env": VECTOR.format("wrapper_kwargs"),
    "CallbackList": "callbacks",
    "EveryNTimesteps": "n_steps callbacks",
    "VecNormalize": "venv training norm_obs norm_reward",
    "VecNormalize.load": "load_path venv",
    "DummyVecEnv": "env_fns",
    "SubprocVecEnv": "env_fns",
    "sync_envs_normalization": "env eval_env",
    "make": "id",
    "make_vec": "id num_envs",
    "ProcgenEnv": "num_envs env_name",
    "ProcgenGym3Env": "num_envs env_name",
}
#: What ``from stable_baselines3... import *`` may bring.
KNOWN = [*AGENTS, *PARAMETERS, "Monitor", "VecFrameStack", "VecMonitor", "VecTransposeImage"]
#: Parameters of an environment that seed it, and others that do not change which levels it plays.
SEEDING = {"seed", "rand_seed", "random_seed", "env_seed"}
COSMETIC = {*SEEDING, "autoreset", "disable_env_checker", "max_episode_steps", "num_threads"}
COSMETIC |= {"render", "render_mode"}
#: Parameters that say which levels are played, one by one or as a range.
LEVELS = ("levels", "level_ids", "level_seeds", "train_levels", "test_levels", "seeds")
START, NUMBER = "start_level", "num_levels"
#: Functions and methods of environments that leave what they are given as it is.
HARMLESS = _words(
    "print len isinstance hasattr type id repr str copy deepcopy check_env append step render close"
    " save get_attr env_is_wrapped get_images action_masks get_original_obs get_original_reward"
    " normalize_obs reset_infos step_async"
)


def short(path: str) -> str:
    """The name under which the lint knows something imported, or empty.

    ``stable_baselines3.common.evaluation.evaluate_policy`` is known as ``evaluate_policy``; so is
    what another package of the family has under that name.
    """
    owner, last = ["", *path.split(".")][-2:]
    if path.partition(".")[0] not in PACKAGES | MAKERS or not owner:
        return ""
    return f"{owner}.{last}" if last == "load" else last
