"""Reading TOML with clear errors, and writing values on one line."""

import tomllib
from pathlib import Path
from typing import Any

import tomli_w

from rlgen.errors import ProtocolError

#: The largest file of settings, in bytes.
MOST_BYTES = 16 * 1024**2


def load(path: Path) -> dict[str, Any]:
    """The keys of a TOML file.

    Raises:
        ProtocolError: If it cannot be read.
    """
    try:
        # Reading a pipe would wait for somebody to write.
        if path.exists() and not path.is_file():
            what = "is a folder" if path.is_dir() else "is not a file"
            raise ProtocolError(f"{path}: {what}")
        if path.stat().st_size > MOST_BYTES:
            raise ProtocolError(f"{path}: has more than {MOST_BYTES:,} bytes")
        text = path.read_text(encoding="utf-8-sig")  # some editors write a byte order mark
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a text file"
        raise ProtocolError(f"{path}: cannot be read: {reason}") from None
    return loads(text, str(path))


def loads(text: str, where: str) -> dict[str, Any]:
    """The keys of TOML text; ``where`` is what messages begin with."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ProtocolError(f"{where}: not valid TOML: {error}") from None
    except RecursionError:
        raise ProtocolError(f"{where}: not valid TOML: nested too deeply") from None


def toml(value: Any) -> str:
    """A value in TOML's notation, on one line; None, for which it has none, as people say it."""
    if value is None:
        return "not given"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, dict):
        inside = ", ".join(
            f"{tomli_w.dumps({k: 0}).partition('=')[0].strip()} = {toml(v)}"
            for k, v in value.items()
        )
        return f"{{ {inside} }}" if inside else "{}"
    return tomli_w.dumps({"": value}).partition("=")[2].strip()
