"""Resolve a protocol name, path or table into protocols, at a budget.

A *suite* is a folder with ``suite.toml``, whose keys all its parts have in common, and one file a
part, named by ``parts`` in the order in which they run. Both kinds of files may hold tables
``[budgets.NAME]`` of keys that replace others; ``budget`` names the one that is taken.
"""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from itertools import islice
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rlgen import papers
from rlgen.errors import ProtocolError, nearest
from rlgen.protocol import shipped
from rlgen.protocol.completing import as_written, refuse_ignored
from rlgen.protocol.experiments import SEEDS, replaced
from rlgen.protocol.hub import with_fetched
from rlgen.protocol.legacy import KEYS, Legacy, joined, modern
from rlgen.protocol.merging import merged
from rlgen.protocol.schema import GRID, Protocol, parse
from rlgen.protocol.suite_parts import PARTS, listed, taken_out
from rlgen.protocol.training_levels import with_training_levels
from rlgen.util.files import NAME
from rlgen.util.ranges import plain, range_text
from rlgen.util.toml import load, loads
from rlgen.util.validation import whole_number

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

ProtocolLike = str | Path | Mapping[str, Any] | Protocol
Seeds = str | int | Iterable[int]
#: The most cells of a study; the largest that is shipped has an eighth of them. Planning so many
#: takes seconds, and keeping them gigabytes.
MOST_CELLS = 100_000
_SMALLER = "name fewer values in a list, or divide it into several studies"
#: The file that makes a folder a suite, and keys that are none of a protocol.
SUITE, BUDGETS, BUDGET = "suite.toml", "budgets", "budget"
#: The key whose tables a budget replaces key by key.
EXPERIMENTS = "experiments"
#: Keys that name levels, by text or in Python by ranges too.
OF_IDS = ("train_levels", "validation_levels", "test_levels", "trained_on")
#: The ending of bundles.
BUNDLE = ".tar.xz"


@dataclass(frozen=True)
class Declaration:
    """Protocols that share a store.

    Attributes:
        parts: At least one, each with the words that messages about it begin with.
        description: Of the whole.
        names: Of the parts, the stems of their files; empty for a protocol that is no part.
        budget: The one that was taken; empty if there are none.
        legacy: What files of the first form say that a paper says now; None of present ones.
    """

    parts: tuple[tuple[Protocol, str], ...]
    description: str
    names: tuple[str, ...] = ("",)
    budget: str = ""
    legacy: Legacy | None = None

    @cached_property
    def whole(self) -> Protocol:
        """The union of the parts.

        Raises:
            ProtocolError: If they cannot share a store.
        """

        def joined(before: tuple[Protocol, str], part: tuple[Protocol, str]) -> Any:
            try:
                return merged(before[0], part[0], "the parts before"), part[1]
            except ProtocolError as error:
                raise ProtocolError(f"{part[1]}: {error}") from None

        union, _ = reduce(joined, self.parts)
        return union.model_copy(update={"description": self.description})


def read(
    source: ProtocolLike, seeds: Seeds | None = None, budget: str | None = None
) -> Declaration:
    """What a source asks for.

    Args:
        source: Name of a shipped protocol or suite, or of a part of one (SUITE/PART, which shares
            the suite's store, or SUITE-PART, a study of its own); path of a TOML file or of a
            suite's folder; table of keys; or a protocol.
        seeds: Replace the protocol's own, as numbers or as text like "0:20".
        budget: One of its budgets, instead of the one that it names.

    Raises:
        ProtocolError: One line for each thing that is wrong.
    """
    if isinstance(source, Protocol):
        return _single([(source.model_dump(), "protocol")], budget, seeds)
    if isinstance(source, Mapping):
        return _single([(as_written(source, "protocol"), "protocol")], budget, seeds)
    text = str(source)
    suites = shipped.suites()
    suite, _, part = text.partition("/")
    if suite in suites and not isinstance(source, Path):
        return _suite(suites[suite], suite, seeds, budget, part or None)
    if isinstance(source, Path) or text.endswith(".toml") or os.sep in text:
        return _from_path(Path(text), seeds, budget)
    if alone := shipped.part_of(text):
        suite, part = alone
        return _suite(suites[suite], suite, seeds, budget, part, alone=True)
    if text not in shipped.protocols() and Path(text).exists():
        return _from_path(Path(text), seeds, budget)
    values = loads(shipped.protocol_text(text), text)
    return _single([(values, text)], budget, seeds)


