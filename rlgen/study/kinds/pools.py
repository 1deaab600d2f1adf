"""Where the levels of a cell come from."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from rlgen.levels import lookup
from rlgen.levels.family import Family, Levels
from rlgen.levels.grouping import Grouping
from rlgen.levels.split import Split, chosen_split, draw_split
from rlgen.protocol.pools import POOLS, named_levels
from rlgen.util.ranges import parse_seeds


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
        return cls(
            family=settings["family"],
            world=lookup.family(settings["family"]).configure(settings["family_options"]),
            n_train=settings["n_train_levels"],
            n_validation=settings["n_validation_levels"],
            n_test=settings["n_test_levels"],
            flip_p=settings["flip_p"],
            pool_seed=settings["pool_seed"],
            named={key: settings.get(key, "") for key in NAMED},
            grouping=Grouping.of(settings["levels"]) if settings.get("levels") else None,
        )


#: Settings of cells whose levels are named.
NAMED = tuple(f"{pool}_levels" for pool in POOLS)
