"""Results that are kept: bundled into one file, taken up again, and verified."""

from pathlib import Path
from typing import TYPE_CHECKING

from rlgen.errors import StoreError
from rlgen.store import packing, unpacking
from rlgen.store.opening import opened
from rlgen.store.packing import Bundle
from rlgen.store.run_store import RunStore
from rlgen.util import files

if TYPE_CHECKING:
    from rlgen.protocol.suite import Declaration


def bundle(store: str | Path, file: str | Path, *, weights: bool = False) -> Bundle:
    """Write a store into one file, from which everything that reads a store reads.

    The file is a tar archive, compressed with xz, with a manifest of sizes and SHA-256. If the
    store's ``summary.json`` is not that of its results, its report is written anew before.

    Args:
        store: The store's folder.
        file: The file, such as ``results/depth.tar.xz``; one that is there is replaced.
        weights: Whether the weights of trained agents are in it: to evaluate them further.

    Raises:
        RlgenError: If the store cannot be read, or the file cannot be written.
    """
    from rlgen import report

    folder, target = Path(store), Path(file)
    if folder.is_file():
        raise StoreError(f"{folder}: is a file; what is bundled is the folder of a store")
    opened_store = RunStore(folder)
    packing.check_target(folder, target)
    if not report.has_current_summary(opened_store):
        report.write(opened_store)
    return packing.write(folder, target, weights=weights)


def take_up(file: Path, out: Path, declaration: "Declaration") -> None:
    """Unpack a bundle into a folder, in which a study of it is then continued.

    Args:
        file: The bundle.
        out: The folder: one that is empty or does not exist; or the store that was unpacked from
            the same bundle before, which is left as it is.
        declaration: Of the study that is to be continued.

    Raises:
        StoreError: If the folder holds something else, or the bundle another study.
    """
    from rlgen.analysis.claims import margins_of
    from rlgen.study.plan import plan

    def check(folder: Path) -> None:
        RunStore(folder).joined(plan(declaration).whole, margins_of(declaration))

    if out.is_dir() and any(out.iterdir()):
        with opened(file) as store:
            if not _unpacked_from(store, out):
                raise StoreError(
                    f"{out}: holds something other than {file}, which it was to be continued from; "
                    "choose another folder"
                )
        return
    unpacking.unpack(file, out, check)


def _unpacked_from(store: RunStore, out: Path) -> bool:
    """Whether a folder is a store that holds what a bundle's store holds, or more."""
    try:
        other = RunStore(out)
        same = all(
            files.read_json(store.path / "store.json").get(key)
            == files.read_json(other.path / "store.json").get(key)
            for key in ("format", "protocol")
        )
        return same and set(store.done()) <= set(other.done())
    except (OSError, StoreError):
        return False
