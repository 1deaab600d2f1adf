"""What a paper brings to rlgen: one object in its folder, and the only one that is seen of it.

A folder of ``rlgen_protocols`` with ``PAPER``, an instance of a subclass of ``Paper``, and a line
in ``PAPERS``; another distribution adds one by the entry point ``rlgen.papers``. A protocol says
``paper = "NAME"``. Nothing heavy is imported here: methods import what they use.
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from rlgen.analysis.claims import Claim, Control, Margins
    from rlgen.analysis.results import Results
    from rlgen.levels.split import Split
    from rlgen.networks.base import Network
    from rlgen.policies.base import Policy
    from rlgen.probes.base import Probe
    from rlgen.protocol.suite import Declaration
    from rlgen.study.cell import Cell
    from rlgen.util.checked_json import Schema
    from rlgen.util.registry import Catalogue


@dataclass(frozen=True)
class Section:
    """A section of a paper's page.

    Attributes:
        name: Of the section in its paper: part of its address on the page.
        title: Its heading.
        reading: How to read it.
        svg: The picture; empty where there is none.
        html: What stands with it, everything in it escaped.
        data: The numbers, for download; None where the section has no table of its own.
        note: What the reader must know of it, for example what is missing.
        of_agents: Whether it is of agents that the study trained, so that its caption says what
            they have in common; else of experiments.
    """

    name: str
    title: str
    reading: str
    svg: str = ""
    html: str = ""
    data: "pd.DataFrame | None" = None
    note: str = ""
    of_agents: bool = True


@dataclass(frozen=True)
class Experiment:
    """What a paper measures otherwise than by training agents: a function that computes one cell.

    The function takes ``seed`` and the options as keywords, and returns a mapping of plain values:
    numbers, text, lists, mappings. Top-level numbers may be nan. It gives the same bits for the
    same arguments in one thread.

    Attributes:
        card: One line.
        target: ``"module:function"``, imported in the worker.
        options: Its options with their defaults, whose types values must have.
        measures: What it returns: the meaning, and the unit, of each key.
        limits: The smallest and the largest value of options that are numbers.
        choices: The values of options that are names.
        version: Raised whenever the same options give other numbers.
        seconds: What a cell costs on one core, in CPU seconds: a number, or a function of its
            options.
        extra: The extra of rlgen that installs what it imports; "" if none is needed.

    Raises:
        ValueError: For a key that is an option and is measured: both would be one column.
    """

    card: str
    target: str
    options: Mapping[str, bool | int | float | str]
    measures: Mapping[str, str]
    limits: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    version: int = 1
    seconds: float | Callable[[Mapping[str, Any]], float] = 1.0
    extra: str = ""

    def __post_init__(self) -> None:
        if both := {"seed", *self.options} & self.measures.keys():
            raise ValueError(f"{self.target}: {min(both)!r} is an option and is measured")


class Paper:
    """One paper. All but ``card`` is optional.

    Its class stands in the ``__init__.py`` of the paper's folder, which may have ``claims`` with
    ``CLAIMS``, ``controls`` with ``CONTROLS``, and ``figures`` with ``sections(results)``.

    Attributes:
        card: One line.
        networks: Architectures that the paper names; they are in ``NETWORKS``.
        network_lists: Names for several of them, of which each seed draws one.
        probes: Measurements of trained networks that the paper brings; they are in ``PROBES``.
        parts: Names of parts of a study that its page draws.
        record_files: Names of the JSON files that ``record`` adds to a run.
        cell_files: Names of the JSON files that its further cells write, for ``results.recorded``.
        replaces: Figures of every report that the paper's sections stand in for.
        experiments: What its protocols may ask for in tables ``[experiments.NAME]``.
    """

    card: str
    networks: "Mapping[str, Network]" = MappingProxyType({})
    network_lists: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    probes: "Mapping[str, Probe]" = MappingProxyType({})
    parts: tuple[str, ...] = ()
    record_files: tuple[str, ...] = ()
    cell_files: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()
    experiments: Mapping[str, Experiment] = MappingProxyType({})

    @property
    def files(self) -> tuple[str, ...]:
        """The JSON files that it and its cells add to runs."""
        return (*self.record_files, *self.cell_files)

    def schemas(self) -> "Mapping[str, Schema]":
        """What files of ``record_files`` and ``cell_files`` must hold, by name."""
        return {}

    def checks(self) -> "dict[str, Schema | None]":
        """The schema of each of its files; None of those that it says nothing of."""
        return {**dict.fromkeys(self.files), **self.schemas()}

    def claims(self) -> "Mapping[str, Claim]":
        """Its statements with their margins, by name."""
        own: Mapping[str, Claim] = self._of_its_folder("claims", "CLAIMS", {})
        return own

    def controls(self) -> "Mapping[str, Control]":
        """Cases whose truth is known, by name; where one comes out otherwise, no claim holds."""
        own: Mapping[str, Control] = self._of_its_folder("controls", "CONTROLS", {})
        return own

    def evidence(self, results: "Results") -> Any:
        """What the claims' functions are given of a study."""
        return results

    def details(self, results: "Results", margins: "Margins") -> dict[str, Any]:
        """What ``summary.json`` says beside the decisions, under further keys of ``claims``."""
        del results, margins
        return {}

    def sections(self, results: "Results", summary: Mapping[str, Any]) -> Iterable[Section]:
        """Of its page, below the claims; those of which nothing has been run are left out.

        Args:
            results: Of the study.
            summary: What ``summary.json`` will hold.
        """
        del summary
        own: Callable[[Results], Iterable[Section]] = self._of_its_folder(
            "figures", "sections", lambda _: ()
        )
        return own(results)

    def record(self, policy: "Policy", split: "Split", seed: int) -> Mapping[str, Any]:
        """Contents of the ``record_files`` of one run, by name.

        Args:
            policy: After training.
            split: The run's levels.
            seed: Of the run.
        """
        del policy, split, seed
        return {}

    def cells(self, study: "Declaration") -> "Sequence[Cell]":
        """Further cells of a study, of any kind, beside those that its protocols ask for.

        Args:
            study: What is asked for; ``study.budget`` says at what budget.
        """
        del study
        return ()

    def _of_its_folder(self, module: str, name: str, default: Any) -> Any:
        package = type(self).__module__
        has_folder = hasattr(sys.modules[package], "__path__")
        if not has_folder or find_spec(f"{package}.{module}") is None:
            return default
        return getattr(import_module(f"{package}.{module}"), name)


def catalogue() -> "Catalogue[Paper]":
    """All papers, those of other distributions included."""
    from rlgen_protocols import PAPERS

    return PAPERS


def cells(study: "Declaration") -> "Sequence[Cell]":
    """The further cells that a study's paper asks for."""
    name = study.whole.paper
    return catalogue()[name].cells(study) if name else ()


def networks() -> "Iterator[Mapping[str, Network]]":
    """The architectures of each paper, those of our own papers first."""
    return (paper.networks for paper in catalogue().values())


def probes() -> "Iterator[Mapping[str, Probe]]":
    """The probes of each paper, those of our own papers first."""
    return (paper.probes for paper in catalogue().values())
