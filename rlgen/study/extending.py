"""More steps: the runs of a study that trained for fewer are continued, where that is the same.

Where nothing in training hangs on the share of the steps that is done, a run of 8 million steps
that has a checkpoint after 4 million begins as one of 4 million. Its settings say so (``after``),
and so it is the same run whether it begins with the last state of the shorter one or with nothing.
Elsewhere, as where the learning rate falls to 0, it is another run from the first step on.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rlgen.store.preparing import steps_of
from rlgen.store.run_store import RunStore
from rlgen.store.withdrawing import withdrawable
from rlgen.study.cell import Cell, Task
from rlgen.study.kinds.train import TrainCell
from rlgen.study.plan import Plan
from rlgen.util.words import counted

#: Settings in which a run and a longer one differ.
_LENGTH = ("steps", "after", "checkpoint_every", "pools")


@dataclass(frozen=True)
class Extended:
    """A study whose runs continue those of a store.

    Attributes:
        study: The study.
        lines: What becomes of the runs that trained for fewer steps, and why; empty without any.
    """

    study: Plan
    lines: tuple[str, ...] = ()


def extended(study: Plan, folder: Path) -> Extended:
    """Let the runs of a study continue shorter ones of a store.

    Args:
        study: As planned.
        folder: Of the store; there need not be one yet.
    """
    if not all((folder / name).is_file() for name in ("store.json", "protocol.toml")):
        return Extended(study)
    store = RunStore(folder)
    stored: dict[str, list[Mapping[str, Any]]] = {}
    for entry in store.plan():
        if entry["settings"].get("agent_version"):
            stored.setdefault(_key(entry["settings"]), []).append(entry)
    tasks, reasons = [], dict[str, int]()
    for task in study.tasks:
        cell, why = _continuing(task.cell, stored, store)
        tasks.append(Task(cell, task.wanted))
        if why:
            reasons[why] = reasons.get(why, 0) + 1
    own = [task.cell for task in study.tasks if isinstance(task.cell, TrainCell)]
    steps = max((cell.training.steps for cell in own), default=0)
    if further := withdrawable(steps_of(store.plan()), steps, store.path / "runs"):
        longer = f"of more than {steps:,} steps"
        why = f"{longer}, none of which is done, taken out of the plan"
        reasons[why] = len(further)
    lines = tuple(f"{counted(number, 'cell')}: {why}" for why, number in reasons.items())
    return Extended(replace(study, tasks=tuple(tasks)), lines)


def _continuing(
    cell: Cell, stored: Mapping[str, list[Mapping[str, Any]]], store: RunStore
) -> tuple[Cell, str]:
    """The cell, continuing what the store has of it; and what is done with shorter runs."""
    if not isinstance(cell, TrainCell):
        return cell, ""
    entries = {e["id"]: e["settings"] for e in stored.get(_key(cell.settings), ())}
    for settings in entries.values():
        if settings["steps"] == cell.training.steps:
            # As it was planned before, whatever has become of the shorter run.
            planned = replace(cell, after=tuple(settings.get("after", ())))
            if planned.id in entries:
                return planned, ""
    shorter = [s for own, s in entries.items() if s["steps"] < cell.training.steps]
    if not shorter:
        return cell, ""
    longest = max(shorter, key=lambda settings: int(settings["steps"]))
    steps = int(longest["steps"])
    if cell.spec.falls:
        return cell, f"from the start, since {cell.agent} cannot train on: {cell.spec.falls}"
    longer = replace(cell, after=(*longest.get("after", ()), steps))
    if not store.has(longer.continues):
        return cell, f"from the start, since the run of {steps:,} steps is not done"
    if store.checkpoints.last(longer.continues) is None:
        return cell, f"from the start, since the last state after {steps:,} steps is not kept"
    return longer, f"continued after {steps:,} steps"


def _key(settings: Mapping[str, Any]) -> str:
    kept = {key: value for key, value in settings.items() if key not in _LENGTH}
    return json.dumps(kept, sort_keys=True, default=str)
