"""TensorBoard's event files: a folder a cell, in the store's folder ``tracking``."""

import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rlgen.store.bundle import TRACKING
from rlgen.study.tracking.base import Tracker
from rlgen.util import extras
from rlgen.util.terminal import printable


class EventFiles(Tracker):
    """Writes scalars under the names that stable-baselines3's own have beside them.

    ``tensorboard --logdir STORE/tracking`` shows them while the study runs, and
    ``rlgen import`` reads them.
    """

    card = "scalars for TensorBoard, in the store's folder tracking"

    def __init__(self, store: Path) -> None:
        extras.needed("tensorboard", "tensorboard")
        self._folder = store / TRACKING / "tensorboard"
        self._writers: dict[str, Any] = {}

    def start(self, run: str, name: str, settings: Mapping[str, Any]) -> None:
        """See ``Tracker``."""
        del settings
        from tensorboard.summary.writer.event_file_writer import EventFileWriter

        readable = re.sub(r"[^A-Za-z0-9=.,_-]+", "-", printable(name)).strip("-.")[:120]
        self._writers[run] = EventFileWriter(str(self._folder / f"{readable}-{run}"))

    def log(self, run: str, step: int, values: Mapping[str, float]) -> None:
        """See ``Tracker``."""
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.compat.proto.summary_pb2 import Summary

        scalars = [Summary.Value(tag=tag, simple_value=value) for tag, value in values.items()]
        event = Event(wall_time=time.time(), step=step, summary=Summary(value=scalars))
        self._writers[run].add_event(event)
        self._writers[run].flush()  # so that they are seen while the study runs

    def end(self, run: str, status: str, values: Mapping[str, float]) -> None:
        """See ``Tracker``."""
        del status, values
        self._writers.pop(run).close()
