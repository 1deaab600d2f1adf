"""The agents, networks and regularisers of a study, in pairs and each by itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import pandas as pd

from rlgen.analysis.stats.comparisons import ARM, Comparison, Standing, comparisons, standings
from rlgen.protocol.schema import Protocol
from rlgen.store.imported import Imported


@dataclass(frozen=True)
class Compared:
    """What can be compared in a study.

    Attributes:
        records: Folded records of its main condition.
        order: Of the columns of ``ARM``, the names in the order of the protocol.
    """

    records: pd.DataFrame
    order: Mapping[str, Sequence[str]]

    @classmethod
    def of(cls, records: pd.DataFrame, protocol: Protocol | Imported) -> Self:
        """In the order of a protocol; what was imported has none."""
        if isinstance(protocol, Imported):
            return cls(records, {})
        return cls(records, {key: list(getattr(protocol, key)) for key in ARM})

    @cached_property
    def pairs(self) -> list[Comparison]:
        """Every pair on each task on which there are several; see ``stats.comparisons``."""
        return comparisons(self.records, self.order)

    @cached_property
    def standings(self) -> list[Standing]:
        """Each of those that are in a pair."""
        return standings(self.records, self.order)
