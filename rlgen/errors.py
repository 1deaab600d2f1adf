"""What the command line prints as one line, without a traceback."""

from collections.abc import Iterable
from difflib import get_close_matches


class RlgenError(Exception):
    """A mistake of the user, or damage on disk, said in one line."""

    exit_code = 2


class UnknownNameError(RlgenError):
    """A name that no catalogue holds."""


class LevelError(RlgenError):
    """Levels that cannot be drawn as asked."""


class ProtocolError(RlgenError):
    """A protocol that cannot be run."""


class LintError(RlgenError):
    """A script that cannot be read."""


class PolicyError(RlgenError):
    """A policy that cannot be loaded, or does not fit."""


class StoreError(RlgenError):
    """A store that cannot be used as asked."""


class ImportedFileError(RlgenError):
    """A file of results that cannot be read as asked."""


class DamagedStoreError(StoreError):
    """A file of a store that cannot be read any more."""

    exit_code = 1


def nearest(name: str, known: Iterable[str]) -> str:
    """`` (did you mean 'x'?)`` for the known name nearest to ``name``, or the known names."""
    known = sorted(known)
    close = get_close_matches(name, known, n=1, cutoff=0.5)
    if close:
        return f" (did you mean {close[0]!r}?)"
    return f" (known: {', '.join(known)})" if known else ""
