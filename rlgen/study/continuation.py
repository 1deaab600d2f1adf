"""Studies that go on from a bundle."""

from pathlib import Path

from rlgen.errors import StoreError
from rlgen.store import unpacking
from rlgen.store.opening import opened
from rlgen.store.run_store import RunStore
from rlgen.study.numbering import numbered
from rlgen.study.plan import Plan
from rlgen.util import files


def take_up(file: Path, out: Path, study: Plan) -> None:
    """Unpack a bundle into a folder, in which a study of it is then continued.

    Args:
        file: The bundle.
        out: The folder: one that is empty or does not exist; or the store that was unpacked from
            the same bundle before, which is left as it is.
        study: What is to be continued.

    Raises:
        StoreError: If the folder holds something else, or the bundle another study.
    """

    def check(folder: Path) -> None:
        joined = numbered(study, folder)
        RunStore(folder).joined(joined.whole, joined.margins)

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
            files.read_table(store.path / "store.json").get(key)
            == files.read_table(other.path / "store.json").get(key)
            for key in ("format", "protocol")
        )
        return same and set(store.done()) <= set(other.done())
    except (OSError, StoreError):
        return False
