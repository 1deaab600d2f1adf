"""What a store's plan holds of a cell."""

import typing
from typing import Any


class Planned(typing.Protocol):
    """What a store's plan holds of a cell; see ``study.cell.Cell``."""

    @property
    def id(self) -> str:
        """The name of its run."""

    @property
    def kind(self) -> str:
        """Of the cell."""

    @property
    def label(self) -> str:
        """For people."""

    @property
    def settings(self) -> dict[str, Any]:
        """As plain values."""

    @property
    def facts(self) -> dict[str, Any]:
        """What a report must know of it."""

    @property
    def records(self) -> bool:
        """Whether its run holds records of a policy."""


def entry(cell: Planned) -> dict[str, Any]:
    """A cell in the plan; ``records`` stands only where its run has none."""
    keys = ("id", "kind", "label", "settings", "facts")
    entry = {key: getattr(cell, key) for key in keys}
    return entry if cell.records else entry | {"records": False}
