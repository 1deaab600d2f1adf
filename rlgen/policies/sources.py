"""What tells one policy made elsewhere from another; imports no torch."""

import hashlib
from pathlib import Path

from rlgen.errors import ProtocolError

#: Between a model's file and that of its VecNormalize statistics.
WITH = "+"
#: Said in place of statistics by whose model was trained without.
WITHOUT = "none"


def parts(text: str) -> tuple[str, str]:
    """A policy as named: its file or function, and the file of its statistics.

    ``model.zip+statistics.pkl`` has both, ``model.zip+none`` says that there are none; else "" is
    the second.
    """
    path, sign, statistics = text.rpartition(WITH)
    if sign and (statistics == WITHOUT or statistics.endswith(".pkl")):
        return path, statistics
    return text, ""


def files(text: str) -> list[str]:
    """What a policy is read from: its file or function, then its statistics if it has some."""
    return [part for part in parts(text) if part not in ("", WITHOUT)]


def policy_hash(text: str) -> str:
    """SHA-256 of a policy's files, of a run's weights, or of the name of a function.

    Raises:
        ProtocolError: If there is no such file.
    """
    named, *statistics = files(text)
    told = _hash(named)
    for file in statistics:
        if not Path(file).is_file():
            raise ProtocolError(f"there is no file {file}")
        told = hashlib.sha256(f"{told} {_hash(file)}".encode()).hexdigest()
    return told


def _hash(named: str) -> str:
    path = Path(named)
    path = path / "policy.safetensors" if path.is_dir() else path
    if path.is_file():
        return hashlib.sha256(path.read_bytes()).hexdigest()
    if ":" not in named:
        raise ProtocolError("there is no such file (a function is given as module:name)")
    return hashlib.sha256(named.encode()).hexdigest()
