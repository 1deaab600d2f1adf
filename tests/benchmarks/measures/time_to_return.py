"""Seconds until an agent plays its training levels well, against the library's defaults.

Each seed runs in a process of its own, one a core.
"""

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

from base import REPEATS, Row

from rlgen.util.cores import usable_cores

GOAL, N_LEVELS, NETWORK = 1.8, 10, "conv-a"
#: Steps after which a run is given up; its time so far then counts, too little for what it is.
MOST_STEPS = {"usual": 330_000, "rlgen": 1_500_000}
LOOK_EVERY = 16_384
#: For few levels: the preset's short credit does not see that an episode will time out.
OPTIONS = {"gamma": 0.99, "gae_lambda": 0.95, "ent_coef": 0.03}


def run(way, seed):
    """Training seconds, steps and return when the goal was reached, or all was used up."""
    import torch
    from learning import training_env
    from stable_baselines3 import PPO
    from stable_baselines3.common.callbacks import BaseCallback
    from stable_baselines3.common.env_util import make_vec_env
    from usual import policy

    from rlgen import draw_split
    from rlgen.agents import AGENTS, learner
    from rlgen.evaluation import exact
    from rlgen.networks import NETWORKS
    from rlgen.networks.trunk import Trunk
    from rlgen.perturbations.condition import Condition
    from rlgen.policies import network_policy
    from rlgen.policies.spec import PolicySpec
    from rlgen.study.process import one_core
    from rlgen.util.seeding import library_seed

    split = draw_split("maze-basic", N_LEVELS, 0, 1, pool_seed=seed)
    shape = split.family.observation_space.shape
    if way == "rlgen":
        one_core()
        preset = AGENTS["ppo"]
        settings = preset.configured(OPTIONS, "ppo")
        env = training_env(split.family, split.train, settings, "none", seed)
        told = {"seed": library_seed(seed, "agent"), "device": "cpu"}
        model = learner.make(preset, settings, NETWORKS[NETWORK], env, **told)
        played = learner.policy_of(preset, model, NETWORKS[NETWORK], split.family.observation_space)
    else:
        torch.set_num_threads(1)
        ids = [int(i) for i in split.train.ids]
        name = "rlgen_envs:rlgen/MazeBasic-v0"
        env = make_vec_env(name, n_envs=8, seed=seed, env_kwargs={"levels": ids})
        model = PPO("MlpPolicy", env, seed=seed, device="cpu", policy_kwargs=policy(NETWORK))
        spec = PolicySpec(NETWORKS[NETWORK], shape, 5, "softmax")
        body = Trunk(*model.policy.features_extractor.layers)
        played = network_policy.trained(spec, body, model.policy.action_net)

    class Worker(BaseCallback):
        seconds, look, told = 0.0, 0, (0, -9.0)

        def _on_training_start(self):
            self.since = time.perf_counter()

        def _on_rollout_start(self):
            if self.num_timesteps < self.look:
                return
            self.look = self.num_timesteps + LOOK_EVERY
            self.seconds += time.perf_counter() - self.since
            plain = [Condition.parse("plain")]
            outcome = exact.evaluate(played, split.family, split.train, plain)["plain"]
            self.told = self.num_timesteps, float(outcome.ret_mean.mean())
            self.since = time.perf_counter()

        def _on_step(self):
            return self.told[1] < GOAL and self.num_timesteps < MOST_STEPS[way]

    worker = Worker()
    model.learn(10**9, callback=worker)
    return worker.seconds, *worker.told


def _start(way, seed):
    here = str(Path(__file__).parent.parent)
    module = "measures.time_to_return"
    code = f"import json, {module} as m; print(json.dumps(m.run({way!r}, {seed})))"
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([here, os.environ.get("PYTHONPATH", "")])
    }
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def measure() -> list[Row]:
    jobs = [(way, seed) for seed in range(REPEATS) for way in MOST_STEPS]
    with ThreadPoolExecutor(usable_cores()) as pool:
        results = list(pool.map(lambda job: _start(*job), jobs))
    told, seconds = [], {}
    for way in MOST_STEPS:
        runs = [result for (kind, _), result in zip(jobs, results, strict=True) if kind == way]
        seconds[way] = median(run[0] for run in runs)
        steps = ", ".join(
            f"{run[1] / 1000:,.0f} k{'' if run[2] >= GOAL else ' (not)'}" for run in runs
        )
        told.append(f"{way} {seconds[way]:.0f} s ({steps} steps)")
    return [
        Row(
            f"time until the exact training return on {N_LEVELS} maze-basic levels is {GOAL}",
            f"stable-baselines3's default PPO, make_vec_env(n_envs=8), {NETWORK}",
            seconds["usual"] / seconds["rlgen"],
            10,
            "x",
            at_least=True,
            detail="; ".join(told),
        )
    ]
