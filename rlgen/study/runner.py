"""Cells -> records: plans what is missing and keeps the workers busy until it is there."""

import re
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGKILL
from typing import Any

from rlgen.protocol import legacy
from rlgen.protocol.suite import Asked
from rlgen.store.run_store import RunStore
from rlgen.study.agenda import Task, agenda
from rlgen.study.cell import Cell, canonical, entries
from rlgen.study.executors.local import LocalExecutor, ServerDiedError
from rlgen.study.executors.server import RAISED
from rlgen.study.kinds.evaluate import EvaluateCell, check_policies
from rlgen.study.kinds.policy_cell import PolicyCell, check_levels
from rlgen.study.progress import Progress

#: How often a cell is tried when its worker is killed; one that raises is not tried again.
ATTEMPTS = 2
#: Imported and called once, before the first cell starts.
PRELOAD = ("rlgen.study.worker", "rlgen.study.process:prepare")
#: Characters of an exception's message that are told.
MOST_SAID = 500
#: Seconds between looks at cells that another command is computing.
PATIENCE = 1.0


@dataclass
class Outcome:
    """What a command did.

    Attributes:
        store: Where the results are.
        computed: Cells trained or evaluated now.
        already: Cells that were complete before.
        failed: Cells that failed, with one line each.
    """

    store: RunStore
    computed: list[str] = field(default_factory=list)
    already: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)


@dataclass
class _Job:
    task: Task
    missing: list[str]
    attempts: int = 0
    leaving: bool = False

    @property
    def cell(self) -> Cell:
        return self.task.cell


def run(
    asked: Asked,
    out: Path,
    *,
    jobs: int,
    device: str = "auto",
    shard: tuple[int, int] = (0, 1),
    progress: Progress,
    trust: Sequence[str] = (),
) -> Outcome:
    """Compute what the store does not have yet.

    Args:
        asked: The experiment.
        out: The store's folder; made if it does not exist.
        jobs: Worker processes.
        device: "auto", "cpu" or "cuda".
        shard: ``(i, n)``: take every n-th cell from the i-th on; n machines share one folder.
        progress: Told of everything that happens.
        trust: Policies' files that may be unpickled or run.

    Raises:
        RlgenError: Before anything is computed, for what cannot work.
    """
    tasks = agenda(asked.parts)
    cells = [task.cell for task in tasks]
    check_levels([cell for cell in cells if isinstance(cell, PolicyCell)])
    check_policies([cell for cell in cells if isinstance(cell, EvaluateCell)], trust)
    parts = [canonical(part) for part, _ in asked.parts]
    store = RunStore.create(out, canonical(asked.whole), entries(cells), parts)
    outcome = Outcome(store)
    todo: list[_Job] = []
    for number, task in enumerate(tasks):
        missing = _missing(store, task)
        if not missing:
            outcome.already.append(task.cell.id)
        elif number % shard[1] == shard[0]:
            todo.append(_Job(task, missing))
    if not todo:
        return outcome
    progress.begin([job.cell for job in todo], len(outcome.already), jobs)
    modules = dict.fromkeys(name for job in todo for name in type(job.cell).preload)
    with progress, LocalExecutor(store.log_folder, (*PRELOAD, *modules)) as executor:
        paper = legacy.paper_name(asked.whole)
        driver = _Driver(store, executor, progress, outcome, device, jobs, trust, paper)
        try:
            driver.work_through(todo)
        finally:
            driver.release()
    return outcome


def _missing(store: RunStore, task: Task) -> list[str]:
    cell = task.cell.id
    done = store.conditions(cell) if store.has(cell) else set()
    return [name for name in task.conditions if name not in done]


