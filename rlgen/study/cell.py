"""What is computed at a time: one agent trained once on one pool of levels."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from rlgen.levels import lookup
from rlgen.levels.split import Split, chosen_split, draw_split
from rlgen.perturbations.condition import Condition
from rlgen.protocol.schema import Protocol, named_levels
from rlgen.study.facts import facts
from rlgen.training.regularisers.regularisation import Regularisation
from rlgen.util.hashing import digest

#: Raised whenever the same settings would give other results for a reason that no setting names.
RESULTS_VERSION = 1
#: Settings of cells whose levels are named.
NAMED = ("train_levels", "validation_levels", "test_levels")
#: Settings that came later, with empty defaults.
_LATER = (*NAMED, "policy_hash")
#: Settings that say in another way what others say.
_UNHASHED = ("agent_options", "policy")


@dataclass(frozen=True)
class Cell:
    """One agent trained once on one pool. Its settings are all that its results depend on.

    The attributes are the protocol's keys, each with one value, and what they resolve to.
    """

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
        """Sixteen hex digits of the hash of the settings, the agent's as resolved."""
        told = {key: value for key, value in self.settings.items() if key not in _UNHASHED}
        # Without those that older stores' cells do not have.
        told = {key: value for key, value in told.items() if value or key not in _LATER}
        return digest(told)[:16]

    @property
    def label(self) -> str:
        """A short name for people."""
        extra = f", p={self.flip_p:g}" if self.flip_p else ""
        extra += f", {self.regulariser}" if self.regulariser != "none" else ""
        return (
            f"{self.agent}/{self.network} on {self.n_train_levels} levels of {self.family}"
            f"{extra}, seed {self.seed}"
        )

    def split(self) -> Split:
        """The cell's levels."""
        family = lookup.family(self.family).configure(self.family_options)
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


def entries(cells: Sequence[Cell]) -> list[dict[str, Any]]:
    """What a store's plan says of each cell: ``id``, ``label``, ``settings`` and ``facts``."""
    known: dict[str, dict[str, Any]] = {}
    told = []
    for cell in cells:
        kind = {"family": cell.family, "options": cell.family_options, "flip_p": cell.flip_p}
        name = digest(kind)
        if name not in known:
            family = lookup.family(cell.family).configure(cell.family_options)
            known[name] = facts(family, cell.flip_p)
        told.append(
            {"id": cell.id, "label": cell.label, "settings": cell.settings, "facts": known[name]}
        )
    return told


def canonical(protocol: Protocol) -> Protocol:
    """The protocol with the names of conditions and regularisers spelt out."""
    return protocol.model_copy(
        update={
            "conditions": tuple(condition.name for condition in conditions(protocol)),
            "regulariser": tuple(Regularisation.parse(text).name for text in protocol.regulariser),
        }
    )


def conditions(protocol: Protocol) -> list[Condition]:
    """The protocol's conditions."""
    return [Condition.parse(text) for text in protocol.conditions]
