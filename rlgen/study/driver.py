"""The one driver: keeps workers busy with cells of any kind until all are in the store."""

import re
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from rlgen import papers
from rlgen.errors import DamagedStoreError
from rlgen.store.run_store import RunStore
from rlgen.study import further
from rlgen.study.cell import Cell, Task
from rlgen.study.executors import EXECUTORS
from rlgen.study.executors.base import DONE, RAISED, Executor, Job
from rlgen.study.means import Means
from rlgen.study.plan import Plan
from rlgen.study.progress import Progress

#: How often a cell is tried when its worker is killed; one that raises is not tried again.
ATTEMPTS = 2
#: Characters of an exception's message, and of a failed worker's output, that are kept.
MOST_SAID, LOG_END = 500, 20_000
#: Seconds between looks at cells that another command is computing.
PATIENCE = 1.0


@dataclass
class Outcome:
    """What a command did.

    Attributes:
        store: Where the results are.
        computed: Cells computed now.
        already: Cells that were complete before.
        failed: Cells that failed, with one line each.
        elsewhere: Cells that are left to the other commands which are computing them.
    """

    store: RunStore
    computed: list[str] = field(default_factory=list)
    already: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    elsewhere: list[str] = field(default_factory=list)


def compute(study: Plan, out: Path, means: Means, progress: Progress) -> Outcome:
    """Compute what the store of a study does not have yet.

    Args:
        study: What is to be computed.
        out: The store's folder; made if it does not exist.
        means: With what.
        progress: Told of everything that happens.

    Raises:
        StoreError: If the folder holds something else.
    """
    cells = [task.cell for task in study.tasks]
    reasons = [further.left_out(cell.settings.get("pools", {})) for cell in cells if cell.records]
    for pool, reason in dict.fromkeys(pair for each in reasons for pair in each.items()):
        progress.note(f"pool {pool} is left out: {reason}")
    store = RunStore.create(out, study.whole, cells, study.parts, study.margins)
    return work(study.tasks, store, replace(means, paper=study.whole.paper), progress)


def work(tasks: Sequence[Task[Cell]], store: RunStore, means: Means, progress: Progress) -> Outcome:
    """Compute what the store, in whose plan the cells are, does not have yet."""
    outcome = Outcome(store)
    todo: list[_Attempted] = []
    for number, task in enumerate(tasks):
        if _is_done(store, task):
            outcome.already.append(task.cell.id)
        elif number % means.shard[1] == means.shard[0]:
            todo.append(_Attempted(task))
    if not todo:
        return outcome
    progress.begin([job.cell for job in todo], len(outcome.already), means.jobs)
    kinds = list(dict.fromkeys(job.cell.kind for job in todo))
    with progress, EXECUTORS[means.executor](store.work_folder, kinds) as executor:
        driver = _Driver(store, executor, progress, outcome, means)
        try:
            driver.work_through(todo)
        finally:
            driver.release()
    return outcome


@dataclass
class _Attempted:
    """A task that is not done, and how far it has come.

    Attributes:
        task: What is to be done.
        missing: Outputs that are wanted of the attempt under way.
        whole: Whether the attempt gives the cell's run, not a further part of it.
        attempts: How many have begun.
        leaving: Whether the worker has written everything.
    """

    task: Task[Cell]
    missing: list[str] = field(default_factory=list)
    whole: bool = True
    attempts: int = 0
    leaving: bool = False

    @property
    def cell(self) -> Cell:
        return self.task.cell


def _is_done(store: RunStore, task: Task[Cell]) -> bool:
    return store.has(task.cell.id) and not _missing(store, task)


def _missing(store: RunStore, task: Task[Cell]) -> list[str]:
    """Outputs that are wanted and not there."""
    if not task.wanted or not store.has(task.cell.id):
        return list(task.wanted)
    there = store.conditions(task.cell.id)
    return [name for name in task.wanted if name not in there]


