"""What a call that evaluates a study returns, and how a terminal and a notebook show it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from rlgen.util.words import counted

#: Sentences that are shown; the page and ``summary`` have all.
MOST = 12


@dataclass(frozen=True, repr=False)
class Result:
    """What ``evaluate`` did.

    A notebook shows the answers and a link to the page.

    Attributes:
        store: The folder with everything.
        report: The HTML page.
        summary: What ``summary.json`` holds; empty if cells are ``elsewhere``.
        computed: Ids of the cells computed now.
        already: Ids of the cells that were there.
        failed: By id, why a cell failed; the others are not affected.
        elsewhere: Ids of the cells left to other calls, of which the last writes the report.
    """

    store: Path
    report: Path
    summary: dict[str, Any]
    computed: list[str]
    already: list[str]
    failed: dict[str, str]
    elsewhere: list[str]

    def __repr__(self) -> str:
        return f"<Result {self.store}: {self._counts()}>"

    def _counts(self) -> str:
        numbers = [f"{len(self.computed)} computed", f"{len(self.already)} already there"]
        for word, those in (("failed", self.failed), ("elsewhere", self.elsewhere)):
            if those:
                numbers.append(f"{len(those)} {word}")
        total = sum(map(len, (self.computed, self.already, self.failed, self.elsewhere)))
        return f"{counted(total, 'cell')}, {', '.join(numbers)}"

    def _sentences(self) -> list[str]:
        """The answers, as the terminal has them."""
        summary = self.summary
        claims = (summary.get("claims") or {}).get("decisions", ())
        pairs = (summary.get("comparison") or {}).get("pairs", ())
        return [
            *(claim["answer"] for claim in claims),
            *(cell["sentence"] for cell in summary.get("cells", ())),
            *(pair["sentence"] for pair in pairs),
        ]

    def _repr_html_(self) -> str:
        """The answers as a list; every text is escaped, as names come from files."""
        sentences = self._sentences()
        items = Markup("").join(Markup("<li>{}</li>").format(one) for one in sentences[:MOST])
        more = len(sentences) - MOST
        if more > 0:
            items += Markup("<li>{} more on the page</li>").format(more)
        lines = Markup("").join(
            Markup("<li>cell {} failed: {}</li>").format(cell, why.strip().splitlines()[-1])
            for cell, why in self.failed.items()
            if why.strip()
        )
        return str(
            Markup("<p>{}: {}</p><ul>{}{}</ul>").format(self.store, self._counts(), items, lines)
            + Markup('<p><a href="{}">{}</a></p>').format(self.report.as_posix(), self.report)
        )
