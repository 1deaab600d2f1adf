"""What a tracker is: three methods, for TensorBoard, Weights & Biases, MLflow and the like."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any


class Tracker:
    """Is told what becomes of each cell of a study; this one tells nobody.

    A class of one's own needs the three methods, not this base, and is named
    ``rlgen evaluate --track module:CLASS`` or an entry point of the group ``rlgen.trackers``. It
    runs in the process of the command, not in the workers. Where a method raises, the study goes
    on without the tracker, and says so. ``docs/howto/track.md`` has classes for Weights & Biases
    and MLflow.

    Args:
        store: The store's folder; what a tracker writes there belongs in ``store / "tracking"``.
    """

    card = "tells nobody"

    def __init__(self, store: Path) -> None:
        del store

    def start(self, run: str, name: str, settings: Mapping[str, Any]) -> None:
        """A worker has begun with a cell, or goes on with one that was broken off.

        Args:
            run: Id of the cell, and name of its folder in ``runs``.
            name: For people.
            settings: All that decides its result, plain values.
        """

    def log(self, run: str, step: int, values: Mapping[str, float]) -> None:
        """A checkpoint of training.

        Args:
            run: See ``start``.
            step: Environment steps so far.
            values: Mean returns on levels of each pool, ``eval_train/mean_reward``,
                ``eval_test/mean_reward``, and the former minus the latter, ``gap/mean_reward``;
                ``eval_*/success_rate`` and ``gap/success_rate`` where that is known; and
                ``time/fps``, steps a second.
        """

    def end(self, run: str, status: str, values: Mapping[str, float]) -> None:
        """Nothing more comes of the cell, unless it is started again.

        Args:
            run: See ``start``.
            status: "finished", "failed" or "interrupted".
            values: Of the last checkpoint, see ``log``; empty where there was none.
        """