class _Driver:
    """Starts jobs while there are free workers and reacts to what becomes of them."""

    def __init__(
        self,
        store: RunStore,
        executor: Executor,
        progress: Progress,
        outcome: Outcome,
        means: Means,
    ) -> None:
        self._store, self._executor, self._progress = store, executor, progress
        self._outcome, self._means = outcome, means
        self._running: dict[str, _Attempted] = {}
        self._claims: dict[str, ExitStack] = {}

    def work_through(self, todo: list[_Attempted]) -> None:
        """Run all jobs; wait for those that another command has claimed, or leave them to it."""
        waiting = list(todo)
        elsewhere: list[_Attempted] = []
        looked = time.monotonic()
        while waiting or self._running or (elsewhere and self._means.wait):
            while waiting and self._busy() < self._means.jobs:
                job = waiting.pop(0)
                if not self._start(job):
                    elsewhere.append(job)
            again = [self._react(event) for event in self._executor.events(timeout=0.2)]
            waiting[:0] = [job for job in again if job is not None]
            if elsewhere and not waiting and time.monotonic() - looked > PATIENCE:
                # Another command has these; take over what it leaves undone.
                looked = time.monotonic()
                if self._busy() < self._means.jobs:
                    waiting, elsewhere = elsewhere, []
            self._progress.waiting_for_others(len(elsewhere) if self._means.wait else 0)
        self._outcome.elsewhere += [job.cell.id for job in elsewhere]

    def _busy(self) -> int:
        """Workers at work: what takes a moment to end does not keep the next cell waiting."""
        return sum(not job.leaving for job in self._running.values())

    def release(self) -> None:
        """Let go of all claims."""
        for claim in self._claims.values():
            claim.close()

    def _start(self, job: _Attempted) -> bool:
        """Start a job, unless it is done or another command is at it."""
        cell, store = job.cell, self._store
        claim = ExitStack()
        if not claim.enter_context(store.claim(cell.id)):
            return False
        if _is_done(store, job.task):
            claim.close()
            self._outcome.already.append(cell.id)
            self._progress.finished(cell, note="done by another command")
            return True
        job.missing, job.whole = _missing(store, job.task), not store.has(cell.id)
        self._claims[cell.id] = claim
        self._running[cell.id] = job
        job.attempts, job.leaving = job.attempts + 1, False
        self._executor.start(
            Job(
                id=cell.id,
                kind=cell.kind,
                settings=cell.settings,
                wanted=job.missing,
                earlier=None if job.whole else store.run_folder(cell.id),
                device=self._means.device,
                command=sys.argv,
                trust=self._means.trust,
                paper=self._paper_of(cell),
            )
        )
        self._progress.started(cell)
        return True

    def _paper_of(self, cell: Cell) -> str:
        """The paper that is to add files to the cell's run; empty if they are there."""
        paper = self._means.paper if cell.records else ""
        if paper and self._store.has_recorded(cell.id, papers.catalogue()[paper].record_files):
            return ""
        return paper

    def _react(self, event: dict[str, Any]) -> _Attempted | None:
        """Take note of an event; returns a job that is to be tried again."""
        job = self._running.get(event["id"])
        if job is None:
            return None
        cell = job.cell
        if event["event"] == "progress":
            self._progress.advanced(cell, event)
        elif event["event"] == "evaluating":
            self._progress.evaluating(cell)
        elif event["event"] == "leaving":
            job.leaving = True
        elif event["event"] == "ended":
            del self._running[cell.id]
            again = self._ended(job, event["outcome"], event["why"])
            self._claims.pop(cell.id).close()
            return again
        return None

    def _ended(self, job: _Attempted, outcome: str, why: str) -> _Attempted | None:
        cell = job.cell
        if outcome == DONE:
            try:
                self._publish(job)
            except (OSError, DamagedStoreError) as error:
                self._fail(job, f"its run cannot be stored: {error}")
            else:
                self._outcome.computed.append(cell.id)
                self._progress.finished(cell)
            return None
        if outcome == RAISED:
            self._fail(job, _raised(self._executor.log(cell.id)))
            return None
        if job.attempts < ATTEMPTS:
            self._progress.note(f"{cell.label}: its worker was killed ({why}); once more")
            return job
        self._fail(job, f"its worker was killed {job.attempts} times ({why})")
        return None

    def _publish(self, job: _Attempted) -> None:
        """Bring the job's folder and make it part of the store."""
        aside = self._store.aside(job.cell.id)
        self._executor.fetch(job.cell.id, aside)
        self._store.publish(aside, job.cell.id, job.missing, whole=job.whole)

    def _fail(self, job: _Attempted, why: str) -> None:
        cell = job.cell
        log = self._executor.log(cell.id)[-LOG_END:]
        path = self._store.fail(cell.id, log if _raised(log) == why else f"{log}\n{why}\n")
        self._outcome.failed[cell.id] = f"{cell.label}: {why} (see {path})"
        self._progress.failed(cell, why)


def _raised(log: str) -> str:
    """The exception with whose traceback a log ends, in one line."""
    lines = log.strip().splitlines()
    frames = [i for i, line in enumerate(lines) if line.startswith("  ")]
    said = " ".join(line.strip() for line in lines[frames[-1] + 1 if frames else -1 :])
    # Our own messages say all there is to know.
    said = re.sub(r"^rlgen\.errors\.\w+: ", "", said)
    return said[:MOST_SAID] or "it raised an exception"
