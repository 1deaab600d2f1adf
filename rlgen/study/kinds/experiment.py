"""Cells that compute one case of a paper's experiment."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import Any, ClassVar, Self

from rlgen import papers
from rlgen.errors import ProtocolError
from rlgen.levels import lookup
from rlgen.networks import network_named
from rlgen.papers import Experiment
from rlgen.store import provenance
from rlgen.store.run_store import MEASUREMENTS
from rlgen.study.cell import Cell
from rlgen.study.workspace import Workspace
from rlgen.util import files

#: Steps of training that take about as long as one second of an experiment.
STEPS_A_SECOND = 20_000


@dataclass(frozen=True)
class ExperimentCell(Cell):
    """One case of an experiment: ``measurements.json`` is its run's result.

    Attributes:
        paper: Name of the paper whose experiment it is.
        name: Of the experiment.
        experiment: What it does.
        options: All its options.
        seed: Of its randomness.
    """

    kind: ClassVar[str] = "experiment"
    card: ClassVar[str] = "measure one case of a paper's experiment"
    # Nine tenths of what experiments import, which takes several times as long as a small one.
    preload: ClassVar[tuple[str, ...]] = (__name__, "rlgen.agents.cloning")

    paper: str
    name: str
    experiment: Experiment
    options: Mapping[str, Any]
    seed: int

    @cached_property
    def seconds(self) -> float:
        """See ``Cell``."""
        cost = self.experiment.seconds
        return float(cost(self.options) if callable(cost) else cost)

    @property
    def steps(self) -> int:
        """See ``Cell``."""
        return max(1, math.ceil(self.seconds * STEPS_A_SECOND))

    @cached_property
    def settings(self) -> dict[str, Any]:
        """As plain values; of a family and a network that are named also their versions."""
        settings: dict[str, Any] = {
            "paper": self.paper,
            "experiment": self.name,
            "version": self.experiment.version,
            "options": dict(self.options),
            "seed": self.seed,
        }
        if "family" in self.options:
            family = lookup.family(self.options["family"])
            settings["family_version"] = family.version
            if family.source:
                settings["family_source"] = family.source
        if "network" in self.options:
            settings["network_settings"] = network_named(self.options["network"]).settings
        return settings

    @property
    def label(self) -> str:
        """For people: what differs from the experiment's defaults."""
        own = {k: v for k, v in self.options.items() if v != self.experiment.options[k]}
        words = ", ".join(f"{key} {value}" for key, value in own.items())
        return f"{self.name}{f' ({words})' if words else ''}, seed {self.seed}"

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Self:
        """See ``Cell``."""
        paper, name = settings["paper"], settings["experiment"]
        experiment = papers.catalogue()[paper].experiments[name]
        return cls(paper, name, experiment, settings["options"], settings["seed"])

    def run(self, workspace: Workspace) -> None:
        """Measure it."""
        module, _, function = self.experiment.target.partition(":")
        clock = provenance.Clock()
        with clock.time("measure"):
            measured = getattr(import_module(module), function)(seed=self.seed, **self.options)
        if other := self.experiment.measures.keys() ^ measured.keys():
            raise ProtocolError(
                f"{self.name}: {min(other)!r} is measured or declared, but not both"
            )
        files.write_json(workspace.folder / MEASUREMENTS, files.without_nan(measured))
        identity = {"id": self.id, "kind": self.kind, "settings": self.settings}
        files.write_json(workspace.folder / "cell.json", identity)
        origin = provenance.collect(workspace.command) | {"device": "cpu", "seconds": clock.seconds}
        files.write_json(workspace.folder / "provenance.json", origin)
