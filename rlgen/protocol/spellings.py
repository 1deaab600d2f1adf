"""Names whose options are written in two ways: they mean the same, and would be two cells."""

from rlgen.errors import ProtocolError
from rlgen.protocol.schema import Protocol
from rlgen.util.bracketed import two_spellings

#: Keys whose names may have options in brackets.
BRACKETED = ("family", "agent", "network")


def check_spellings(protocol: Protocol, where: str) -> None:
    """Refuse a protocol that names the same twice. Stores of older versions may hold such ones."""
    for key in BRACKETED:
        if pair := two_spellings(getattr(protocol, key)):
            raise ProtocolError(
                f"{where}: {key}: {pair[0]} and {pair[1]} are one, in two spellings"
            )


def check_as_before(new: Protocol, old: Protocol, where: str) -> None:
    """Refuse a protocol that names otherwise what a store has; ``where`` says which store."""
    for key in BRACKETED:
        if pair := two_spellings(getattr(new, key), getattr(old, key)):
            raise ProtocolError(
                f"key {key!r} has {pair[0]} in {where}, and {pair[1]} is the same in another "
                "spelling; write it as it was"
            )
