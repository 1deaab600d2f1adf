"""Cells about one policy on one pool of levels: what its results depend on, and its run."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from rlgen.levels import lookup
from rlgen.levels.family import Family, Levels
from rlgen.levels.further import FurtherPool, Source, further_pools
from rlgen.levels.grouping import Grouping
from rlgen.levels.properties import is_code
from rlgen.levels.split import Split, chosen_split, draw_split
from rlgen.protocol.groups import GROUPS, Evaluation, Group, Monitoring, Training
from rlgen.protocol.pools import POOLS, named_levels
from rlgen.study.cell import Cell
from rlgen.study.facts import facts
from rlgen.study.workspace import Workspace
from rlgen.util.hashing import digest
from rlgen.util.ranges import parse_seeds

if TYPE_CHECKING:
    from rlgen.policies.base import Policy
    from rlgen.store.provenance import Clock

#: Raised whenever the same settings would give other results for a reason that no setting names.
RESULTS_VERSION = 1
#: Keys of the groups that were there from the first: they are hashed whatever their value. Later
#: ones are hashed only where they are not the default, so that older cells keep their ids.
_FIRST = {"steps", "curve_points", "curve_levels", "evaluated_train_levels", "episodes"}
#: Redundant settings, excluded from the hash.
_UNHASHED = ("agent_options", "policy", "policy_file", "pools", "trained_on")


@dataclass(frozen=True)
class Pools:
    """Where the levels of a cell come from.

    Attributes:
        family: The family's name as the protocol has it, options in brackets included.
        world: The family itself, configured.
        n_train: Training levels.
        n_validation: Validation levels.
        n_test: Held-out levels.
        flip_p: Probability that an object's reward is flipped in training levels.
        pool_seed: Of the training pool, where levels are drawn.
        named: Text of ids by pool, where levels are named.
        grouping: By which property they are split, if by any.
    """

    family: str
    world: Family
    n_train: int
    n_validation: int
    n_test: int
    flip_p: float
    pool_seed: int
    named: Mapping[str, str]
    grouping: Grouping | None = None

    def split(self) -> Split:
        """The levels."""
        ids = named_levels(*(self.named[f"{pool}_levels"] for pool in POOLS))
        if ids:
            return chosen_split(
                self.world, ids, self.n_train, flip_p=self.flip_p, grouping=self.grouping
            )
        return draw_split(
            self.world,
            self.n_train,
            self.n_validation,
            self.n_test,
            pool_seed=self.pool_seed,
            flip_p=self.flip_p,
            grouping=self.grouping,
        )

    def some_training_levels(self, n: int) -> Levels:
        """The first training levels, at most ``n``; other levels are not made."""
        few = replace(self, n_train=min(n, self.n_train), n_validation=0, n_test=1)
        if not self.named["train_levels"]:
            return few.split().train
        ids = parse_seeds(self.named["train_levels"])
        return self.world.generate(ids[: few.n_train], self.flip_p)

    @property
    def settings(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "family": self.family,
            "family_options": dict(self.world.options),
            "family_version": self.world.version,
            # Only where there are, so that cells of other families keep their ids.
            **({"family_source": self.world.source} if self.world.source else {}),
            **({"action_masks": True} if self.world.masked else {}),
            "n_train_levels": self.n_train,
            "n_validation_levels": self.n_validation,
            "n_test_levels": self.n_test,
            "flip_p": self.flip_p,
            "pool_seed": self.pool_seed,
            **self.named,
            **({} if self.grouping is None else {"levels": self.grouping.settings}),
        }

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> "Pools":
        """From what ``settings`` gave."""
        world = lookup.family(settings["family"]).configure(settings["family_options"])
        by_property = settings.get("levels")
        return cls(
            family=settings["family"],
            world=world,
            n_train=settings["n_train_levels"],
            n_validation=settings["n_validation_levels"],
            n_test=settings["n_test_levels"],
            flip_p=settings["flip_p"],
            pool_seed=settings["pool_seed"],
            named={key: settings.get(key, "") for key in NAMED},
            grouping=Grouping.of(settings["levels"]).followed(world) if by_property else None,
        )


#: Settings of cells whose levels are named.
NAMED = tuple(f"{pool}_levels" for pool in POOLS)


@dataclass(frozen=True)
class PolicyCell(Cell):
    """One policy on one pool. Its settings are all that its results depend on.

    Attributes:
        pools: Its levels.
        agent: What the agent is called.
        network: What its network is called.
        regulariser: What it was regularised with, by its canonical name.
        seed: Of the run.
        training: How long it learns.
        monitoring: How it is watched while it learns.
        evaluation: How it is evaluated at the end.
        further: Further pools that it is evaluated on. What it learns does not depend on them, and
            neither does its id: a finished run can be evaluated on more.
    """

    records: ClassVar[bool] = True

    pools: Pools
    agent: str
    network: str
    regulariser: str
    seed: int
    training: Training
    monitoring: Monitoring
    evaluation: Evaluation
    further: tuple[Source, ...] = field(default=(), kw_only=True)

    @property
    def family(self) -> str:
        """The family's name as the protocol has it."""
        return self.pools.family

    @property
    def n_train_levels(self) -> int:
        """Size of the training pool."""
        return self.pools.n_train

    @property
    def flip_p(self) -> float:
        """Flip probability of the rewards of training levels."""
        return self.pools.flip_p

    @property
    def steps(self) -> int:
        """Environment steps of training."""
        return self.training.steps

    @property
    @abstractmethod
    def origin(self) -> dict[str, Any]:
        """Settings about where the policy comes from."""

    @cached_property
    def settings(self) -> dict[str, Any]:
        """As plain values."""
        groups = (self.training, self.monitoring, self.evaluation)
        return {
            **self.pools.settings,
            "agent": self.agent,
            **self.origin,
            "network": self.network,
            "regulariser": self.regulariser,
            "seed": self.seed,
            **{k: v for group in groups for k, v in group.model_dump(exclude_none=True).items()},
            "results_version": RESULTS_VERSION,
            **({"pools": {s.name: s.settings for s in self.further}} if self.further else {}),
        }

    @cached_property
    def id(self) -> str:
        """See ``Cell``."""
        return self.identity(self.settings)

    @classmethod
    def identity(cls, settings: Mapping[str, Any]) -> str:
        """See ``Cell``: without what older stores' cells do not have, and without the kind."""
        left_out = {*_UNHASHED, *_later_defaults(settings)}
        left_out |= {key for key in (*NAMED, "policy_hash") if not settings.get(key)}
        return digest({k: v for k, v in settings.items() if k not in left_out})[:16]

    @property
    def label(self) -> str:
        """A short name for people."""
        extra = f", p={self.flip_p:g}" if self.flip_p else ""
        extra += f", {self.regulariser}" if self.regulariser != "none" else ""
        n = self.n_train_levels
        return (
            f"{self.agent}/{self.network} on {n} {'level' if n == 1 else 'levels'} of "
            f"{self.family}{extra}, seed {self.seed}"
        )

    @property
    def facts(self) -> dict[str, Any]:
        """See ``study.facts``."""
        return facts(self.pools.world, self.flip_p)

    @property
    def untracked(self) -> list[str]:
        """Code named by the user whose changes the cell's id does not notice."""
        world = self.pools.world
        own = [world.name] if ":" in world.name and not world.source else []
        # Further pools are not part of the id, and neither is what decides their levels.
        names = {source.world.name for source in self.further} - {world.name}
        by = self.pools.grouping
        if by is not None and not by.source and is_code(world, by.name):
            own.append(by.name)
        return [*own, *sorted(name for name in names if ":" in name)]

    def split(self) -> Split:
        """The cell's levels."""
        return self.pools.split()

    def further_pools(self, split: Split) -> list[FurtherPool]:
        """The levels of its further pools, of which none is in the split."""
        return list(further_pools(split, self.further))

    def fitted(self, policy: "Policy", family: Family, workspace: Workspace) -> "Policy":
        """The policy for the levels of a further pool's family."""
        del family, workspace
        return policy

    @abstractmethod
    def obtain(
        self, workspace: Workspace, split: Split, device: str, clock: "Clock"
    ) -> "tuple[Policy, int]":
        """The policy and the steps that it was trained for; its own files are written."""

    def run(self, workspace: Workspace) -> None:
        """Obtain the policy and evaluate it under the conditions that are wanted."""
        # Heavy, and of no use to who only plans.
        from rlgen.study.kinds.measuring import measure

        measure(self, workspace)


def shared_from_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """What all kinds of policy cells have in common, as arguments of their classes."""
    return {
        "pools": Pools.from_settings(settings),
        **{key: settings[key] for key in ("agent", "network", "regulariser", "seed")},
        "training": Training.among(settings),
        "monitoring": Monitoring.among(settings),
        "evaluation": Evaluation.among(settings),
        "further": tuple(
            Source.from_settings(name, own) for name, own in settings.get("pools", {}).items()
        ),
    }


def _later_defaults(settings: Mapping[str, Any]) -> set[str]:
    """Keys of the groups that came later and have their default."""
    return {key for key, value in _later().items() if settings.get(key, value) == value}


@cache
def _later() -> Mapping[str, Any]:
    """The defaults of the keys of the groups that came later."""
    defaults: dict[str, Any] = {}
    groups: Sequence[type[Group]] = GROUPS
    for group in groups:
        defaults |= {key: field.default for key, field in group.model_fields.items()}
    return {key: value for key, value in defaults.items() if key not in _FIRST}
