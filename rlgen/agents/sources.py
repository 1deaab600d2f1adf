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


def policy_hash(text: str) -> str:
    """SHA-256 of a policy's files, of a run's weights, or of the name of a function.

    Raises:
        ProtocolError: If there is no such file.
    """
    named, statistics = parts(text)
    told = _hash(named)
    if statistics in ("", WITHOUT):
        return told
    if not Path(statistics).is_file():
        raise ProtocolError(f"there is no file {statistics}")
    return hashlib.sha256(f"{told} {_hash(statistics)}".encode()).hexdigest()


def _hash(named: str) -> str:
    path = Path(named)
    path = path / "policy.safetensors" if path.is_dir() else path
    if path.is_file():
        return hashlib.sha256(path.read_bytes()).hexdigest()
    if ":" not in named:
        raise ProtocolError("there is no such file (a function is given as module:name)")
    return hashlib.sha256(named.encode()).hexdigest()
