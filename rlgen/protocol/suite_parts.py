"""Names of the parts of a suite: all of them, and those that a budget runs."""

from collections.abc import Mapping
from typing import Any

from rlgen.errors import ProtocolError, nearest

#: The key that lists them, in ``suite.toml`` and in its tables of budgets.
PARTS = "parts"


def listed(value: Any, where: str) -> list[str]:
    """The names in a list of parts.

    Raises:
        ProtocolError: If it is none.
    """
    if not isinstance(value, list) or not value or not all(isinstance(n, str) for n in value):
        raise ProtocolError(f"{where} = {value!r}: must list the files of its parts")
    return value


def taken_out(
    budgets: Mapping[str, dict[str, Any]], every: list[str], where: str
) -> dict[str, list[str]]:
    """The parts that budgets run, by budget, taken out of their tables, which have them no more.

    Raises:
        ProtocolError: If a budget names what is no part of the suite.
    """
    run = {}
    for budget, keys in budgets.items():
        place = f"{where}: budgets.{budget}.{PARTS}"
        run[budget] = listed(keys.pop(PARTS, every), place)
        for part in run[budget]:
            if part not in every:
                raise ProtocolError(f"{place} = {part!r}: is no part of it{nearest(part, every)}")
    return run
