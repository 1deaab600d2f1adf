"""Sources of policies made elsewhere: how they are written, and their hash; imports no torch."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rlgen.errors import ProtocolError
from rlgen.protocol.policy_names import WITH, WITHOUT, parts
from rlgen.util.named_code import source_hash


@dataclass(frozen=True)
class Copy:
    """A policy of another machine whose files have been copied here.

    Attributes:
        located: What ``located`` says of it there.
        here: Its name here, with the statistics that belong to it.
    """

    located: str
    here: str


_copies: dict[str, Copy] = {}


def copied(copies: Mapping[str, Copy]) -> None:
    """From now on, let these names of policies mean their copies; for processes of one cell."""
    _copies.update(copies)


def here(text: str) -> str:
    """The name of a policy on this machine: of its copy, if it has one."""
    return _copies[text].here if text in _copies else text


def files(text: str) -> list[str]:
    """The files of a policy: its file or function, then its statistics if it has some."""
    return [part for part in parts(text) if part not in ("", WITHOUT)]


def located(text: str) -> str:
    """The policy with the absolute paths of its files, without links; a function as it is."""
    if text in _copies:
        return _copies[text].located
    named, statistics = parts(text)
    if Path(named).exists():
        named = str(Path(named).resolve())
    if statistics in ("", WITHOUT):
        return f"{named}{WITH}{statistics}" if statistics else named
    return f"{named}{WITH}{Path(statistics).resolve()}"


def same(one: str, other: str) -> bool:
    """Whether two texts name the same file or function."""
    return one == other or (Path(one).exists() and located(one) == located(other))


def policy_hash(text: str) -> str:
    """SHA-256 of a policy's files, of a run's weights, or of a function's source, as hex.

    Of a function whose source cannot be followed (``named_code.source_hash``) its name is hashed.

    Raises:
        ProtocolError: If there is no such file.
    """
    # Statistics that were only found beside the model are no part of what is hashed.
    named, *statistics = files(here(text))[: len(files(text))]
    digest = _hash(named)
    for file in statistics:
        if not Path(file).is_file():
            raise ProtocolError(f"there is no file {file}")
        digest = hashlib.sha256(f"{digest} {_hash(file)}".encode()).hexdigest()
    return digest


def _hash(named: str) -> str:
    path = Path(named)
    path = path / "policy.safetensors" if path.is_dir() else path
    if path.is_file():
        return hashlib.sha256(path.read_bytes()).hexdigest()
    if ":" not in named:
        raise ProtocolError("there is no such file (a function is given as module:name)")
    source = source_hash(named.partition(":")[0])
    return hashlib.sha256(f"{named} {source or ''}".strip().encode()).hexdigest()


def is_tracked(text: str) -> bool:
    """Whether the hash of a policy changes with the code that it runs."""
    named = parts(here(text))[0]
    return Path(named).exists() or source_hash(named.partition(":")[0]) is not None
