"""What the lint finds, and what a rule is."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rlgen.lint.event import Event


@dataclass(frozen=True, order=True)
class Finding:
    """One mistake.

    Attributes:
        file: Where, as the user named it.
        cell: Of a notebook, from 1 and whatever its kind; 0 in a script.
        line: In the file or cell, from 1.
        code: Of the rule.
        name: Of the rule.
        reason: What is wrong.
        remedy: What to do.
    """

    file: str
    cell: int
    line: int
    code: str
    name: str
    reason: str
    remedy: str

    def __str__(self) -> str:
        cell = f"cell {self.cell}:" if self.cell else ""
        return (
            f"{self.file}:{cell}{self.line}: {self.code} {self.name}: {self.reason}; {self.remedy}"
        )

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Rule:
    """What is looked for.

    Attributes:
        name: In words joined by hyphens.
        card: One line that says what the mistake is.
        remedy: What to do about it.
        check: Says what is wrong with an event, given all of them; empty where nothing is.
        once: Whether each environment is named only where it is met first.
        shows: Whether it is a mistake too where nobody reads the returns.
    """

    name: str
    card: str
    remedy: str
    check: "Callable[[Event, list[Event]], str]"
    once: bool = False
    shows: bool = False
