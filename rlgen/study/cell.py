"""A cell: one piece of work that takes time, of whatever kind."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Generic, Self, TypeVar

from rlgen.study.workspace import Workspace
from rlgen.util.hashing import digest


class Cell(ABC):
    """One piece of work: what its results depend on, and how it is done.

    Another kind is a subclass in a module of its own and a line in ``kinds.KINDS``, or an entry
    point of the group ``rlgen.kinds``.

    Attributes:
        kind: Its name in ``KINDS``.
        card: One line that says what cells of the kind do.
        records: Whether its runs hold the records of a policy, of which reports are made.
        preload: Modules that ``run`` imports; a fork server imports them once for all workers.
    """

    kind: ClassVar[str]
    card: ClassVar[str]
    records: ClassVar[bool] = False
    preload: ClassVar[tuple[str, ...]] = ()

    @property
    @abstractmethod
    def steps(self) -> int:
        """How much work it is: as much as so many steps of training; the unit of progress."""

    @property
    def begun(self) -> int:
        """How much of it another cell has done, where that one is there."""
        return 0

    @property
    def continues(self) -> str:
        """Id of the cell with whose last state it begins, if that is kept; empty if with none."""
        return ""

    @property
    def seconds(self) -> float:
        """What it costs on one core, in CPU seconds; nan where only a trial can say."""
        return float("nan")

    @property
    @abstractmethod
    def settings(self) -> dict[str, Any]:
        """All that its results depend on, as plain values."""

    @cached_property
    def id(self) -> str:
        """Sixteen hex digits: the name of its run."""
        return self.identity(self.settings)

    @classmethod
    def identity(cls, settings: Mapping[str, Any]) -> str:
        """The id of the cell with these settings: sixteen hex digits of their hash.

        Nothing is made of the settings, which may be a stranger's or an older version's.
        """
        return digest({"kind": cls.kind, **settings})[:16]

    @property
    @abstractmethod
    def label(self) -> str:
        """A short name for people."""

    @property
    def facts(self) -> dict[str, Any]:
        """What a report must know that only this half can say, see ``study.facts``."""
        return {}

    @classmethod
    @abstractmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Self:
        """The cell that has these settings."""

    @abstractmethod
    def run(self, workspace: Workspace) -> None:
        """Do the work and write its results into the workspace's folder, in a worker."""


Work = TypeVar("Work", bound=Cell, covariant=True)


@dataclass(frozen=True)
class Task(Generic[Work]):
    """A cell, and what is wanted of it.

    Attributes:
        cell: To be run once, whoever asks for it.
        wanted: Names of outputs; of a policy those of the conditions that it is to face.
    """

    cell: Work
    wanted: tuple[str, ...] = ()
