"""What a protocol will cost on this machine, measured in a few seconds without training it."""

import time
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
from stable_baselines3.common.callbacks import BaseCallback

from rlgen.evaluation.table import table
from rlgen.levels.family import Family, Levels
from rlgen.perturbations.condition import PLAIN, Condition
from rlgen.probes.measuring import measure
from rlgen.probes.subject import Subject
from rlgen.store.outputs import parsed, probe_of
from rlgen.study.cell import Cell, Task
from rlgen.study.kinds.train import TrainCell
from rlgen.study.process import one_core
from rlgen.training.prepared import prepare

#: Seconds of training measured for each agent, network and family, after a first rollout.
MEASURE = 2.0
#: Bytes of a record in its parquet file, measured on the runs of zhang2018 that are kept, and of a
#: run's other files beside its weights, on the shipped protocols.
RECORD_BYTES, RUN_BYTES = 45, 40_000
#: Bytes of the run of an experiment's cell.
MEASURED_BYTES = 10_000


def price(tasks: Iterable[Task[Cell]], jobs: int, trained: Collection[str] = ()) -> dict[str, Any]:
    """Cells, steps, time and disk of what is to be trained.

    Cells that train no agent cost what they say themselves; of kinds that say nothing they are
    counted, and not in the price.

    Args:
        tasks: With what is wanted and not there yet.
        jobs: Workers at a time.
        trained: Ids of cells whose runs are there, from whose weights the rest is measured.

    Returns:
        ``cells``, ``steps`` (in all), ``seconds`` (wall time on ``jobs`` workers), ``bytes``, and
        ``kinds``: for each family, agent and network its ``cells``, ``steps_per_second``,
        ``training_seconds``, ``evaluation_seconds`` and ``probing_seconds`` a cell; ``measured``:
        of each kind whose cells say what they cost how many there are, and their ``seconds`` on one
        core; ``further``: how many cells of each other kind are not in the price.
    """
    tasks = list(tasks)
    one_core()
    others = [task.cell for task in tasks if not isinstance(task.cell, TrainCell)]
    further = Counter(cell.kind for cell in others if cell.seconds != cell.seconds)
    measured: dict[str, dict[str, float]] = {}
    for cell in others:
        if cell.seconds == cell.seconds:
            sums = measured.setdefault(cell.kind, {"cells": 0, "seconds": 0.0})
            sums["cells"] += 1
            sums["seconds"] += cell.seconds
    kinds: dict[tuple[str, str, str], list[Task[Cell]]] = {}
    for task in tasks:
        if not isinstance(task.cell, TrainCell):
            continue
        own = task.cell
        kinds.setdefault((own.family, own.agent, own.network), []).append(task)
    priced = [_kind(members, trained) for members in kinds.values()]
    parts = [f"{part}_seconds" for part in ("training", "evaluation", "probing")]
    busy = sum(kind["cells"] * kind[part] for kind in priced for part in parts)
    busy += sum(sums["seconds"] for sums in measured.values())
    number = len(tasks) - further.total()
    return {
        "cells": number,
        "steps": sum(_left(task.cell, trained) for own in kinds.values() for task in own),
        "jobs": jobs,
        "seconds": busy / max(1, min(jobs, number)),
        "bytes": sum(k["cells"] * k["bytes"] for k in priced)
        + sum(int(sums["cells"]) * MEASURED_BYTES for sums in measured.values()),
        "kinds": priced,
        "measured": measured,
        "further": dict(further),
    }


class _Measured(Exception):  # noqa: N818
    """Ends a training that has been measured: not all algorithms ask whether to go on."""


