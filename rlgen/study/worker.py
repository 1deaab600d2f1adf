"""What a worker does for one cell: draw, train, evaluate, and put the run into the store."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from rlgen.agents.learner import resolve_device
from rlgen.errors import StoreError
from rlgen.evaluation.recording import strip_episodes, worst_level_trajectories
from rlgen.evaluation.table import table
from rlgen.levels.split import Split
from rlgen.perturbations.condition import Condition
from rlgen.policies import checkpoint, loading
from rlgen.policies.base import AnyPolicy
from rlgen.policies.sources import policy_hash
from rlgen.store import provenance, records
from rlgen.store.run_store import STRIPS, RunStore
from rlgen.study.cell import Cell
from rlgen.study.process import one_core
from rlgen.training.train import train
from rlgen.util import files
from rlgen.util.seeding import library_seed


class Report(Protocol):
    """Where a job reports to."""

    def __call__(self, event: str, **told: Any) -> None:
        """Report an event."""


def run(
    *,
    report: Report,
    store: str,
    settings: Mapping[str, Any],
    conditions: Sequence[str],
    device: str,
    command: Sequence[str],
    trust: Sequence[str] = (),
    strips: bool = False,
) -> None:
    """Train and evaluate one cell, or evaluate a trained one under further conditions.

    Everything is put together aside and renamed into the store as the last act, so that whatever
    kills this process, the store holds the whole run or nothing of it.

    Args:
        report: Called with events.
        store: The store's folder.
        settings: Of the cell.
        conditions: Names of the conditions to evaluate.
        device: "auto", "cpu" or "cuda".
        command: The command line, for provenance.
        trust: Policies' files that may be unpickled or run.
        strips: Whether episodes are kept step by step, for figures that draw them so.
    """
    one_core()
    cell = Cell(**settings)
    into = RunStore(Path(store))
    device = resolve_device(device)
    clock = provenance.Clock()
    with clock.time("draw_levels"):
        split = cell.split()
        into.save_split(split.manifest, split.manifest_hash)
    aside = into.aside(cell.id)
    to_train = not into.has(cell.id)
    policy: AnyPolicy
    if cell.policy:
        policy, steps = _made_elsewhere(cell, split, aside, trust), 0
    elif to_train:
        policy, steps = _train(cell, split, aside, device, clock, report)
    else:
        policy = checkpoint.load(into.run_folder(cell.id), device)
        steps = int(files.read_json(into.run_folder(cell.id) / "agent.json")["steps"])
    report("evaluating")
    with clock.time("evaluate"):
        faced = [Condition.parse(name) for name in conditions]
        rows = _evaluate(cell, split, policy, steps, faced, into.path / ".rlgen" / "reference")
        records.write(aside / "records.parquet", rows, records.RECORDS)
        if to_train:
            shown = worst_level_trajectories(policy, split, rows, seed=cell.seed)
            files.write_json(aside / "trajectories.json", shown)
        if strips and not into.has_strips(cell.id):
            files.write_json(aside / STRIPS, strip_episodes(policy, split, cell.seed))
    told = provenance.collect(command) | {"device": device, "seconds": clock.seconds}
    files.write_json(aside / "provenance.json", told | {"steps": steps})
    into.publish(aside, cell.id, conditions, trained=to_train)


def _train(
    cell: Cell,
    split: Split,
    aside: Path,
    device: str,
    clock: provenance.Clock,
    report: Report,
) -> tuple[AnyPolicy, int]:
    with clock.time("train"):
        trained = train(
            split,
            agent=cell.agent,
            network=cell.network,
            steps=cell.steps,
            seed=cell.seed,
            agent_options=cell.agent_options,
            regulariser=cell.regulariser,
            curve_points=cell.curve_points,
            curve_levels=cell.curve_levels,
            episodes=cell.episodes,
            device=device,
            on_checkpoint=lambda step, speed, returns: report(
                "progress", step=step, steps_per_second=speed, returns=dict(returns)
            ),
        )
    clock.seconds["test_worker"] = clock.seconds["train"] - trained.seconds
    clock.seconds["train"] = trained.seconds
    notes = {"cell": cell.settings, "settings": trained.settings, "steps": trained.steps}
    checkpoint.save(trained.policy, aside, notes)
    files.write_json(aside / "cell.json", {"id": cell.id, "settings": cell.settings})
    curve = pd.DataFrame(trained.curve).assign(run_id=cell.id)
    records.write(aside / "curve.parquet", curve, records.CURVES)
    return trained.policy, trained.steps


def _made_elsewhere(cell: Cell, split: Split, aside: Path, trust: Sequence[str]) -> AnyPolicy:
    """The cell's policy, with what a run's folder holds of one that was not trained here."""
    if policy_hash(cell.policy) != cell.policy_hash:
        raise StoreError(f"{cell.policy}: has changed since this study was planned")
    policy = loading.load(cell.policy, split.family, trusted=trust)
    told = {"path": cell.policy, "sha256": cell.policy_hash}
    files.write_json(aside / "agent.json", {"made_elsewhere": told, "steps": 0})
    files.write_json(aside / "cell.json", {"id": cell.id, "settings": cell.settings})
    none = pd.DataFrame(columns=records.CURVES.names)
    records.write(aside / "curve.parquet", none, records.CURVES)
    return policy


def _evaluate(
    cell: Cell,
    split: Split,
    policy: AnyPolicy,
    steps: int,
    conditions: Sequence[Condition],
    cache: Path,
) -> pd.DataFrame:
    """The records of one run, level after level within condition within pool."""
    evaluated = {
        "train": split.train.take(slice(0, cell.evaluated_train_levels)),
        "validation": split.validation,
        "test": split.test,
    }
    parts = [
        table(
            policy,
            split.family,
            levels,
            conditions,
            episodes=cell.episodes,
            seed=library_seed(cell.seed, "evaluation", pool),
            cache=cache,
        ).assign(split=pool)
        for pool, levels in evaluated.items()
        if len(levels)
    ]
    return pd.concat(parts, ignore_index=True).assign(
        run_id=cell.id,
        family=cell.family,
        agent=cell.agent,
        network=cell.network,
        n_train_levels=cell.n_train_levels,
        flip_p=cell.flip_p,
        regulariser=cell.regulariser,
        seed=cell.seed,
        pool_seed=cell.pool_seed,
        checkpoint=steps,
        manifest=split.manifest_hash,
    )
