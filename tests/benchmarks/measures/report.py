"""The report of a large study: its time, its memory and the size of its page."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from base import REPEATS, Row
from planning import cells_of

from rlgen.evaluation.recording import record
from rlgen.levels.split import NAMESPACES, draw_split
from rlgen.policies.functions import FunctionPolicy
from rlgen.protocol.schema import Protocol, parse
from rlgen.store import provenance, records
from rlgen.store.run_store import RunStore
from rlgen.study.kinds.policy_cell import PolicyCell
from rlgen.util import files
from rlgen.util.hashing import digest
from rlgen.util.seeding import stream
from rlgen_envs import FAMILIES

CONDITIONS = [
    "plain",
    "greedy",
    "temperature:2",
    "epsilon:0.05",
    "sticky_proposed:0.25",
    "sticky_executed:0.25",
    "random_spawn",
    "delay:1",
    "frame_skip:2",
    "random_frame_skip:2",
    "random_spawn+sticky_proposed:0.25",
    "random_spawn+epsilon:0.05",
]
#: Ten settings, and with a hundred seeds a thousand runs.
STUDY: dict[str, Any] = {
    "name": "large",
    "family": "maze-basic",
    "n_train_levels": [10, 50, 200, 500, 1000],
    "n_validation_levels": 50,
    "n_test_levels": 1000,
    "evaluated_train_levels": 1000,
    "network": ["conv-a", "mlp-512-128"],
    "seeds": "0:100",
    "steps": 1_000_000,
    "conditions": CONDITIONS,
}
POOLS = ("train", "validation", "test")
WHAT = "report of 1,000 runs x 1,000 test levels x 12 conditions"


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        path = make(Path(folder) / "large", parse(STUDY, "large"))
        taken = [report(path) for _ in range(REPEATS)]
        page, summary = (
            (path / name).stat().st_size / 1e6 for name in ("report.html", "summary.json")
        )
        stored = (path / "runs").glob("*/records.parquet")
        rows = sum(pq.read_metadata(run).num_rows for run in stored) / 1e6
    cpu = median(one.cpu for one in taken)
    told = f"{rows:.1f} million records; {cpu:.1f} s on the processor"
    seconds = median(one.seconds for one in taken)
    gigabytes = max(one.gigabytes for one in taken)
    size = f"summary.json has {summary:.1f} MB"
    return [
        Row(f"{WHAT}: time", "", seconds, 15, "s", at_least=False, detail=told),
        Row(f"{WHAT}: memory at the peak", "", gigabytes, 2, "GB", at_least=False),
        Row(f"{WHAT}: size of the page", "", page, 8, "MB", at_least=False, detail=size),
    ]


@dataclass(frozen=True)
class Taken:
    """What one ``rlgen report`` took: wall and processor seconds, and memory at its peak."""

    seconds: float
    cpu: float
    gigabytes: float


def report(path: Path) -> Taken:
    """``rlgen report`` in a process of its own."""
    command = [sys.executable, "-m", "rlgen", "report", str(path)]
    began = time.perf_counter()
    child = os.posix_spawn(
        command[0],
        command,
        os.environ,
        file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)],
    )
    _, status, used = os.wait4(child, 0)
    seconds = time.perf_counter() - began
    if code := os.waitstatus_to_exitcode(status):
        raise subprocess.CalledProcessError(code, command)
    unit = 1024 if sys.platform == "linux" else 1  # bytes on other systems
    return Taken(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss * unit / 1e9)


def make(path: Path, protocol: Protocol) -> Path:
    """A store as a study leaves it, of agents whose returns are drawn."""
    asked = cells_of(protocol, "large")
    store = RunStore.create(path, protocol, asked)
    held_out = {
        pool: World(pool, size, 0)
        for pool, size in zip(
            POOLS[1:], (protocol.n_validation_levels, protocol.n_test_levels), strict=True
        )
    }
    shown = episodes()
    told = provenance.collect(["rlgen", "evaluate", "large.toml"])
    told |= {"device": "cpu", "seconds": {"train": 600.0, "evaluate": 60.0}}
    for cell in asked:
        aside = store.aside(cell.id)
        worlds = {"train": World("train", cell.n_train_levels, cell.seed)} | held_out
        rows = returns(cell, protocol.conditions, worlds)
        records.write(aside / "records.parquet", rows, records.RECORDS)
        records.write(aside / "curve.parquet", curve(cell), records.CURVES)
        files.write_json(aside / "trajectories.json", shown)
        files.write_json(aside / "provenance.json", told | {"steps": cell.steps})
        files.write_json(aside / "cell.json", {"id": cell.id, "settings": cell.settings})
        store.publish(aside, cell.id, protocol.conditions)
    return path


class World:
    """Levels of a pool and what every run finds on them, conditions x levels."""

    def __init__(self, pool: str, size: int, seed: int) -> None:
        rng = stream(seed, "report", pool)
        shape = (len(CONDITIONS), size)
        self.ids = NAMESPACES[pool] + rng.permutation(10 * size)[:size]
        self.ease = rng.normal(0, 0.4, size) - 0.1 * np.arange(len(CONDITIONS))[:, None]
        self.oracle = 2.1 - rng.gamma(2, 0.02, shape)
        self.random = rng.normal(-0.3, 0.1, shape)


def returns(cell: PolicyCell, conditions: Sequence[str], worlds: dict[str, World]) -> pd.DataFrame:
    """Records, level after level within condition within pool, as an evaluation gives them.

    A return is the sum of an effect of the run, one of the level and a residual.
    """
    rng = stream(cell.seed, "report", cell.id)
    n, run = len(conditions), rng.normal(0, 0.2)
    learnt = np.log10(cell.n_train_levels) / 2
    parts = []
    for pool, world in worlds.items():
        mean = 1.9 if pool == "train" else learnt
        value = mean + run + world.ease + rng.normal(0, 0.5, world.ease.shape)
        columns = {
            "level_id": np.tile(world.ids, n),
            "condition": named(conditions, np.repeat(np.arange(n), len(world.ids))),
            "split": named(POOLS, np.full(value.size, POOLS.index(pool))),
            "ret_mean": np.clip(value, -4.9, 2.09).ravel(),
            "oracle_ret": world.oracle.ravel(),
            "random_ret": world.random.ravel(),
        }
        parts.append(pd.DataFrame(columns))
    rows = pd.concat(parts, ignore_index=True)
    solved = np.clip((rows["ret_mean"] + 0.5) / 2.6, 0, 1)
    words = {key: getattr(cell, key) for key in ("family", "agent", "network", "regulariser")}
    words |= {"run_id": cell.id, "manifest": digest([cell.n_train_levels, cell.seed])}
    return rows.assign(
        **{name: named([word], np.zeros(len(rows), int)) for name, word in words.items()},
        n_train_levels=cell.n_train_levels,
        flip_p=cell.flip_p,
        seed=cell.seed,
        pool_seed=cell.pools.pool_seed,
        checkpoint=cell.steps,
        ret_var=rng.gamma(2, 0.5, len(rows)),
        p_solved=solved,
        p_timeout=1 - solved,
        len_mean=20 + 180 * (1 - solved),
        exact=True,
        n_episodes=0,
    )


def named(words: Sequence[str], codes: Any) -> pd.Categorical:
    return pd.Categorical.from_codes(codes, list(words))


def curve(cell: PolicyCell) -> pd.DataFrame:
    """Learning curves of the three pools."""
    rng = stream(cell.seed, "report", "curve", cell.id)
    steps = np.linspace(0, cell.steps, cell.monitoring.curve_points + 1).astype(int)
    learnt = 1 - np.exp(-4 * steps / cell.steps)
    parts = []
    for pool, end in zip(POOLS, (1.9, 0.5, 0.5), strict=True):
        told = {
            "step": steps,
            "split": pool,
            "ret_mean": end * learnt + rng.normal(0, 0.1, len(steps)),
            "p_solved": learnt,
            "gap_low": 1.4 * learnt - 0.8 if pool == "test" else np.nan,
        }
        parts.append(pd.DataFrame(told))
    return pd.concat(parts).assign(run_id=cell.id, n_levels=cell.monitoring.curve_levels)


def episodes() -> list[dict[str, Any]]:
    """Two real ones; every run is given the same."""
    family = FAMILIES["maze-basic"]
    actions = int(family.action_space.n)
    policy = FunctionPolicy(lambda seen: np.full((len(seen), actions), 1 / actions), actions)
    split = draw_split(family, 1, 0, 1)
    told = {"condition": "plain", "expected": 0.0}
    return [
        record(policy, split, levels, seed=0) | told | {"split": pool}
        for pool, levels in (("train", split.train), ("test", split.test))
    ]
