"""Subjects of probes: the policies of stored runs, and those made elsewhere."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from rlgen.errors import LevelError, StoreError
from rlgen.levels import lookup
from rlgen.levels.family import Family
from rlgen.levels.split import Split, chosen_split
from rlgen.policies import fitting, loading
from rlgen.policies.base import Policy
from rlgen.probes import PROBES
from rlgen.probes.base import Unsuitable
from rlgen.probes.measuring import Measurement, measure
from rlgen.probes.subject import Subject
from rlgen.store.bundle import WEIGHTS, is_bundle
from rlgen.store.opening import opened
from rlgen.store.provenance import Clock
from rlgen.store.run_store import RunStore
from rlgen.study import naming
from rlgen.study.kinds import KINDS
from rlgen.study.kinds.policy_cell import PolicyCell
from rlgen.study.workspace import Workspace
from rlgen.util import files, segments

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
    return segments.is_file(path / CARD)


def stored(path: Path, trusted: Collection[str], stack: ExitStack) -> Iterator[Probed]:
    """The policies of a run's folder, of a store or of a bundle.

    Args:
        path: Of it.
        trusted: See ``of_run``.
        stack: Closes the bundle.

    Raises:
        StoreError: If it is none of these, and as ``of_run``.
    """
    if is_run(path):
        yield of_run(path, trusted)
    elif path.is_dir() or is_bundle(path):
        yield from of_store(stack.enter_context(opened(path)), trusted)
    elif not path.exists() and ":" not in str(path):
        raise StoreError(f"{path}: does not exist")
    else:
        raise StoreError(f"{path} says nothing of the levels that it learnt from")


def of_store(store: RunStore, trusted: Collection[str]) -> Iterator[Probed]:
    """The policies of a store whose weights have been kept, run after run.

    Raises:
        StoreError: If there are none, and as ``of_run``.
    """
    folders = [store.run_folder(run) for run in store.done()]
    kept = [folder for folder in folders if is_run(folder) and is_kept(folder)]
    if not kept:
        raise StoreError(f"{store.path}: holds no run whose weights have been kept")
    for folder in kept:
        yield of_run(folder, trusted, str(store.path))


def is_kept(folder: Path) -> bool:
    """Whether a run's folder has weights, or is of a policy made elsewhere, in its own file."""
    elsewhere = bool(files.read_table(folder / CARD)["settings"].get("policy"))
    return elsewhere or any(name.endswith(WEIGHTS) for name in segments.names(folder))


def of_run(folder: Path, trusted: Collection[str], store: str = "") -> Probed:
    """The policy of a stored run, with the levels of its cell; see ``cell_of``."""
    cell = cell_of(folder, trusted, store)
    split = cell.split()
    policy = policy_of(cell, folder, split, trusted)
    return Probed(Subject(policy, split, cell.label), cell.seed, cell.id)


def cell_of(folder: Path, trusted: Collection[str], store: str = "") -> PolicyCell:
    """The cell of a stored run.

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
    named = naming.code(settings)
    if named and not {str(folder), store} & {*trusted}:
        raise StoreError(
            f"{folder}: its run names code, {named[0]}, which would be imported: if you trust its "
            f"author, say --trust {store or folder}"
        )
    try:
        cell = KINDS[card.get("kind", "train")].from_settings(settings)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        # Of results measured elsewhere, or a stranger's file: what is in it may be anything.
        what = f"{type(error).__name__}: {error}".splitlines()[0][:200]
        raise StoreError(
            f"{folder}: says too little of its levels and its agent ({what})"
        ) from None
    if not isinstance(cell, PolicyCell):
        raise StoreError(f"{folder}: is of a cell that {cell.card}, and holds no policy")
    if cell.id != card["id"]:
        raise StoreError(
            f"{folder}: its levels or its agent are of other versions than those installed here"
        )
    return cell


def policy_of(
    cell: PolicyCell, folder: Path, split: Split, trusted: Collection[str] = ()
) -> Policy:
    """The policy of a stored run.

    Args:
        cell: Of the run.
        folder: Of the run.
        split: The cell's levels.
        trusted: See ``cell_of``.
    """
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
    return policy


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


def measured(probed: Probed, names: Collection[str] = ()) -> list[Measurement]:
    """What each probe measures.

    Args:
        probed: Of what.
        names: Of probes; all, where there are none.

    Raises:
        UnknownNameError: For a name of no probe.
        Unsuitable: If none of those named can look into the policy.
    """
    every = [measure(name, probed.subject, seed=probed.seed) for name in names or PROBES]
    if names and all(one.refused for one in every):
        raise Unsuitable(every[0].refused)
    return every


def probe(
    target: str | Path,
    probes: str | Sequence[str] = (),
    *,
    family: str | Family | None = None,
    train_levels: Sequence[int] = (),
    test_levels: Sequence[int] = (),
    trust: Sequence[str] = (),
) -> pd.DataFrame:
    """Measure trained networks with probes.

    Args:
        target: A run's folder, a store, a bundle; or, with a family and levels, a policy made
            elsewhere: whatever ``rlgen evaluate --policy`` reads.
        probes: Names of ``rlgen list probes``; all by default.
        family: Of a policy made elsewhere: its family, or a name or Gymnasium id of it.
        train_levels: Ids of the levels that it learnt from.
        test_levels: Ids of levels that it has never met.
        trust: What may be unpickled, run, or imported from.

    Returns:
        One row a number: ``policy``, ``run`` (empty of policies made elsewhere), ``seed``,
        ``probe``, ``looks_at``, ``number``, ``value``, ``meaning`` (with the unit), ``reason``
        (why the value is nan, else empty).

    Raises:
        RlgenError: For unknown names, levels that are in both pools, and policies into which no
            probe that is named can look.

    Example:
        >>> import rlgen
        >>> pools = {"train_levels": range(200), "test_levels": range(1000, 1100)}
        >>> table = rlgen.probe("my.zip", family="CartPole-v1", **pools)  # doctest: +SKIP
    """
    names = (probes,) if isinstance(probes, str) else tuple(probes)
    if (family is None) == bool(len(train_levels) or len(test_levels)):
        raise LevelError("a policy made elsewhere needs family, train_levels and test_levels")
    with ExitStack() as stack:
        if family is None:
            every = stored(Path(target), trust, stack)
        else:
            member = lookup.family(family) if isinstance(family, str) else family
            every = iter([of_policy(str(target), member, train_levels, test_levels, trust)])
        return pd.DataFrame([row for probed in every for row in _rows(probed, names)])


def _rows(probed: Probed, names: Collection[str]) -> Iterator[dict[str, Any]]:
    for one in measured(probed, names):
        for name, number in one.numbers.items():
            yield {
                "policy": probed.subject.name,
                "run": probed.run,
                "seed": probed.seed,
                "probe": one.name,
                "looks_at": one.probe.looks_at,
                "number": name,
                "value": number.value,
                "meaning": one.probe.numbers[name],
                "reason": number.reason,
            }
