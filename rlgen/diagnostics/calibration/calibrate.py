"""A calibration from end to end: agents made and read, then the verdict on the detectors."""

from pathlib import Path
from typing import Any

from rlgen.diagnostics.calibration import cells, population, summary
from rlgen.diagnostics.detectors import DETECTORS
from rlgen.levels.capabilities import as_tabular
from rlgen.levels.family import Family
from rlgen.store.run_store import RunStore
from rlgen.study.cell import Task
from rlgen.study.driver import work
from rlgen.study.means import Means
from rlgen.study.progress import Progress


def calibrate(
    family: Family, out: Path, pools: int, seeds: int, means: Means, progress: Progress
) -> dict[str, Any]:
    """What ``calibration.json`` holds, see ``summary.summarise``; ``out`` becomes a store.

    Args:
        family: As configured; its levels can be computed.
        out: The folder; what it holds is kept.
        pools: Pools on which every control agent is made.
        seeds: Cloned networks of each kind and pool size.
        means: With what.
        progress: Told of everything that happens.

    Raises:
        LevelError: If levels of the family cannot be computed.
    """
    as_tabular(family, "calibrations")
    detectors = {
        name: DETECTORS[name] for name in DETECTORS if DETECTORS[name].why_not(family) is None
    }
    planned = cells.cells(family, population.default(pools, seeds), list(detectors))
    store = RunStore.create_for(out, cells.PURPOSE, planned, cells.OLD_FOLDER)
    outcome = work([Task(cell) for cell in planned], store, means, progress)
    agents = [entry for cell in planned if store.has(cell.id) for entry in store.reading(cell.id)]
    failed = {
        cell.label: outcome.failed[cell.id].removeprefix(f"{cell.label}: ")
        for cell in planned
        if cell.id in outcome.failed
    }
    options = dict(family.options)
    question = {"family": family.name, "options": options, "pools": pools, "seeds": seeds}
    return summary.summarise(agents, failed, detectors, question)
