"""Finished runs become part of the store in a thread of its own, so that no worker waits for it."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from rlgen.store.run_store import RunStore
from rlgen.study.attempt import Attempt
from rlgen.study.executors.base import Executor

#: Finished runs that may wait to be published; what more is finished keeps its worker waiting, so
#: that a slow disk does not fill memory or another disk with them.
MOST_WAITING = 64


class Publisher:
    """Fetches what jobs have written and publishes it, one after the other.

    Args:
        store: Into which; this thread alone publishes in it while there is a publisher.
        executor: From which.
    """

    def __init__(self, store: RunStore, executor: Executor) -> None:
        self._store, self._executor = store, executor
        self._thread = ThreadPoolExecutor(1, "rlgen-publisher")
        self._waiting: dict[Future[None], Attempt] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def full(self) -> bool:
        """Whether nothing should be started before something is published."""
        return len(self._waiting) >= MOST_WAITING

    def take(self, job: Attempt) -> None:
        """Publish what a done job has written, soon."""
        self._waiting[self._thread.submit(self._publish, job)] = job

    def published(self) -> Iterator[tuple[Attempt, Exception | None]]:
        """The jobs whose publishing has ended, each once, and what was raised."""
        for future in [future for future in self._waiting if future.done()]:
            error = future.exception()
            if error is not None and not isinstance(error, Exception):
                raise error
            yield self._waiting.pop(future), error

    def close(self) -> None:
        """Wait for what is under way: nothing that has been computed is thrown away."""
        self._thread.shutdown(wait=True)

    def _publish(self, job: Attempt) -> None:
        aside = self._store.aside(job.cell.id)
        self._executor.fetch(job.cell.id, aside)
        self._store.publish(aside, job.cell.id, job.missing, whole=job.whole)
