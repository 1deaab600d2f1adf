"""A study: its tasks checked, its store made, and all of it computed."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rlgen.analysis.claims import margins_of
from rlgen.protocol.suite import Declaration
from rlgen.store.run_store import RunStore
from rlgen.study.cell import Cell, Task
from rlgen.study.driver import Outcome, work
from rlgen.study.kinds.evaluate import EvaluateCell, check_policies
from rlgen.study.kinds.policy_cell import PolicyCell, check_levels
from rlgen.study.means import Means
from rlgen.study.plan import plan
from rlgen.study.progress import Progress


def run(
    declaration: Declaration,
    out: Path,
    means: Means,
    progress: Progress,
    further: Sequence[Task[Cell]] = (),
) -> Outcome:
    """Compute what the store does not have yet.

    Args:
        declaration: The experiment.
        out: The store's folder; made if it does not exist.
        means: With what.
        progress: Told of everything that happens.
        further: Tasks beside those of the study's protocols.

    Raises:
        RlgenError: Before anything is computed, for what cannot work.
    """
    study = plan(declaration)
    paper = study.whole.paper
    tasks: list[Task[Cell]] = [*study.tasks, *further]
    cells = [task.cell for task in tasks]
    check_levels([cell for cell in cells if isinstance(cell, PolicyCell)])
    # Each policy is shown a level.
    check_policies([cell for cell in cells if isinstance(cell, EvaluateCell)], means.trust)
    margins = margins_of(declaration) if paper else {}
    store = RunStore.create(out, study.whole, cells, study.parts, margins)
    return work(tasks, store, replace(means, paper=paper), progress)
