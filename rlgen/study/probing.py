"""Subjects of probes: the policies of stored runs, and those made elsewhere."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rlgen.errors import StoreError
from rlgen.levels.family import Family
from rlgen.levels.split import chosen_split
from rlgen.policies import fitting, loading
from rlgen.probes.subject import Subject
from rlgen.store.bundle import WEIGHTS
from rlgen.store.provenance import Clock
from rlgen.store.run_store import RunStore
from rlgen.study.kinds import KINDS
from rlgen.study.kinds.policy_cell import PolicyCell
from rlgen.study.workspace import Workspace
from rlgen.util import files

#: What a run's folder has that says which cell it is of.
CARD = "cell.json"


@dataclass(frozen=True)
class Probed:
    """A subject, and with what its probes draw.

    Attributes:
        subject: The subject.
        seed: Of its run, as where a study measures it; 0 of policies made elsewhere.
        run: Id of its run; empty of policies made elsewhere.
    """

    subject: Subject
    seed: int = 0
    run: str = ""


def is_run(path: Path) -> bool:
    """Whether a path is the folder of a stored run."""
    return (path / CARD).is_file()


def of_store(store: RunStore, trusted: Collection[str]) -> Iterator[Probed]:
    """The policies of a store whose weights have been kept, run after run.

    Raises:
        StoreError: If there are none, and as ``of_run``.
    """
    folders = [store.run_folder(run) for run in store.done()]
    kept = [folder for folder in folders if is_run(folder) and _is_kept(folder)]
    if not kept:
        raise StoreError(f"{store.path}: holds no run whose weights have been kept")
    for folder in kept:
        yield of_run(folder, trusted, str(store.path))


def _is_kept(folder: Path) -> bool:
    """Whether a run has weights, or is of a policy made elsewhere, which has a file of its own."""
    elsewhere = bool(files.read_table(folder / CARD)["settings"].get("policy"))
    return elsewhere or any(folder.glob(f"*{WEIGHTS}"))


def of_run(folder: Path, trusted: Collection[str], store: str = "") -> Probed:
    """The policy of a stored run, with the levels of its cell.

    Args:
        folder: Of the run.
        trusted: Folders whose runs may import the modules that they name, and files of policies.
        store: Its store, which may be trusted as a whole.

    Raises:
        StoreError: If it is of other versions than those installed here, of no policy, or names
            code and is not trusted.
    """
    card = files.read_table(folder / CARD)
    settings = card["settings"]
    named = sorted(text for text in _texts(settings) if ":" in text)
    if named and not {str(folder), store} & {*trusted}:
        raise StoreError(
            f"{folder}: its run names code, {named[0]}, which would be imported: if you trust its "
            f"author, say --trust {store or folder}"
        )
    cell = KINDS[card.get("kind", "train")].from_settings(settings)
    if not isinstance(cell, PolicyCell):
        raise StoreError(f"{folder}: is of a cell that {cell.card}, and holds no policy")
    if cell.id != card["id"]:
        raise StoreError(
            f"{folder}: its levels or its agent are of other versions than those installed here"
        )
    split = cell.split()
    with TemporaryDirectory(prefix="rlgen-") as aside:
        workspace = Workspace(
            folder=Path(aside),
            wanted=(),
            cache=Path(aside),
            report=lambda event, **values: None,  # noqa: ARG005
            earlier=folder,
            trust=tuple(trusted),
        )
        policy, _ = cell.obtain(workspace, split, "cpu", Clock())
    return Probed(Subject(policy, split, cell.label), cell.seed, cell.id)


def _texts(settings: Any) -> Iterator[str]:
    """Texts of settings that may name code; ids of levels and pools have colons too."""
    for key in ("family", "network", "agent", "policy"):
        yield str(settings.get(key, ""))
    for options in (settings.get("family_options", {}), settings.get("agent_options", {})):
        yield from (value for value in options.values() if isinstance(value, str))


def of_policy(
    source: str,
    family: Family,
    train: Sequence[int],
    test: Sequence[int],
    trusted: Collection[str],
) -> Probed:
    """A policy made elsewhere, with named levels.

    Args:
        source: See ``loading.load``.
        family: The family that it plays.
        train: Ids of the levels that it learnt from.
        test: Ids of held-out levels.
        trusted: See ``loading.load``.

    Raises:
        PolicyError: If it cannot be loaded, or does not play the family.
        LevelError: If a level is in both pools.
    """
    split = chosen_split(family, {"train": train, "test": test}, len(train))
    policy = loading.load(source, split.family, trusted=trusted)
    fitting.check(policy, split.family, split.train, source)
    return Probed(Subject(policy, split, source))