class _Driver:
    """Starts jobs while there are free workers and reacts to what becomes of them."""

    def __init__(
        self,
        store: RunStore,
        executor: LocalExecutor,
        progress: Progress,
        outcome: Outcome,
        device: str,
        jobs: int,
        trust: Sequence[str],
        paper: str,
    ) -> None:
        self._trust, self._paper = trust, paper
        self._store, self._executor, self._progress = store, executor, progress
        self._outcome, self._device, self._jobs = outcome, device, jobs
        self._running: dict[str, _Job] = {}
        self._claims: dict[str, ExitStack] = {}

    def work_through(self, todo: list[_Job]) -> None:
        """Run all jobs, and wait for those that another command has claimed."""
        waiting = list(todo)
        elsewhere: list[_Job] = []
        looked = time.monotonic()
        while waiting or elsewhere or self._running:
            while waiting and self._busy() < self._jobs:
                job = waiting.pop(0)
                if not self._start(job):
                    elsewhere.append(job)
            waiting[:0] = self._events()
            if elsewhere and not waiting and time.monotonic() - looked > PATIENCE:
                # Another command has these; take over what it leaves undone.
                looked = time.monotonic()
                if self._busy() < self._jobs:
                    waiting, elsewhere = elsewhere, []
            self._progress.waiting_for_others(len(elsewhere))

    def _busy(self) -> int:
        """Workers at work: what takes a moment to end does not keep the next cell waiting."""
        return sum(not job.leaving for job in self._running.values())

    def _events(self) -> list[_Job]:
        """React to what happens next; returns jobs that are to be tried again."""
        try:
            again = [self._react(event) for event in self._executor.events(timeout=0.2)]
        except ServerDiedError:
            self._executor.restart()
            again = [
                self._react({"event": "ended", "id": i, "status": 0 if job.leaving else -SIGKILL})
                for i, job in list(self._running.items())
            ]
        return [job for job in again if job is not None]

    def release(self) -> None:
        """Let go of all claims."""
        for claim in self._claims.values():
            claim.close()

    def _start(self, job: _Job) -> bool:
        """Start a job, unless it is done or another command is at it."""
        cell = job.cell
        claim = ExitStack()
        if not claim.enter_context(self._store.claim(cell.id)):
            return False
        job.missing = _missing(self._store, job.task)
        if not job.missing:
            claim.close()
            self._outcome.already.append(cell.id)
            self._progress.finished(cell, note="done by another command")
            return True
        self._claims[cell.id] = claim
        self._running[cell.id] = job
        job.attempts, job.leaving = job.attempts + 1, False
        arguments: dict[str, Any] = {
            "store": str(self._store.path.resolve()),
            "kind": cell.kind,
            "settings": cell.settings,
            "wanted": job.missing,
            "device": self._device,
            "command": sys.argv,
            "trust": list(self._trust),
            "paper": self._paper,
        }
        self._executor.start(cell.id, "rlgen.study.worker:run", arguments)
        self._progress.started(cell)
        return True

    def _react(self, event: dict[str, Any]) -> _Job | None:
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
            self._claims.pop(cell.id).close()
            return self._ended(job, int(event["status"]))
        return None

    def _ended(self, job: _Job, status: int) -> _Job | None:
        cell = job.cell
        if status == 0:
            self._outcome.computed.append(cell.id)
            self._progress.finished(cell)
            return None
        if status != RAISED and job.attempts < ATTEMPTS:
            self._progress.note(f"{cell.label}: its worker was killed ({_died(status)}); once more")
            return job
        log = self._store.log(cell.id)
        if status == RAISED:
            why = _raised(log)
        else:
            why = f"its worker was killed {job.attempts} times ({_died(status)})"
            log += f"\n{why}\n"
        path = self._store.fail(cell.id, log)
        self._outcome.failed[cell.id] = f"{cell.label}: {why} (see {path})"
        self._progress.failed(cell, why)
        return None


def _raised(log: str) -> str:
    """What a log that ends with a traceback ends with: the exception, in one line."""
    lines = log.strip().splitlines()
    frames = [i for i, line in enumerate(lines) if line.startswith("  ")]
    said = " ".join(line.strip() for line in lines[frames[-1] + 1 if frames else -1 :])
    # Our own messages say all there is to know.
    said = re.sub(r"^rlgen\.errors\.\w+: ", "", said)
    return said[:MOST_SAID] or "it raised an exception"


def _died(status: int) -> str:
    return f"signal {-status}" if status < 0 else f"exit status {status}"
