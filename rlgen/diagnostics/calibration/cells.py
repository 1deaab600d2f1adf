"""Cells that make agents of one pool and read them with detectors: cloned networks, controls."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

from rlgen.diagnostics.calibration.population import (
    HELD_OUT,
    READ_LEVELS,
    Subject,
    tasks,
)
from rlgen.levels import lookup
from rlgen.levels.family import Family
from rlgen.networks import network_named
from rlgen.store import provenance
from rlgen.store.run_store import READINGS
from rlgen.study.cell import Cell
from rlgen.study.workspace import Workspace
from rlgen.util import files
from rlgen.util.hashing import digest
from rlgen.util.words import counted

#: Raised whenever the same subject would be read differently.
VERSION = 2
#: What the store of a calibration says that it holds.
PURPOSE = "calibration"
#: What a calibration's folder held before it was a store.
OLD_FOLDER = ("readings", "logs", "reference", "calibration.html", "calibration.json")


@dataclass(frozen=True)
class ReadCell(Cell):
    """Agents of one pool, made and put to detectors; ``readings.json`` is their run's result.

    Attributes:
        family: Of the levels.
        subjects: The agents, which share their training levels.
        detectors: Names.
    """

    preload: ClassVar[tuple[str, ...]] = (__name__, "rlgen.diagnostics.calibration.reading")
    #: Steps of training that take about as long as to make and read one agent.
    steps_each: ClassVar[int]

    family: Family
    subjects: tuple[Subject, ...]
    detectors: tuple[str, ...]

    @property
    def steps(self) -> int:
        """See ``Cell``."""
        return self.steps_each * len(self.subjects)

    @cached_property
    def settings(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "version": VERSION,
            "family": [self.family.name, self.family.version, dict(self.family.options)],
            "checks": list(self.detectors),
            "levels": [READ_LEVELS, HELD_OUT],
            "subjects": [asdict(subject) for subject in self.subjects],
            **self._networks,
        }

    @property
    def _networks(self) -> dict[str, Any]:
        """Settings of networks that have some: layers as data have none, nor had older cells."""
        names = {subject.name for subject in self.subjects if subject.kind == "network"}
        own = {name: network_named(name).settings for name in sorted(names)}
        return {"networks": own} if any(own.values()) else {}

    @classmethod
    def identity(cls, settings: Mapping[str, Any]) -> str:
        """See ``Cell``: without the kind, as in older folders."""
        return digest(settings)[:16]

    @property
    @abstractmethod
    def label(self) -> str:
        """For people."""

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Self:
        """See ``Cell``."""
        name, _, options = settings["family"]
        return cls(
            lookup.family(name).configure(options),
            tuple(Subject(**fields) for fields in settings["subjects"]),
            tuple(settings["checks"]),
        )

    def run(self, workspace: Workspace) -> None:
        """Make the agents and read them."""
        # Heavy, and of no use to who only plans.
        from rlgen.diagnostics.calibration.reading import readings

        clock = provenance.Clock()
        with clock.time("read"):
            entries = readings(self.family, self.subjects, self.detectors, workspace.cache)
        files.write_json(workspace.folder / READINGS, entries)
        identity = {"id": self.id, "kind": self.kind, "settings": self.settings}
        files.write_json(workspace.folder / "cell.json", identity)
        origin = provenance.collect(workspace.command) | {"device": "cpu", "seconds": clock.seconds}
        files.write_json(workspace.folder / "provenance.json", origin)


class CloneCell(ReadCell):
    """A network cloned from the planner, and what detectors read of it."""

    kind: ClassVar[str] = "clone"
    card: ClassVar[str] = "clone a network from the planner and read it with detectors"
    steps_each: ClassVar[int] = 200_000
    #: Mean over zhang2018's three classes of the median of 130 kept runs each: 9 (conv-a, 10
    #: levels), 21 (mlp-512-128, 100) and 57 (conv-k2x2, 1,000).
    seconds: ClassVar[float] = 29.0

    @classmethod
    def of(
        cls,
        family: Family,
        network: str,
        *,
        pool_seed: int,
        n_levels: int,
        flip_p: float = 0.0,
        seed: int = 0,
        detectors: Sequence[str],
    ) -> Self:
        """The cell of one network.

        Args:
            family: Of the levels, as configured.
            network: Its name.
            pool_seed: Of its training levels.
            n_levels: How many of them.
            flip_p: Flip probability of their rewards.
            seed: Of its training.
            detectors: Names.
        """
        subject = Subject("network", network, pool_seed, n_levels, flip_p, seed)
        return cls(family, (subject,), tuple(detectors))

    @property
    def label(self) -> str:
        """For people."""
        return self.subjects[0].label


class ControlCell(ReadCell):
    """Control agents of one pool, and what detectors read of them."""

    kind: ClassVar[str] = "control"
    card: ClassVar[str] = "make control agents of a pool and read them with detectors"
    steps_each: ClassVar[int] = 50_000

    @property
    def label(self) -> str:
        """For people."""
        first = self.subjects[0]
        many = f"{counted(len(self.subjects), 'control')}, pool {first.pool_seed}"
        return first.label if len(self.subjects) == 1 else many


def cells(family: Family, subjects: Sequence[Subject], detectors: Sequence[str]) -> list[ReadCell]:
    """The cells of a population: controls of one pool share one, each network has its own."""
    return [
        (CloneCell if members[0].kind == "network" else ControlCell)(
            family, tuple(members), tuple(detectors)
        )
        for members in tasks(subjects)
    ]
