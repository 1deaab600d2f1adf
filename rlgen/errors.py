"""The errors that the command line prints as one line, without a traceback."""

from collections.abc import Callable, Iterable
from difflib import get_close_matches
from typing import Self


class RlgenError(Exception):
    """A mistake of the user, or damage on disk.

    Args:
        lines: A line for each thing that is wrong, mostly one.

    Attributes:
        args: The lines.
        exit_code: The exit code of a command that it ends.
    """

    exit_code = 2

    def __init__(self, *lines: str) -> None:
        super().__init__(*lines)

    def __str__(self) -> str:
        return "\n".join(self.args)

    def reworded(self, change: Callable[[str], str]) -> Self:
        """An error of the same kind with each of its lines changed."""
        return type(self)(*map(change, self.args))


class UnknownNameError(RlgenError):
    """A name that is in no catalogue."""


class LevelError(RlgenError):
    """Levels that cannot be drawn or played as requested."""


class ProtocolError(RlgenError):
    """A protocol that cannot be run."""


class LintError(RlgenError):
    """A script that cannot be read."""


class PolicyError(RlgenError):
    """A policy that cannot be loaded, or does not fit."""


class StoreError(RlgenError):
    """A store that cannot be used as requested."""


class ProbeError(RlgenError):
    """A probe that returns something else than it declares."""


class ImportedFileError(RlgenError):
    """A file of results that cannot be imported as requested."""


class DamagedStoreError(StoreError):
    """A damaged file of a store."""


class RlgenWarning(UserWarning):
    """A line for the user about something that is done all the same."""


def one_line(error: Exception) -> str:
    """The message of an error as one line; libraries word theirs in several."""
    return " ".join(str(error).split())


def nearest(name: str, names: Iterable[str]) -> str:
    """The hint after an unknown name: the nearest valid name, or all valid names.

    Example:
        >>> nearest("ppoo", ["ppo", "dqn"])
        " (did you mean 'ppo'?)"
    """
    valid = sorted(names)
    close = get_close_matches(name, valid, n=1, cutoff=0.5)
    if close:
        return f" (did you mean {close[0]!r}?)"
    return f" (known: {', '.join(valid)})" if valid else ""