def _from_path(path: Path, seeds: Seeds | None, budget: str | None) -> Declaration:
    folder = path.parent if path.name == "import.toml" else path
    if (folder / "import.toml").is_file():
        raise ProtocolError(
            f"{path}: holds imported results, which were trained elsewhere: there is no protocol "
            "to evaluate"
        )
    if (path / "store.json").is_file():
        raise ProtocolError(
            f"{path}: is the folder of a study, not a protocol: `rlgen report {path}` shows it, "
            "the command that made it, or `rlgen evaluate PROTOCOL -o` with it, goes on"
        )
    if path.is_file() and path.name.endswith(BUNDLE):
        raise ProtocolError(
            f"{path}: is a bundle of a study, not a protocol: `rlgen report {path}` shows it, and "
            f"`rlgen evaluate PROTOCOL --continue-from {path}`, with the protocol that made it, "
            "goes on"
        )
    if (path / SUITE).is_file():
        return _suite(path, str(path), seeds, budget)
    if (path.parent / SUITE).is_file() and path.name != SUITE:
        return _suite(path.parent, str(path.parent), seeds, budget, path.stem)
    values = load(path)
    if path.name == SUITE and PARTS in values:
        raise ProtocolError(f"{path}: is of a suite: its folder, {path.parent}, is the study")
    return _single([(values, str(path))], budget, seeds)


#: Tables of keys, the later ones over the earlier ones, each with what messages begin with.
Layers = Sequence[tuple[Mapping[str, Any], str]]


def _modern(values: dict[str, Any], where: str) -> tuple[dict[str, Any], Legacy | None]:
    """The keys of the present form, and those of the first form if it has some."""
    return modern(values, where) if KEYS & values.keys() else (values, None)


def _single(layers: Layers, budget: str | None, seeds: Seeds | None) -> Declaration:
    where = layers[-1][1]
    values, old = _modern(_resolved(layers, budget), where)
    protocol = _parsed(values, seeds, where)
    names = (old.item if old else "",)
    taken = _chosen(layers, budget)
    return Declaration(((protocol, where),), protocol.description, names, taken, old)


def _loaded(file: "Traversable", where: str) -> dict[str, Any]:
    """The keys of a file, of the user's or one that is shipped."""
    if isinstance(file, Path):
        return load(file)
    return loads(file.read_text(encoding="utf-8"), where)


def _suite(
    folder: "Traversable",
    name: str,
    seeds: Seeds | None,
    budget: str | None,
    part: str | None = None,
    *,
    alone: bool = False,
) -> Declaration:
    """All parts of a suite, or one; alone it is a study of its own, called SUITE-PART."""
    where = f"{name}/{SUITE}"
    shared = _loaded(folder / SUITE, where)
    every = listed(shared.pop(PARTS, None), f"{where}: {PARTS}")
    if part is not None and part not in every:
        raise ProtocolError(f"{name} has no part {part!r}{nearest(part, every)}")
    run = taken_out(_budgets(shared, where), every, where)
    named = run.get(str(budget if budget is not None else shared.get(BUDGET)), every)
    taken, parts, stems, olds = "", [], [], []
    for each in named if part is None else [part]:
        own, file = f"{name}/{each}", folder / f"{each}.toml"
        if not re.fullmatch(NAME, each) or not file.is_file():
            raise ProtocolError(f"{where}: {PARTS} = {each!r}: there is no file {each}.toml")
        layers = [(shared, where), (_loaded(file, own), own)]
        taken = _chosen(layers, budget)
        values, old = _modern(_resolved(layers, budget), own)
        if alone:
            values["name"] = "-".join(filter(None, [name, each, taken]))
        parts.append((_parsed(values, seeds, own), own))
        stems.append(old.item if old and old.item else each)
        olds += [old] if old else []
    description = parts[0][0].description if alone else str(shared.get("description", ""))
    return Declaration(tuple(parts), description, tuple(stems), taken, joined(olds, where))


