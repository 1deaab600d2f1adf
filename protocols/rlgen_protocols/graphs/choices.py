"""Options that are one of several words."""

from collections.abc import Sequence

from rlgen.errors import ProtocolError, nearest


def one_of(name: str, value: str, allowed: Sequence[str]) -> None:
    """Refuse a value that is none of those allowed, with the nearest that is."""
    if value not in allowed:
        raise ProtocolError(
            f"{name} = {value!r}: must be {' or '.join(allowed)}{nearest(value, allowed)}"
        )
