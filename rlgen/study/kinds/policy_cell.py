"""Cells about one policy on one pool of levels: what its results depend on, and its run."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Self

from rlgen.errors import LevelError
from rlgen.levels import lookup
from rlgen.levels.family import Family
from rlgen.levels.split import Split, chosen_split, draw_split
from rlgen.protocol.schema import named_levels
from rlgen.study.cell import Cell
from rlgen.study.facts import facts
from rlgen.study.workspace import Workspace
from rlgen.util.hashing import digest

if TYPE_CHECKING:
    from rlgen.policies.base import AnyPolicy
    from rlgen.store.provenance import Clock

#: Raised whenever the same settings would give other results for a reason that no setting names.
RESULTS_VERSION = 1
#: Settings of cells whose levels are named.
NAMED = ("train_levels", "validation_levels", "test_levels")
#: Settings that came later, with empty defaults.
_LATER = (*NAMED, "policy_hash")
#: Redundant settings, excluded from the hash.
_UNHASHED = ("agent_options", "policy")


@dataclass(frozen=True)
class PolicyCell(Cell):
    """One policy on one pool. Its settings are all that its results depend on.

    The attributes are the protocol's keys, each with one value, and what they resolve to.
    """

    records: ClassVar[bool] = True

    family: str
    family_options: Mapping[str, Any]
    family_version: int
    n_train_levels: int
    n_validation_levels: int
    n_test_levels: int
    flip_p: float
    agent: str
    agent_options: Mapping[str, Any]
    agent_settings: Mapping[str, Any]
    agent_version: int
    network: str
    regulariser: str
    steps: int
    seed: int
    pool_seed: int
    evaluated_train_levels: int
    curve_points: int
    curve_levels: int
    episodes: int
    results_version: int = RESULTS_VERSION
    train_levels: str = ""
    validation_levels: str = ""
    test_levels: str = ""
    policy: str = ""
    policy_hash: str = ""

    @cached_property
    def settings(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)

    @cached_property
    def id(self) -> str:
        """Sixteen hex digits of the hash of the settings, the agent's as resolved.

        Without those that older stores' cells do not have, and without the kind.
        """
        hashed = {key: value for key, value in self.settings.items() if key not in _UNHASHED}
        return digest({k: v for k, v in hashed.items() if v or k not in _LATER})[:16]

    @property
    def label(self) -> str:
        """A short name for people."""
        extra = f", p={self.flip_p:g}" if self.flip_p else ""
        extra += f", {self.regulariser}" if self.regulariser != "none" else ""
        return (
            f"{self.agent}/{self.network} on {self.n_train_levels} levels of {self.family}"
            f"{extra}, seed {self.seed}"
        )

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Self:
        """See ``Cell``."""
        return cls(**settings)

    @property
    def facts(self) -> dict[str, Any]:
        """See ``study.facts``."""
        return facts(self.configured_family(), self.flip_p)

    def configured_family(self) -> Family:
        """The family of its levels."""
        return lookup.family(self.family).configure(self.family_options)

    def split(self) -> Split:
        """The cell's levels."""
        family = self.configured_family()
        named = named_levels(self.train_levels, self.validation_levels, self.test_levels)
        if named:
            return chosen_split(family, named, self.n_train_levels, flip_p=self.flip_p)
        return draw_split(
            family,
            self.n_train_levels,
            self.n_validation_levels,
            self.n_test_levels,
            pool_seed=self.pool_seed,
            flip_p=self.flip_p,
        )

    @abstractmethod
    def obtain(
        self, workspace: Workspace, split: Split, device: str, clock: "Clock"
    ) -> "tuple[AnyPolicy, int]":
        """The policy and the steps that it was trained for; its own files are written."""

    def run(self, workspace: Workspace) -> None:
        """Obtain the policy and evaluate it under the conditions that are wanted."""
        # Heavy, and of no use to who only plans.
        from rlgen.study.kinds.measuring import measure

        measure(self, workspace)


def check_levels(cells: Sequence[PolicyCell]) -> None:
    """Refuse named levels of which two are the same task; of drawn ones none are."""
    named = {
        (cell.family, cell.train_levels, cell.n_train_levels, cell.flip_p): cell
        for cell in cells
        if cell.train_levels
    }
    for cell in named.values():
        try:
            cell.split()
        except LevelError as error:
            raise LevelError(
                f"{cell.family}: {error}; levels that are drawn, not named, all differ"
            ) from None