def _resolved(layers: Layers, budget: str | None) -> dict[str, Any]:
    """The keys of all layers, later ones over earlier ones, each with its budget's over its own.

    The name then ends with that of the budget.
    """
    taken = _chosen(layers, budget)
    resolved: dict[str, Any] = {}
    for values, where in layers:
        resolved |= {key: value for key, value in values.items() if key not in (BUDGETS, BUDGET)}
        own = dict(_budgets(values, where).get(taken, {}))
        if EXPERIMENTS in own:
            own[EXPERIMENTS] = replaced(resolved.get(EXPERIMENTS, {}), own[EXPERIMENTS])
        resolved |= own
    return resolved | ({"name": f"{resolved.get('name', '')}-{taken}"} if taken else {})


def _chosen(layers: Layers, budget: str | None) -> str:
    """The budget that is taken; empty if there are none."""
    where = layers[-1][1]
    names = {name for values, _ in layers for name in _budgets(values, where)}
    if not names:
        if budget is not None:
            raise ProtocolError(f"{where}: has no budgets, so none is called {budget!r}")
        return ""
    named = [budget, *(values.get(BUDGET) for values, _ in reversed(layers))]
    chosen = next((name for name in named if name is not None), None)
    if chosen is None:
        every = ", ".join(sorted(names))
        raise ProtocolError(f"{where}: {BUDGET}: none is chosen; --budget takes one of: {every}")
    if chosen not in names:
        raise ProtocolError(f"{where}: {BUDGET} = {chosen!r}{nearest(str(chosen), names)}")
    return str(chosen)


def _budgets(values: Mapping[str, Any], where: str) -> Mapping[str, dict[str, Any]]:
    tables = values.get(BUDGETS, {})
    if not isinstance(tables, Mapping) or not all(isinstance(b, dict) for b in tables.values()):
        raise ProtocolError(f"{where}: {BUDGETS} must hold tables, [budgets.NAME]")
    return tables


def _parsed(values: Mapping[str, Any], seeds: Seeds | None, where: str) -> Protocol:
    if seeds is not None:
        instead = _few(seeds, where)
        values = {**values, "seeds": instead}
        if isinstance(tables := values.get(EXPERIMENTS), Mapping):
            own = {name: {SEEDS: instead} for name in tables}
            values[EXPERIMENTS] = replaced(tables, own)
    values = {key: range_text(v) if key in OF_IDS else v for key, v in values.items()}
    if values.get("policy") or values.get("trained_on"):
        values = with_training_levels(with_fetched(values, where), where)
    protocol = parse(values, where)
    if protocol.policy:
        refuse_ignored(values, where)
    _check_size(protocol, where)
    name = protocol.paper
    if name and name not in papers.catalogue():
        raise ProtocolError(f"{where}: paper = {name!r}{nearest(name, papers.catalogue())}")
    return protocol


def _few(seeds: Seeds, where: str) -> Any:
    """Several seeds as a list, unless there are far too many to be listed; text as it is."""
    if isinstance(seeds, str) or not isinstance(seeds, Iterable):
        return seeds if isinstance(seeds, str) else whole_number("seeds", seeds)
    listed = plain(list(islice(seeds, MOST_CELLS + 1)))
    if len(listed) > MOST_CELLS:
        raise ProtocolError(f"{where}: more than {MOST_CELLS:,} seeds: {_SMALLER}")
    return listed


def _check_size(protocol: Protocol, where: str) -> None:
    """Refuse grids that nobody can compute, before they are planned."""
    grids = {"": {key: len(getattr(protocol, key)) for key in GRID}}
    for name, options in protocol.experiments.items():
        grids[f"experiments.{name}."] = {key: len(values) for key, values in options.items()}
    for name, sizes in grids.items():
        cells = prod(sizes.values())
        if cells > MOST_CELLS:
            grid = " x ".join(f"{name}{key} {size:,}" for key, size in sizes.items() if size > 1)
            raise ProtocolError(
                f"{where}: {cells:,} cells ({grid}), and a study has at most {MOST_CELLS:,}: "
                f"{_SMALLER}"
            )
