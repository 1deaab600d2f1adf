"""Training against stable-baselines3 used the usual way, step for step the same."""

import time
from statistics import median

import numpy as np
from base import REPEATS, Row
from learning import training_env
from stable_baselines3 import A2C, PPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.vec_env import DummyVecEnv, SubprocVecEnv
from usual import policy

from rlgen.agents import AGENTS, learner
from rlgen.networks import NETWORKS
from rlgen.study.process import one_core
from rlgen_envs import FAMILIES

#: Rollouts of 4,096 and 960 steps, and for PPO 4 epochs of minibatches of 1,024.
PPO_TOLD = {"batch_size": 1024, "n_epochs": 4}
SIZES = {"ppo": (128, 32), "a2c": (64, 15)}
LEVELS, USUAL_ENVS, MEASURED = 1000, 8, 1.0
TARGETS = {"conv-a": 3.0, "mlp-512-128": 2.5}
MOST_OUTSIDE = 15.0


class Watch(BaseCallback):
    """Steps a second between rollouts, the first of which warms up."""

    def __init__(self):
        super().__init__()
        self.marks = []

    def _on_rollout_start(self):
        self.marks.append((self.num_timesteps, time.perf_counter()))

    def _on_step(self):
        return len(self.marks) < 3 or self.marks[-1][1] - self.marks[1][1] < MEASURED

    @property
    def speed(self):
        steps, seconds = np.subtract(self.marks[-1], self.marks[1])
        return steps / seconds


def ours(agent, network):
    preset, (n_envs, n_steps) = AGENTS[agent], SIZES[agent]
    told = {"n_envs": n_envs, "n_steps": n_steps} | (PPO_TOLD if agent == "ppo" else {})
    settings = {**preset.settings, **told}
    family = FAMILIES["maze-basic"]
    env = training_env(family, family.generate(range(LEVELS)), settings, "none", 0)
    return learner.make(preset, settings, NETWORKS[network], env, seed=0, device="cpu")


def usual(agent, network, kind):
    n_envs, n_steps = SIZES[agent]
    env = make_vec_env("rlgen_envs:rlgen/MazeBasic-v0", n_envs=USUAL_ENVS, vec_env_cls=kind)
    told = {
        "n_steps": n_envs * n_steps // USUAL_ENVS,
        "device": "cpu",
        "policy_kwargs": policy(network),
    }
    if agent == "ppo":
        return PPO("MlpPolicy", env, **told, **PPO_TOLD)
    return A2C("MlpPolicy", env, **told)


def speed(make):
    model, watch = make(), Watch()
    model.learn(10**9, callback=watch)
    model.get_env().close()
    return watch.speed


def share_outside(agent, network):
    """Share of the wall time of training outside forward, backward and optimiser, in percent."""
    model, watch, spent = ours(agent, network), Watch(), [0.0]

    def timed(function):
        def call(*arguments, **named):
            began = time.perf_counter()
            try:
                return function(*arguments, **named)
            finally:
                spent[0] += time.perf_counter() - began

        return call

    # Rollouts: everything but the policy's own forward passes is outside. Updates: the minibatches
    # are, and what surrounds them.
    for name in ("forward", "predict_values"):
        setattr(model.policy, name, timed(getattr(model.policy, name)))
    get = model.rollout_buffer.get

    def minibatches(batch_size=None):
        for batch in get(batch_size):
            began = time.perf_counter()
            yield batch
            spent[0] += time.perf_counter() - began

    model.rollout_buffer.get = minibatches
    model.learn(10**9, callback=watch)
    whole = time.perf_counter() - watch.marks[0][1]
    return 100 * (1 - spent[0] / whole)


def measure() -> list[Row]:
    one_core()
    rows = []
    for network, target in TARGETS.items():
        for agent in SIZES:
            ways = {
                "rlgen": lambda a=agent, n=network: ours(a, n),
                "DummyVecEnv": lambda a=agent, n=network: usual(a, n, DummyVecEnv),
                "SubprocVecEnv": lambda a=agent, n=network: usual(a, n, SubprocVecEnv),
            }
            taken = {name: [] for name in ways}
            for _ in range(REPEATS):
                for name, make in ways.items():
                    taken[name].append(speed(make))
            found = {name: median(speeds) for name, speeds in taken.items()}
            best = max(found["DummyVecEnv"], found["SubprocVecEnv"])
            rows.append(
                Row(
                    f"training, steps a second, {agent}, {network}",
                    f"stable-baselines3, make_vec_env(n_envs={USUAL_ENVS}), the better kind",
                    found["rlgen"] / best,
                    target,
                    "x",
                    at_least=True,
                    detail=", ".join(f"{name} {value:,.0f}" for name, value in found.items()),
                )
            )
    shares = {
        f"{agent}, {network}": median(share_outside(agent, network) for _ in range(REPEATS))
        for network in TARGETS
        for agent in SIZES
    }
    told = "; ".join(f"{name} {share:.0f} %" for name, share in shares.items())
    what = "training time outside forward, backward and optimiser, ppo, conv-a"
    share = shares["ppo, conv-a"]
    rows.append(Row(what, "", share, MOST_OUTSIDE, "%", at_least=False, detail=told))
    return rows
