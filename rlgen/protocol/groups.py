"""Settings of one run in groups: what training, its monitoring and the evaluation at the end read.

A new key of a protocol is a field here and its use where the group is read: protocols, cells, the
JSON Schema and ``rlgen list keys`` follow from the field. A cell whose value is the default keeps
its id, so that stores stay valid.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Self, TypeVar

from pydantic import Field

from rlgen.util.validation import Count, Settings


def key(description: str, unit: str = "", **constraints: Any) -> Any:
    """A field with what ``rlgen list keys`` says of it."""
    extra: dict[str, Any] = {"unit": unit} if unit else {}
    return Field(description=description, json_schema_extra=extra, **constraints)


class Group(Settings):
    """Settings that one part of a run reads."""

    @classmethod
    def among(cls, settings: Mapping[str, Any]) -> Self:
        """The group's values of a table that holds others too; defaults where it lacks some."""
        return cls(**{name: settings[name] for name in cls.model_fields if name in settings})


class Training(Group):
    """What decides how long one agent learns."""

    steps: Annotated[
        int,
        key(
            "Environment steps of each training run, and what is left of the last rollout then.",
            "environment steps",
            ge=1,
            le=10**12,
        ),
    ]
    checkpoint_every: Annotated[
        int | None,
        key(
            "Steps after which a run is saved, so that it can go on from there when it is killed, "
            "and its environments begin new episodes; 0: never. [default: the agent's own, about "
            "ten minutes' worth on one core]",
            "environment steps",
            ge=0,
            le=10**12,
        ),
    ] = None

    def saved(self, usual: int) -> Self:
        """With how often a run is saved; None where it would end before.

        Args:
            usual: Steps between two checkpoints if nothing is said.
        """
        every = usual if self.checkpoint_every is None else self.checkpoint_every
        own = every if 0 < every < self.steps else None
        return self.model_copy(update={"checkpoint_every": own})


class Monitoring(Group):
    """How the test worker watches an agent while it learns (Zhang et al. 2018, Fig 1b)."""

    curve_points: Annotated[
        int, key("Checkpoints of the learning curve.", "checkpoints", ge=1, le=1000)
    ] = 10
    curve_levels: Annotated[
        Count, key("Levels of each pool on which a checkpoint is evaluated.", "levels")
    ] = 50


class Evaluation(Group):
    """How the final policy is evaluated."""

    evaluated_train_levels: Annotated[
        Count, key("At most so many training levels are evaluated at the end.", "levels")
    ] = 200
    episodes: Annotated[
        int,
        key(
            "Episodes on each level where returns cannot be computed exactly.",
            "episodes a level",
            ge=1,
            le=10**7,
        ),
    ] = 100


SomeGroup = TypeVar("SomeGroup", bound=Group)
#: The groups of a run's settings, in the order in which they are documented.
GROUPS: tuple[type[Group], ...] = (Training, Monitoring, Evaluation)
