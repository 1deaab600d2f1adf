"""The one way to standard output and error: a line at a time, in which no name can do anything.

Names of levels, agents and files, and the errors of foreign code, come from elsewhere. A control
character in one would move the cursor, a line break would print a line of somebody else's making.
"""

import errno
import os
import sys
import unicodedata
from typing import TextIO

from rlgen.errors import RlgenError

#: Categories of characters that are not shown as they are: control, format (which also turn the
#: direction of a line), surrogates of bytes that are no text, private, unassigned, and line ends.
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}

#: The most characters of a message.
MOST_SHOWN = 1500


class OutputError(RlgenError):
    """Standard output that cannot be written to."""


def printable(text: str) -> str:
    r"""The text on one line, with every character that could act on a terminal as its code.

    Example:
        >>> printable("a\nb\x1b[2J")
        'a\\nb\\x1b[2J'
    """
    if text.isprintable():
        return text
    return "".join(
        character.encode("unicode_escape").decode()
        if unicodedata.category(character) in _HIDDEN
        else character
        for character in text
    )


def shortened(line: str) -> str:
    """A message of bounded length: what is left out stands in its middle."""
    if len(line) <= MOST_SHOWN:
        return line
    return f"{line[: MOST_SHOWN // 2]} [...] {line[-MOST_SHOWN // 4 :]}"


def complain(line: str) -> None:
    """Print what is wrong to standard error, at most ``MOST_SHOWN`` characters of it."""
    echo(shortened(line), err=True)


def echo(line: object = "", *, err: bool = False, stream: TextIO | None = None) -> None:
    """Print one line.

    A reader that has gone, as ``head`` does, is no error: what follows is not printed, and the
    command ends with the exit code that it has.

    Args:
        line: Its text.
        err: Whether it goes to standard error.
        stream: Where else it goes.

    Raises:
        OutputError: If standard output cannot be written to.
    """
    _write(printable(str(line)) + "\n", err=err, stream=stream)


def echo_document(text: str, *, stream: TextIO | None = None) -> None:
    """Print several lines whose line breaks are ours; see ``echo``."""
    lines = "\n".join(map(printable, text.split("\n")))
    _write(lines + "\n", err=False, stream=stream)


def _write(text: str, *, err: bool, stream: TextIO | None) -> None:
    target = stream or (sys.stderr if err else sys.stdout)
    try:
        target.write(text)
        target.flush()
    except OSError as error:
        if err or error.errno == errno.EPIPE:
            _silence(target)
            return
        _silence(target)
        raise OutputError(f"standard output: cannot be written to: {error.strerror}") from None


def _silence(stream: TextIO) -> None:
    """Let nothing that is still to be written to a stream fail."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, stream.fileno())
    os.close(null)


def open_standard_streams() -> None:
    """Give a command the streams that it was started without, and let no character be an error.

    Otherwise the next file that is opened would be standard output.
    """
    for descriptor, name in enumerate(("stdin", "stdout", "stderr")):
        flags, mode = (os.O_RDONLY, "r") if name == "stdin" else (os.O_WRONLY, "w")
        try:
            os.fstat(descriptor)
        except OSError:
            null = os.open(os.devnull, flags)
            if null != descriptor:
                os.dup2(null, descriptor)
                os.close(null)
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(descriptor, mode, closefd=False))
        stream = getattr(sys, name)
        if name != "stdin" and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
