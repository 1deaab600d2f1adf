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
from rlgen.store import compacting
from rlgen.store.run_store import RunStore
from rlgen.study import further
from rlgen.study.attempt import Attempt, is_done, missing
from rlgen.study.cell import Cell, Task
from rlgen.study.executors import EXECUTORS
from rlgen.study.executors.base import DONE, NODE_LOST, RAISED, Executor, Job, NodeLostError
from rlgen.study.means import Means
from rlgen.study.plan import Plan
from rlgen.study.progress import Progress
from rlgen.study.publishing import Publisher

#: How often a cell is tried when its worker is killed; one that raises is not tried again.
ATTEMPTS = 2
#: How often it is tried when its machine is lost: no fault of the cell's, unless it takes down
#: whatever it runs on.
NODES = 20
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
        outside: Those that did not fail by themselves: a worker was killed, a disk was full.
        elsewhere: Cells that are left to the other commands which are computing them.
    """

    store: RunStore
    computed: list[str] = field(default_factory=list)
    already: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    outside: list[str] = field(default_factory=list)
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
    todo: list[Attempt] = []
    inventory = store.inventory()
    for number, task in enumerate(tasks):
        if is_done(inventory, task.cell.id, task.wanted):
            outcome.already.append(task.cell.id)
        elif number % means.shard[1] == means.shard[0]:
            todo.append(Attempt(task, task.cell))
    if not todo:
        return outcome
    kinds = list(dict.fromkeys(job.cell.kind for job in todo))
    member = EXECUTORS[means.executor]
    with member(store.work_folder, kinds, means.device, **means.options) as executor:
        jobs = means.jobs or executor.workers()
        progress.begin([job.cell for job in todo], len(outcome.already), jobs)
        driver = _Driver(store, executor, progress, outcome, means)
        with progress:
            try:
                driver.work_through(todo)
            finally:
                driver.release()
    return outcome


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
        self._running: dict[str, Attempt] = {}
        self._claims: dict[str, ExitStack] = {}
        self._publisher = Publisher(store, executor)

    def work_through(self, todo: list[Attempt]) -> None:
        """Run all jobs; wait for those that another command has claimed, or leave them to it."""
        waiting = list(todo)
        elsewhere: list[Attempt] = []
        looked = time.monotonic()
        while waiting or self._running or self._publisher or (elsewhere and self._means.wait):
            while waiting and self._has_room():
                job = waiting.pop(0)
                if not self._start(job):
                    elsewhere.append(job)
            # Nothing tells when something has been published.
            patience = 0.02 if self._publisher else 0.2
            again = [self._react(event) for event in self._executor.events(patience)]
            again += [self._published(*each) for each in self._publisher.published()]
            waiting[:0] = [job for job in again if job is not None]
            if elsewhere and not waiting and time.monotonic() - looked > PATIENCE:
                # Another command has these; take over what it leaves undone.
                looked = time.monotonic()
                if self._has_room():
                    waiting, elsewhere = elsewhere, []
            self._progress.waiting_for_others(len(elsewhere) if self._means.wait else 0)
        self._outcome.elsewhere += [job.cell.id for job in elsewhere]

    def _has_room(self) -> bool:
        """Whether a worker is free: what takes a moment to end, or to be stored, keeps none."""
        busy = sum(not job.leaving for job in self._running.values())
        return busy < (self._means.jobs or self._executor.workers()) and not self._publisher.full

    def release(self) -> None:
        """Publish what is finished, and let go of all claims."""
        self._publisher.close()
        for claim in self._claims.values():
            claim.close()

    def _start(self, job: Attempt) -> bool:
        """Start a job, unless it is done or another command is at it."""
        cell, store = job.cell, self._store
        claim = ExitStack()
        if not claim.enter_context(store.claim(cell.id)):
            return False
        if is_done(store, cell.id, job.task.wanted):
            claim.close()
            self._outcome.already.append(cell.id)
            self._progress.finished(cell, note="done by another command")
            return True
        job.missing, job.whole = missing(store, cell.id, job.task.wanted), not store.has(cell.id)
        job.leaving = False
        if not job.whole:
            # Of a run that lies in a segment a folder, which executors can take elsewhere.
            compacting.bring_back(store, store.run_folder(cell.id))
        self._claims[cell.id] = claim
        self._running[cell.id] = job
        self._executor.start(
            Job(
                id=cell.id,
                kind=cell.kind,
                settings=cell.settings,
                wanted=job.missing,
                earlier=None if job.whole else store.run_folder(cell.id),
                checkpoint=self._checkpoint(cell) if job.whole else None,
                device=self._means.device,
                command=sys.argv,
                trust=self._means.trust,
                paper=self._paper_of(cell),
            )
        )
        return True

    def _paper_of(self, cell: Cell) -> str:
        """The paper that is to add files to the cell's run; empty if they are there."""
        paper = self._means.paper if cell.records else ""
        if paper and self._store.has_recorded(cell.id, papers.catalogue()[paper].record_files):
            return ""
        return paper

    def _react(self, event: dict[str, Any]) -> Attempt | None:
        """Take note of an event; returns a job that is to be tried again."""
        if event["event"] == "note" and not event["id"]:
            self._progress.note(event["text"][:MOST_SAID])
        job = self._running.get(event["id"])
        if job is None:
            return None
        cell = job.cell
        if event["event"] == "placed":
            self._progress.started(cell)
        elif event["event"] == "progress":
            self._progress.advanced(cell, event)
            if event.get("rows"):
                try:
                    self._store.checkpoints.watch(cell.id, event["rows"])
                except OSError as error:
                    # The run has its curve itself.
                    self._progress.note(f"{cell.label}: its curve so far cannot be kept: {error}")
        elif event["event"] == "checkpoint":
            self._keep_checkpoint(job, event["name"])
        elif event["event"] == "note":
            self._progress.note(f"{cell.label}: {event['text'][:MOST_SAID]}")
        elif event["event"] == "evaluating":
            self._progress.evaluating(cell)
        elif event["event"] == "leaving":
            job.leaving = True
        elif event["event"] == "ended":
            del self._running[cell.id]
            if event["outcome"] == DONE:
                self._publisher.take(job)
                return None
            again = self._broken_off(job, event["outcome"], event["why"])
            self._claims.pop(cell.id).close()
            return again
        return None

    def _published(self, job: Attempt, error: Exception | None) -> Attempt | None:
        """Take note of what became of a finished run; returns a job that is to be tried again."""
        self._claims.pop(job.cell.id).close()
        if error is None:
            self._outcome.computed.append(job.cell.id)
            self._progress.finished(job.cell)
            return None
        if isinstance(error, NodeLostError):
            return self._broken_off(job, NODE_LOST, str(error))
        if not isinstance(error, OSError | DamagedStoreError):
            raise error
        self._fail(job, f"its run cannot be stored: {error}")
        return None

    def _broken_off(self, job: Attempt, outcome: str, why: str) -> Attempt | None:
        """Take note of a job that broke off; returns it if it is to be tried again."""
        if outcome == RAISED:
            self._fail(job, _raised(self._executor.log(job.cell.id)), by_itself=True)
            return None
        if outcome == NODE_LOST:
            job.nodes += 1
            times, most, what = job.nodes, NODES, "the machine that it was on was lost"
        else:
            job.killed += 1
            times, most, what = job.killed, ATTEMPTS, "its worker was killed"
        if times < most:
            self._progress.broken_off(job.cell, f"{what} ({why}); once more")
            return job
        self._fail(job, f"{what} {times} times ({why})")
        return None

    def _checkpoint(self, cell: Cell) -> Path | None:
        """With what the cell begins: what was left of it, or the end of a shorter one."""
        there = self._store.checkpoints.last(cell.id)
        if there is None and cell.continues:
            return self._store.checkpoints.last(cell.continues)
        return there

    def _keep_checkpoint(self, job: Attempt, name: str) -> None:
        """Bring a checkpoint; what broke off before it does not count any more."""
        cell = job.cell.id
        try:
            self._store.checkpoints.keep(
                cell, name, lambda into: self._executor.fetch_checkpoint(cell, name, into)
            )
        except (OSError, NodeLostError) as error:
            self._progress.note(f"{job.cell.label}: its checkpoint cannot be kept: {error}")
        else:
            job.killed = job.nodes = 0

    def _fail(self, job: Attempt, why: str, *, by_itself: bool = False) -> None:
        cell = job.cell
        self._outcome.outside += [] if by_itself else [cell.id]
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
