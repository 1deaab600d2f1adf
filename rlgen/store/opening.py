"""Results to be read, whether they are a folder or a bundle."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from rlgen.errors import RlgenError, StoreError
from rlgen.store import unpacking
from rlgen.store.run_store import RunStore


@contextmanager
def opened(path: Path) -> Iterator[RunStore]:
    """The store of a folder, or that of a bundle, unpacked for as long as the block lasts.

    What is read lazily (trajectories, strips) is there within the block only, and what is written
    into the store of a bundle is lost with it.

    Raises:
        StoreError: If it is neither.
    """
    if not path.is_file():
        yield RunStore(path)
        return
    with TemporaryDirectory(prefix="rlgen-") as temporary:
        folder = Path(temporary).resolve() / path.name
        try:
            unpacking.unpack(path, folder)
            yield RunStore(folder)
        except RlgenError as error:
            # Whoever reads it knows the bundle, and nothing of where it was unpacked to.
            raise error.reworded(lambda line: line.replace(str(folder), str(path))) from None


def refuse_bundle(path: Path, why: str) -> None:
    """Refuse what would be written into a bundle.

    Raises:
        StoreError: If the path is that of a file.
    """
    if path.is_file():
        raise StoreError(
            f"{path}: is a bundle, which never changes, and {why}; "
            f"`rlgen evaluate PROTOCOL --continue-from {path.name}` makes a folder of it"
        )
