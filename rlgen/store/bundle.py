"""A bundle is a store as one file: an xz-compressed tar archive, which ``tar -xJf`` unpacks.

Its first member, ``MANIFEST.json``, says what follows, in this order and nothing else: the path,
the size and the SHA-256 of each file of the store, byte for byte as it is there. Left out are the
page, which can be made anew, what begins with a dot (locks, logs, caches), and the weights, unless
they are asked for: no report needs them.

The bytes depend on the store's files alone. ``packing`` writes bundles, ``unpacking`` reads them.
"""

from dataclasses import dataclass
from pathlib import Path

from rlgen.errors import StoreError

#: Raised whenever a bundle is laid out in another way.
FORMAT = 1
MANIFEST = "MANIFEST.json"
#: How weights end.
WEIGHTS = ".safetensors"
#: Made anew from the rest by ``rlgen report``.
PAGES = ("report.html",)
#: The folder of what trackers write, which is no part of a study's results.
TRACKING = "tracking"
#: How bundles are called; any other name does as well.
ENDING = ".tar.xz"
#: What every xz file begins with.
MAGIC = b"\xfd7zXZ\x00"
#: Of tar.
BLOCK = 512
#: The end of an archive.
END = bytes(2 * BLOCK)


@dataclass(frozen=True)
class Member:
    """A file of the store.

    Attributes:
        path: In the store, with slashes.
        size: Bytes.
        sha256: Of its content.
    """

    path: str
    size: int
    sha256: str


def is_bundle(path: Path) -> bool:
    """Whether a path is that of a file as bundles are, and not of a folder or a script."""
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def check_is_folder(path: Path) -> None:
    """Refuse a file, or the name of a bundle, where a folder is to be made.

    Raises:
        StoreError: With the commands that may have been meant.
    """
    if path.is_file() or path.name.endswith(ENDING):
        what = "is a file" if path.is_file() else "is the name of a bundle"
        raise StoreError(
            f"{path}: {what}, and a study is computed in a folder; `--continue-from` goes on from "
            f"a bundle, `rlgen bundle FOLDER {path.name}` makes one afterwards"
        )
