"""Training on a GPU: steps a second alone, and of several runs side by side on one device.

Gives no rows on a machine without one.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import torch
from base import Row
from learning import training_env
from measures.training import Watch

from rlgen.agents import AGENTS, learner
from rlgen.networks import NETWORKS
from rlgen_envs import FAMILIES

N_ENVS, SIDE_BY_SIDE, LEVELS = (4096, 16_384), (1, 4, 8), 1000
TARGET = 2.0


def speed(network: str, n_envs: int, device: str, n_levels: int = LEVELS) -> float:
    """Steps a second of PPO with four minibatches a rollout of 32 steps."""
    sizes = {"n_envs": n_envs, "n_steps": 32, "batch_size": n_envs * 8}
    settings = AGENTS["ppo"].configured(sizes, "ppo")
    family, watch = FAMILIES["maze-basic"], Watch()
    levels = family.generate(range(n_levels))
    env = training_env(family, levels, settings, "none", 0, device=device)
    model = learner.make(AGENTS["ppo"], settings, NETWORKS[network], env, seed=0, device=device)
    model.learn(10**12, callback=watch)
    return float(watch.speed)


def together(network: str, n_envs: int, count: int) -> float:
    """Steps a second of that many runs in processes of their own, in millions."""
    here = str(Path(__file__).parent.parent)
    code = f"import json, measures.gpu as m; print(m.speed({network!r}, {n_envs}, 'cuda'))"
    environment = os.environ | {"PYTHONPATH": here}
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True
        )
        for _ in range(count)
    ]
    return sum(json.loads(run.communicate()[0].splitlines()[-1]) for run in started) / 1e6


def measure() -> list[Row]:
    if not torch.cuda.is_available():
        print("no GPU on this machine: nothing measured", file=sys.stderr)
        return []
    rows = []
    for network in ("conv-a", "mlp-512-128"):
        found = {
            (n_envs, count): together(network, n_envs, count)
            for n_envs in N_ENVS
            for count in SIDE_BY_SIDE
        }
        best = max(found.values())
        told = ", ".join(f"{n:,} x {k} runs {v:.2f}" for (n, k), v in found.items())
        detail = f"{told}; 10^9 steps in {1000 / best / 60:.0f} min; {torch.cuda.get_device_name()}"
        what = f"million training steps a second on one GPU, all runs together, ppo, {network}"
        rows.append(Row(what, "", best, TARGET, "M/s", at_least=True, detail=detail))
    return rows
