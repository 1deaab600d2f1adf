"""With what cells are computed: workers, device, executor, and whose files are trusted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rlgen.errors import ProtocolError, nearest
from rlgen.study.executors import EXECUTORS
from rlgen.util import extras
from rlgen.util.validation import whole_number

DEVICES = ("auto", "cpu", "cuda")


@dataclass(frozen=True)
class Means:
    """With what cells are computed.

    Attributes:
        jobs: Workers at a time; None for as many as the executor has.
        executor: Name in ``EXECUTORS``.
        options: Further arguments of the executor.
        device: "auto", "cpu" or "cuda".
        shard: ``(i, n)``: take every n-th cell from the i-th on; n commands share one store.
        trust: Files that may be unpickled or run.
        wait: Whether to wait for cells that other commands are computing, and to take over what
            they leave undone.
        paper: Name of the paper that adds files to runs; empty if none does.
    """

    jobs: int | None
    executor: str = "local"
    device: str = "auto"
    shard: tuple[int, int] = (0, 1)
    trust: Sequence[str] = ()
    wait: bool = True
    paper: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.jobs is not None and self.jobs < 1:
            raise ProtocolError(f"jobs = {self.jobs}: must be at least 1")
        shard = tuple(whole_number("shard", each) for each in self.shard)
        if len(shard) != 2 or not 0 <= shard[0] < shard[1]:
            raise ProtocolError(f"shard = {self.shard}: must be (i, n) with i from 0 to n - 1")
        executor = EXECUTORS[self.executor]
        for name, value in self.options.items():
            if name not in executor.options:
                raise ProtocolError(
                    f"{name} = {value!r}: executor {self.executor!r} takes no {name}"
                    f"{nearest(name, executor.options)}"
                )
        try:
            extras.require(executor.extra)
        except ProtocolError as error:
            raise ProtocolError(f"executor = {self.executor!r}: {error}") from None
        if self.device not in DEVICES:
            raise ProtocolError(f"device = {self.device!r}{nearest(self.device, DEVICES)}")
        if self.device == "cuda" and executor.here:
            # Only this answer is worth the seconds that torch takes to import.
            from rlgen.agents.learner import resolve_device

            resolve_device(self.device)
