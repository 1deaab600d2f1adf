"""What tells one policy made elsewhere from another; imports no torch."""

import hashlib
from pathlib import Path

from rlgen.errors import ProtocolError


def policy_hash(text: str) -> str:
    """SHA-256 of a policy's file, of a run's weights, or of the name of a function.

    Raises:
        ProtocolError: If there is no such file.
    """
    path = Path(text)
    path = path / "policy.safetensors" if path.is_dir() else path
    if path.is_file():
        return hashlib.sha256(path.read_bytes()).hexdigest()
    if ":" not in text:
        raise ProtocolError("there is no such file (a function is given as module:name)")
    return hashlib.sha256(text.encode()).hexdigest()
