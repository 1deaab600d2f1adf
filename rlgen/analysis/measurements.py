"""What the cells of a paper's experiments measured."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from rlgen.papers import Experiment
from rlgen.store.run_store import RunStore


@dataclass(frozen=True)
class Measurements:
    """Of all experiments of a study.

    Attributes:
        by_cell: What each cell measured, by its id; read on access.
        provenance: How each came about, by id.
    """

    by_cell: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    provenance: Mapping[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def read(cls, store: RunStore) -> "Measurements":
        """Those of a store."""
        measured = store.measurements()
        return cls(measured, store.provenance(measured))

    def table(
        self, name: str, experiment: Experiment, plan: Iterable[Mapping[str, Any]]
    ) -> pd.DataFrame:
        """One experiment's.

        Args:
            name: Of the experiment.
            experiment: Which options it has, and what it measures.
            plan: The cells that count, in their order.

        Returns:
            One row a cell: ``seed``, options, and what was measured; nan for a number that the
            experiment could not say. All columns, also without rows.
        """
        rows = []
        for entry in plan:
            settings = entry["settings"]
            if settings.get("experiment") == name and entry["id"] in self.by_cell:
                own = self.by_cell[entry["id"]].items()
                values = {key: float("nan") if value is None else value for key, value in own}
                rows.append({"seed": settings["seed"], **settings["options"], **values})
        return pd.DataFrame(rows, columns=["seed", *experiment.options, *experiment.measures])
