"""Stores as studies of any size leave them, of agents whose returns are drawn.

    python tests/support/simulated_store.py FOLDER --runs 2000

All files are written by what writes them in a study; none is trained.
"""

import sys
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pandas as pd
import tomli_w
from numpy.random import Generator
from planning import cells_of

from rlgen.evaluation.recording import record
from rlgen.levels.drawing import NAMESPACES
from rlgen.levels.split import draw_split
from rlgen.policies.functions import FunctionPolicy
from rlgen.protocol.schema import Protocol, parse
from rlgen.store import provenance, records
from rlgen.store.run_store import RunStore
from rlgen.study.kinds.policy_cell import PolicyCell
from rlgen.util import files
from rlgen.util.hashing import digest
from rlgen.util.seeding import stream
from rlgen_envs import FAMILIES

POOLS = ("train", "validation", "test")
#: A hundred settings; a run is evaluated on 1,000 levels under four conditions.
LARGE: dict[str, Any] = {
    "name": "large",
    "family": "maze-basic",
    "n_train_levels": [10, 50, 200, 500, 1000],
    "n_validation_levels": 50,
    "n_test_levels": 500,
    "evaluated_train_levels": 450,
    "flip_p": [0.0, 0.1, 0.2, 0.3, 0.4],
    "agent": ["ppo", "a2c"],
    "network": ["conv-a", "mlp-512-128"],
    "steps": 50_000_000,
    "checkpoint_every": 0,
    "conditions": ["plain", "greedy", "sticky_executed:0.25", "epsilon:0.05"],
}
SETTINGS = 100
#: What stands in the place of weights; nothing here reads them.
WEIGHTS = b"\0" * 2_000


def study(runs: int) -> dict[str, Any]:
    """The keys of ``LARGE`` with as many seeds as make so many runs."""
    if runs % SETTINGS:
        raise ValueError(f"there are {SETTINGS} settings, so that runs come by the {SETTINGS}")
    return {**LARGE, "seeds": f"0:{runs // SETTINGS}"}


def make(path: Path, protocol: Protocol, *, agents: bool = False, most: int | None = None) -> Path:
    """The store of a protocol with all its runs.

    Args:
        path: The folder; runs that are there are left alone.
        protocol: Its pools must be drawn and its conditions in canonical form.
        agents: Whether runs have the files of an agent.
        most: The most runs that are added.
    """
    cells = cells_of(protocol, str(path))
    store = RunStore.create(path, protocol, cells)
    cells = [cell for cell in cells if not store.has(cell.id)][:most]
    sizes = zip(POOLS[1:], (protocol.n_validation_levels, protocol.n_test_levels), strict=True)
    held_out = {pool: World(pool, size, 0, protocol.conditions) for pool, size in sizes}
    recorded = episodes()
    origin = provenance.collect(["rlgen", "evaluate", "large.toml"])
    origin |= {"device": "cpu", "seconds": {"train": 600.0, "evaluate": 60.0}}
    # That files are on disk before they are renamed matters to nobody here, and takes minutes.
    with mock.patch("os.fsync"):
        for cell in cells:
            aside = store.aside(cell.id)
            n_train = min(cell.n_train_levels, protocol.evaluated_train_levels)
            worlds = {"train": World("train", n_train, cell.seed, protocol.conditions)} | held_out
            rows = returns(cell, protocol.conditions, worlds)
            records.write(aside / "records.parquet", rows, records.RECORDS)
            records.write(aside / "curve.parquet", curve(cell), records.CURVES)
            files.write_json(aside / "trajectories.json", recorded)
            files.write_json(aside / "provenance.json", origin | {"steps": cell.steps})
            card = {"id": cell.id, "kind": cell.kind, "settings": cell.settings}
            files.write_json(aside / "cell.json", card)
            if agents:
                files.write_json(aside / "agent.json", {"format": 1})
                (aside / "policy.safetensors").write_bytes(WEIGHTS)
            store.publish(aside, cell.id, protocol.conditions)
    return path


class World:
    """Levels of a pool and what every run finds on them, conditions x levels."""

    def __init__(self, pool: str, size: int, seed: int, conditions: Sequence[str]) -> None:
        rng = stream(seed, "report", pool)
        shape = (len(conditions), size)
        self.ids = NAMESPACES[pool] + rng.permutation(10 * size)[:size]
        self.ease = rng.normal(0, 0.4, size) - 0.1 * np.arange(len(conditions))[:, None]
        self.oracle = 2.1 - rng.gamma(2, 0.02, shape)
        self.random = rng.normal(-0.3, 0.1, shape)


def returns(
    cell: PolicyCell, conditions: Sequence[str], worlds: Mapping[str, World]
) -> pd.DataFrame:
    """Records, level after level within condition within pool, as an evaluation gives them.

    A return is the sum of an effect of the run, one of the level and a residual.
    """
    rng = stream(cell.seed, "report", cell.id)
    run, learnt = rng.normal(0, 0.2), np.log10(cell.n_train_levels) / 2
    parts = []
    for pool, world in worlds.items():
        mean = 1.9 if pool == "train" else learnt
        parts.append(_of_pool(pool, world, mean + run, conditions, rng))
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


def _of_pool(
    pool: str, world: World, mean: float, conditions: Sequence[str], rng: Generator
) -> pd.DataFrame:
    """The columns of one pool that differ by level."""
    n, size = world.ease.shape
    value = mean + world.ease + rng.normal(0, 0.5, world.ease.shape)
    return pd.DataFrame(
        {
            "level_id": np.tile(world.ids, n),
            "condition": named(conditions, np.repeat(np.arange(n), size)),
            "split": named(POOLS, np.full(value.size, POOLS.index(pool))),
            "ret_mean": np.clip(value, -4.9, 2.09).ravel(),
            "oracle_ret": world.oracle.ravel(),
            "random_ret": world.random.ravel(),
        }
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
        columns = {
            "step": steps,
            "split": pool,
            "ret_mean": end * learnt + rng.normal(0, 0.1, len(steps)),
            "p_solved": learnt,
            "gap_low": 1.4 * learnt - 0.8 if pool == "test" else np.nan,
        }
        parts.append(pd.DataFrame(columns))
    return pd.concat(parts).assign(run_id=cell.id, n_levels=cell.monitoring.curve_levels)


def episodes() -> list[dict[str, Any]]:
    """Two real ones; every run is given the same."""
    family = FAMILIES["maze-basic"]
    actions = int(family.action_space.n)
    policy = FunctionPolicy(
        lambda observations: np.full((len(observations), actions), 1 / actions), actions
    )
    split, facts = draw_split(family, 1, 0, 1), {"condition": "plain", "expected": 0.0}
    return [
        record(policy, split, levels, seed=0) | facts | {"split": pool}
        for pool, levels in (("train", split.train), ("test", split.test))
    ]


def main() -> None:
    """Make a store and, beside it, its protocol: FOLDER/large and FOLDER/large.toml."""
    parser = ArgumentParser(description=main.__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--most", type=int, help="Runs to add now; the same command goes on.")
    options = parser.parse_args()
    keys = study(options.runs)
    options.folder.mkdir(parents=True, exist_ok=True)
    (options.folder / "large.toml").write_text(tomli_w.dumps(keys))
    make(options.folder / "large", parse(keys, "large"), agents=True, most=options.most)


if __name__ == "__main__":
    sys.exit(main())
