"""The declarations in a study's folder: its protocol, parts and cells."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

from rlgen.errors import DamagedStoreError, ProtocolError, StoreError
from rlgen.protocol.legacy import modern
from rlgen.protocol.merging import merged, with_policies
from rlgen.protocol.schema import Protocol, parse
from rlgen.store import imported as imports
from rlgen.store import preparing, schemas
from rlgen.store.bundle import TRACKING, check_is_folder
from rlgen.store.imported import Imported
from rlgen.util import checked_json, files
from rlgen.util.toml import loads, toml

FORMAT = 1
FOLDERS = ("runs", "splits", "extra", "failures", "history", "access", ".rlgen/logs")


class StudyFolder:
    """The declarations of a study on disk; see ``store`` for the folder.

    Args:
        path: An existing store; ``create`` makes one.

    Raises:
        StoreError: If the folder is not a store, or one of a later format.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        #: Text of plan.json when it was last read, and what that says.
        self._plan: tuple[str | None, list[dict[str, Any]]] = (None, [])
        if not (path / "store.json").is_file():
            what = "is not an rlgen store" if path.exists() else "does not exist"
            raise StoreError(f"{path}: {what}")
        number = self._holds()["format"]
        if number != FORMAT:
            raise StoreError(f"{path}: store format {number}; this rlgen reads {FORMAT}")

    def _holds(self) -> dict[str, Any]:
        """What ``store.json`` says."""
        holds: dict[str, Any] = checked_json.read(self.path / "store.json", schemas.STORE)
        return holds

    @classmethod
    def create(
        cls,
        path: Path,
        protocol: Protocol,
        cells: Sequence[preparing.Planned],
        parts: Mapping[str, Protocol] = MappingProxyType({}),
        margins: Mapping[str, Sequence[float]] = MappingProxyType({}),
    ) -> Self:
        """Open or make the store of a protocol and enter its cells.

        Args:
            path: The folder.
            protocol: Of this call; the store's protocol becomes the union.
            cells: Those that are asked for now.
            parts: Of the protocol, by name.
            margins: Of the claims that the study decides.

        Raises:
            StoreError: If the folder holds something else, another protocol, or is not writable.
        """
        check_is_folder(path)
        if (path / "store.json").is_file():
            # Refuse before a lock is written, and again under the lock, for concurrent commands.
            cls(path).joined(protocol, margins)
        with preparing.prepared(path, [TRACKING]):
            return cls._enter(path, protocol, cells, parts, margins)

    @classmethod
    def create_for(
        cls,
        path: Path,
        purpose: str,
        cells: Sequence[preparing.Planned],
        leftovers: Sequence[str] = (),
    ) -> Self:
        """Open or make a store that has no protocol and enter its cells.

        Args:
            path: The folder.
            purpose: What the store holds, such as "calibration".
            cells: See ``create``.
            leftovers: Names that a folder may hold which is no store yet.

        Raises:
            StoreError: If the folder holds something else, or is not writable.
        """
        with preparing.prepared(path, leftovers):
            store = cls._lay_out(path, {"purpose": purpose})
            if store.purpose != purpose:
                what = store.purpose and f"a {store.purpose}"
                holds = what or f"the study {store.declared().name!r}"
                raise StoreError(f"{path}: holds {holds}, not a {purpose}; choose another folder")
            store._enter_cells(cells, {})
            return store

    @classmethod
    def _enter(
        cls,
        path: Path,
        protocol: Protocol,
        cells: Sequence[preparing.Planned],
        parts: Mapping[str, Protocol],
        margins: Mapping[str, Sequence[float]],
    ) -> Self:
        store = cls._lay_out(path, preparing.identity(protocol, margins))
        own, holds = path / "protocol.toml", store._holds()
        preparing.check_numbers(store.plan(), [cell.settings for cell in cells])
        if own.exists():
            before, protocol = files.read_text(own), store.joined(protocol, margins)
            holds = store._frozen(holds)
            if protocol.text() != before:
                preparing.keep(path / "history", before.encode())
        earlier, unions = store.parts(), {}
        for name, part in parts.items():
            union = store._union(earlier[name], part) if name in earlier else part
            unions[files.child(path / "parts", name, ".toml").name] = union.text().encode()
            (path / "parts").mkdir(exist_ok=True)
        files.replace(path / "parts", unions)
        texts = {"store.json": files.json_bytes(holds), own.name: protocol.text().encode()}
        store._enter_cells(cells, texts)
        return store

    def _enter_cells(self, cells: Sequence[preparing.Planned], others: Mapping[str, bytes]) -> None:
        """Enter cells into the plan, and replace other files of the store with it."""
        before_all = self.plan()
        entries = {entry["id"]: dict(entry) for entry in before_all}
        for cell in cells:
            own = preparing.entry(cell)
            before = entries.get(cell.id, own)
            entries[cell.id] = preparing.with_pools(own, before)
        preparing.supersede(entries, {cell.id for cell in cells}, self.path / "runs")
        after_all = list(entries.values())
        # Tens of thousands of cells take seconds to write out, and mostly all are there.
        text = self._plan[0] if before_all and after_all == before_all else None
        plan = files.json_bytes(after_all) if text is None else text.encode()
        files.replace(self.path, {**others, "plan.json": plan})

    @classmethod
    def _lay_out(cls, path: Path, holds: Mapping[str, Any]) -> Self:
        if not (path / "store.json").exists():
            # First of all: a command that is killed after it leaves a store to go on with.
            path.mkdir(parents=True, exist_ok=True)
            holds = {"format": FORMAT, **holds}
            files.replace(path, {"store.json": files.json_bytes(holds)})
        for folder in FOLDERS:
            (path / folder).mkdir(parents=True, exist_ok=True)
        return cls(path)

    def _frozen(self, holds: dict[str, Any]) -> dict[str, Any]:
        """What store.json says, with the margins of a store of the first format in it."""
        if "margins" in holds.get("claims", {"margins": {}}):
            return holds
        frozen = {"paper": self.protocol().paper, "margins": self.margins()}
        return holds | {"claims": holds["claims"] | frozen}

    @classmethod
    def create_imported(
        cls, path: Path, declared: Imported, plan: Sequence[Mapping[str, Any]]
    ) -> Self:
        """Make the store of an import in a new folder; its runs are published later.

        Args:
            path: A folder that does not exist.
            declared: The import.
            plan: ``{"id", "label", "settings"}`` of each run.
        """
        store = cls._lay_out(path, {"protocol": declared.name})
        (path / ".rlgen" / "locks").mkdir(exist_ok=True)
        text = declared.text().encode()
        files.replace(path, {"import.toml": text, "plan.json": files.json_bytes(list(plan))})
        return store

    @property
    def purpose(self) -> str:
        """What a store without a protocol holds, such as "calibration"; empty for a study."""
        return str(self._holds().get("purpose", ""))

    @property
    def imported(self) -> bool:
        """Whether the results were imported, so that there is no protocol."""
        return (self.path / "import.toml").is_file()

    @property
    def declared_path(self) -> Path:
        """The file that declares the study or the import."""
        return self.path / ("import.toml" if self.imported else "protocol.toml")

    def declared(self) -> Protocol | Imported:
        """The study as declared so far, or what was imported.

        Raises:
            StoreError: If the store holds no study.
        """
        if self.purpose:
            raise StoreError(f"{self.path}: holds a {self.purpose}, not a study")
        path = self.declared_path
        try:
            return imports.read(path) if self.imported else self._whole(path)
        except ProtocolError as error:
            raise DamagedStoreError(*error.args) from None

    def _whole(self, path: Path) -> Protocol:
        """The protocol; where one of the first form has no claims, its parts say the paper."""
        whole = _protocol(path)
        drawn = [] if whole.paper else [part.paper for part in self.parts().values() if part.paper]
        return whole.model_copy(update={"paper": drawn[0]}) if drawn else whole

    def protocol(self) -> Protocol:
        """The study as declared so far.

        Raises:
            StoreError: If the results were imported.
        """
        declared = self.declared()
        if isinstance(declared, Imported):
            raise StoreError(f"{self.path}: holds imported results and has no protocol")
        return declared

    def joined(self, protocol: Protocol, margins: Mapping[str, Sequence[float]]) -> Protocol:
        """The union of the study as declared so far and a further protocol.

        Args:
            protocol: The further one.
            margins: Of its claims.

        Raises:
            StoreError: If they cannot be one study.
        """
        if self.imported:
            what = "imported results, which nothing can be trained into"
            raise StoreError(f"{self.path}: holds {what}; choose another folder")
        if self.purpose:
            raise StoreError(f"{self.path}: holds a {self.purpose}; choose another folder")
        if not (self.path / "protocol.toml").exists():
            return protocol
        before = self.protocol()
        if before.name != protocol.name:
            raise StoreError(
                f"{self.path}: holds the study {before.name!r}, not {protocol.name!r}; "
                "choose another folder"
            )
        frozen = self.margins()
        if {name: list(values) for name, values in margins.items()} != frozen:
            raise StoreError(
                f"{self.path}: key 'claims' is {toml(frozen)} in the store and "
                f"{toml(dict(margins))} now; choose another folder"
            )
        try:
            return self._union(before, protocol)
        except ProtocolError as error:
            raise StoreError(f"{self.path}: {error}; choose another folder") from None

    def _union(self, before: Protocol, now: Protocol) -> Protocol:
        before = preparing.shortened(before, now, self.plan(), self.path / "runs")
        return merged(with_policies(before, now), now, longer=True)

    def parts(self) -> dict[str, Protocol]:
        """The parts declared so far by name, in the order of the names."""
        return {path.stem: _protocol(path) for path in sorted((self.path / "parts").glob("*.toml"))}

    def claims_declared(self) -> dict[str, str]:
        """``sha256`` of the claims' margins, and when they were ``declared``; empty without any."""
        frozen = self._holds().get("claims", {})
        return {key: frozen[key] for key in ("sha256", "declared") if key in frozen}

    def margins(self) -> dict[str, list[float]]:
        """The margins by which each claim is judged, frozen when the store was made."""
        frozen = self._holds().get("claims", {"margins": {}})
        if "margins" in frozen:
            return dict(frozen["margins"])
        path = self.path / "protocol.toml"  # of the first form
        _, old = modern(loads(files.read_text(path), str(path)), str(path))
        return old.margins if old else {}

    def plan(self) -> list[dict[str, Any]]:
        """What is planned, in order: a dictionary a cell, see ``preparing.entry``.

        Stores of earlier versions have no ``kind`` (a policy, trained or made elsewhere) and no
        ``facts``.
        """
        path = self.path / "plan.json"
        text = files.read_text(path) if path.exists() else "[]"
        if text != self._plan[0]:
            self._plan = text, checked_json.parsed(text, schemas.PLAN, path)
        return list(self._plan[1])


def _protocol(path: Path) -> Protocol:
    """The protocol of a store's file."""
    values, _ = modern(loads(files.read_text(path), str(path)), str(path))
    return parse(values, str(path))
