"""What a command is asked to do: one protocol, or several that share a store, at a budget.

A *suite* is a folder with ``suite.toml``, whose keys all its parts have in common, and one file a
part, named by ``parts`` in the order in which they run. Both kinds of files may hold tables
``[budgets.NAME]`` of keys that replace others; ``budget`` names the one that is taken.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rlgen.errors import ProtocolError, nearest
from rlgen.protocol import shipped
from rlgen.protocol.schema import Protocol, merged, parse
from rlgen.util.toml import load, loads

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

ProtocolLike = str | Path | Mapping[str, Any] | Protocol
Seeds = str | Iterable[int]
#: The file that makes a folder a suite, and its own keys.
SUITE = "suite.toml"
PARTS, BUDGETS, BUDGET = "parts", "budgets", "budget"


@dataclass(frozen=True)
class Asked:
    """Protocols that share a store.

    Attributes:
        parts: At least one, each with the words that messages about it begin with.
        description: Of the whole.
    """

    parts: tuple[tuple[Protocol, str], ...]
    description: str

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
        return union.model_copy(update={"description": self.description, "item": ""})


def read(source: ProtocolLike, seeds: Seeds | None = None, budget: str | None = None) -> Asked:
    """What a source asks for.

    Args:
        source: Name of a shipped protocol or suite, path of a TOML file or of a suite's folder,
            table of keys, or a protocol.
        seeds: Replace the protocol's own, as numbers or as text like "0:20".
        budget: One of its budgets, instead of the one that it names.

    Raises:
        ProtocolError: One line for each thing that is wrong.
    """
    if isinstance(source, Protocol):
        source = source.model_dump()
    if isinstance(source, Mapping):
        return _single(_resolved([(source, "protocol")], budget), "protocol", seeds)
    text = str(source)
    suites = shipped.suites()
    suite, _, part = text.partition("/")
    if suite in suites and not isinstance(source, Path):
        return _suite(suites[suite], suite, seeds, budget, part or None)
    if isinstance(source, Path) or text.endswith(".toml") or os.sep in text:
        return _from_path(Path(text), seeds, budget)
    values = loads(shipped.protocol_text(text), text)
    return _single(_resolved([(values, text)], budget), text, seeds)


def _from_path(path: Path, seeds: Seeds | None, budget: str | None) -> Asked:
    folder = path.parent if path.name == "import.toml" else path
    if (folder / "import.toml").is_file():
        raise ProtocolError(
            f"{path}: holds imported results, which were trained elsewhere: there is no protocol "
            "to evaluate"
        )
    if (path / SUITE).is_file():
        return _suite(path, str(path), seeds, budget)
    if (path.parent / SUITE).is_file() and path.name != SUITE:
        return _suite(path.parent, str(path.parent), seeds, budget, path.stem)
    return _single(_resolved([(load(path), str(path))], budget), str(path), seeds)


def _single(values: Mapping[str, Any], where: str, seeds: Seeds | None) -> Asked:
    protocol = parse(_seeded(values, seeds), where)
    return Asked(((protocol, where),), protocol.description)


def _suite(
    folder: "Traversable",
    name: str,
    seeds: Seeds | None,
    budget: str | None,
    part: str | None = None,
) -> Asked:
    """All parts of a suite, or one."""
    where = f"{name}/{SUITE}"
    shared = loads((folder / SUITE).read_text(encoding="utf-8"), where)
    names = shared.pop(PARTS, None)
    if not isinstance(names, list) or not names or not all(isinstance(n, str) for n in names):
        raise ProtocolError(f"{where}: {PARTS} = {names!r}: must list the files of its parts")
    if part is not None and part not in names:
        raise ProtocolError(f"{name} has no part {part!r}{nearest(part, names)}")
    parts = []
    for each in names if part is None else [part]:
        own, file = f"{name}/{each}", folder / f"{each}.toml"
        if not file.is_file():
            raise ProtocolError(f"{where}: {PARTS} = {each!r}: there is no file {each}.toml")
        values = loads(file.read_text(encoding="utf-8"), own)
        told = _resolved([(shared, where), ({"item": each, **values}, own)], budget)
        parts.append((parse(_seeded(told, seeds), own), own))
    return Asked(tuple(parts), str(shared.get("description", "")))


def _resolved(layers: list[tuple[Mapping[str, Any], str]], budget: str | None) -> dict[str, Any]:
    """The keys of all layers, later ones over earlier ones, each with its budget's over its own.

    The name then ends with that of the budget.
    """
    where = layers[-1][1]
    known = [name for values, _ in layers for name in _budgets(values, where)]
    if not known:
        if budget is not None:
            raise ProtocolError(f"{where}: has no budgets, so none is called {budget!r}")
        return {key: value for values, _ in layers for key, value in values.items()}
    asked = [budget, *(values.get(BUDGET) for values, _ in reversed(layers))]
    chosen = next((name for name in asked if name is not None), None)
    if chosen not in known:
        raise ProtocolError(f"{where}: {BUDGET} = {chosen!r}{nearest(str(chosen), set(known))}")
    told: dict[str, Any] = {}
    for values, _ in layers:
        told |= {key: value for key, value in values.items() if key not in (BUDGETS, BUDGET)}
        told |= _budgets(values, where).get(chosen, {})
    return told | {"name": f"{told.get('name', '')}-{chosen}"}


def _budgets(values: Mapping[str, Any], where: str) -> Mapping[str, Mapping[str, Any]]:
    found = values.get(BUDGETS, {})
    if not isinstance(found, Mapping) or not all(isinstance(b, Mapping) for b in found.values()):
        raise ProtocolError(f"{where}: {BUDGETS} must hold tables, [budgets.NAME]")
    return found


def _seeded(values: Mapping[str, Any], seeds: Seeds | None) -> dict[str, Any]:
    told = dict(values)
    if seeds is not None:
        told["seeds"] = seeds if isinstance(seeds, str) else list(seeds)
    return told