class _Stopwatch(BaseCallback):
    """Ends training after some seconds and knows how many steps were taken in them."""

    def __init__(self) -> None:
        super().__init__()
        self.speed = 0.0
        self._marks: list[tuple[int, float]] = []

    def _on_rollout_start(self) -> None:
        self._marks.append((self.num_timesteps, time.perf_counter()))
        # The first rollout warms up.
        if len(self._marks) > 2:
            steps, seconds = np.subtract(self._marks[-1], self._marks[1])
            self.speed = steps / seconds
            if seconds >= MEASURE:
                raise _Measured

    def _on_step(self) -> bool:
        return True


def _left(cell: Cell, trained: Collection[str]) -> int:
    """Steps that are left to train."""
    return 0 if cell.id in trained else cell.steps - cell.begun


def _kind(tasks: Sequence[Task[Cell]], trained: Collection[str]) -> dict[str, Any]:
    cells = [task.cell for task in tasks if isinstance(task.cell, TrainCell)]
    cell = max(cells, key=lambda c: c.n_train_levels)
    left = float(np.mean([_left(c, trained) for c in cells]))
    new = float(np.mean([c.id not in trained for c in cells]))
    pools = cell.pools
    levels = pools.some_training_levels(64)
    ready = prepare(pools.world, levels, cell.spec, seed=cell.seed)
    watch = _Stopwatch()
    with suppress(_Measured):
        ready.model.learn(10**9, callback=[watch, *ready.callbacks])
    ready.env.close()
    few = levels.take(slice(0, 8))

    def a_level(names: Sequence[str], world: Family = pools.world, levels: Levels = few) -> float:
        faced = [Condition.parse(name) for name in names]
        began = time.perf_counter()
        table(ready.policy, world, levels, faced, episodes=cell.evaluation.episodes)
        return (time.perf_counter() - began) / len(levels)

    # Cells of one kind may face other conditions: those of a figure of its own, for example.
    facing = Counter(_faced(task.wanted) for task in tasks)
    evaluated = sum(a_level(names) * n for names, n in facing.items()) / len(tasks)
    records = sum(len(names) * n for names, n in facing.items()) / len(tasks)
    further, further_records = 0.0, 0.0
    for source in cell.further:
        own = Counter(_faced(task.wanted, source.name) for task in tasks)
        own.pop((), None)
        some = source.first(8)
        for names, n in own.items():
            further += a_level(names, source.world, some) * source.n_levels * n / len(tasks)
            further_records += len(names) * source.n_levels * n / len(tasks)
    trained_on = [min(c.n_train_levels, c.evaluation.evaluated_train_levels) for c in cells]
    n_levels = float(np.mean(trained_on)) + pools.n_validation + pools.n_test
    watched = (cell.monitoring.curve_points + 1) * 3 * cell.monitoring.curve_levels
    weights = sum(p.numel() for p in ready.model.policy.parameters()) * 4
    probed = Counter(probe for task in tasks for name in task.wanted if (probe := probe_of(name)))
    subject = Subject(ready.policy, cell.split(), cell.label) if probed else None
    probing = sum(_probing(name, subject) * n for name, n in probed.items()) / len(tasks)
    return {
        "family": cell.family,
        "agent": cell.agent,
        "network": cell.network,
        "cells": len(cells),
        "steps_per_second": watch.speed,
        "training_seconds": left / watch.speed,
        "evaluation_seconds": evaluated * n_levels + further + a_level([PLAIN]) * watched * new,
        "probing_seconds": probing,
        "bytes": int(
            (n_levels * records + further_records) * RECORD_BYTES + (RUN_BYTES + weights) * new
        ),
    }


def _probing(name: str, subject: Subject | None) -> float:
    """Seconds that a probe takes of an untrained policy; one that raises is reported in the run."""
    if subject is None:
        return 0.0
    began = time.perf_counter()
    with suppress(Exception):
        measure(name, subject)
    return time.perf_counter() - began


def _faced(wanted: Sequence[str], pool: str = "") -> tuple[str, ...]:
    """The conditions among the outputs that are wanted of a further pool, or of the three."""
    return tuple(condition for condition, of in map(parsed, wanted) if of == pool)
