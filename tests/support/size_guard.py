"""Refuse large files in a commit, and results as many small ones.

``python tests/support/size_guard.py FILE ...`` names what is wrong and ends with 1; the hook
``size-guard`` of pre-commit gives it the files of a commit.
"""

import sys
from collections.abc import Iterable
from fnmatch import fnmatch
from pathlib import Path

#: Bytes of a file.
LARGEST = 500_000
#: Patterns of paths that may hold more, and how much.
ALLOWED = {"protocols/results/*": 16_000_000}
#: Files below ``protocols/results`` in one commit: results are kept as one bundle.
RESULT_FILES = 5


def problems(paths: Iterable[str], root: Path = Path()) -> list[str]:
    """One line for each thing that should not be committed.

    Args:
        paths: Relative to the root; those that do not exist are being deleted.
        root: Of the repository.
    """
    lines, results = [], 0
    for path in paths:
        file = root / path
        if not file.is_file():
            continue
        results += path.startswith("protocols/results/")
        limit = max((n for glob, n in ALLOWED.items() if fnmatch(path, glob)), default=LARGEST)
        size = file.stat().st_size
        if size > limit:
            lines.append(f"{path}: {size:,} bytes; the limit is {limit:,}")
    if results > RESULT_FILES:
        lines.append(
            f"protocols/results: {results} files in one commit; the limit is {RESULT_FILES}: "
            "make one bundle of them"
        )
    return lines


if __name__ == "__main__":
    wrong = problems(sys.argv[1:])
    print(*wrong, sep="\n", end="\n" if wrong else "")
    sys.exit(bool(wrong))
