"""The log of a store of who has looked at returns on a pool, and what for: a file an entry."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from rlgen.errors import DamagedStoreError, StoreError
from rlgen.store import schemas
from rlgen.util import checked_json, files
from rlgen.util.hashing import digest

#: Purpose of an access that chooses runs by their returns.
SELECTION = "selection"


def log(folder: Path, pool: str, purpose: str, manifest: str) -> None:
    """Add an entry; commands at the same time do not overwrite each other's.

    Args:
        folder: The log; made if it does not exist.
        pool: "train", "validation" or "test".
        purpose: Such as ``SELECTION``, which spoils certificates on that pool.
        manifest: Hash of the split whose pool it is.

    Raises:
        StoreError: If the folder cannot be written to.
    """
    now = datetime.now(UTC)
    entry = {"pool": pool, "purpose": purpose, "manifest": manifest}
    entry |= {"date": f"{now:%Y-%m-%d %H:%M} UTC"}
    try:
        folder.mkdir(exist_ok=True)
        name = f"{now:%Y%m%dT%H%M%S}-{uuid4().hex[:12]}-{digest(entry)[:12]}.json"
        files.write_json(folder / name, entry)
    except OSError as error:
        raise StoreError(f"{folder}: cannot be written to: {error.strerror or error}") from None


def read(path: Path) -> dict[str, Any]:
    """``pool``, ``purpose``, ``manifest`` and ``date`` of an entry.

    Its name ends with its hash, but for entries of earlier versions.

    Raises:
        DamagedStoreError: If it is not as it was written.
    """
    entry: dict[str, Any] = checked_json.read(path, schemas.ACCESS)
    _, _, own = path.stem.partition("-")[2].partition("-")
    if own and digest(entry)[:12] != own:
        raise DamagedStoreError(f"{path}: is not as it was written: its name is another hash")
    return entry
