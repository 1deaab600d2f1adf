"""What the lint finds, and what a rule is."""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from rlgen.lint.trace import Trace


@dataclass(frozen=True, order=True)
class Finding:
    """One mistake.

    Attributes:
        file: Where, as the user named it.
        line: In that file, from 1.
        code: Of the rule.
        name: Of the rule.
        reason: What is wrong.
        remedy: What to do.
    """

    file: str
    line: int
    code: str
    name: str
    reason: str
    remedy: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}"
        return f"{where}: {self.code} {self.name}: {self.reason}; {self.remedy}"

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


#: Line and reason of each mistake in a script.
ScriptCheck = Callable[["Trace"], Iterable[tuple[int, str]]]
#: File and reason of each mistake in a store; of one run of it, if that is named.
StoreCheck = Callable[["Path", "str | None"], Iterable[tuple["Path", str]]]


@dataclass(frozen=True)
class Rule:
    """What is looked for.

    Attributes:
        name: In words joined by hyphens.
        card: One line that says what the mistake is.
        remedy: What to do about it.
        script: Finds it in a script; None if it is no mistake of scripts.
        store: Finds it in a store; None if it is no mistake of stores.
    """

    name: str
    card: str
    remedy: str
    script: ScriptCheck | None = None
    store: StoreCheck | None = None
