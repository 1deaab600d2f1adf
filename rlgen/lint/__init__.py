"""The usual mistakes in how a trained agent is judged, found without running anything.

``lint`` looks at training scripts and notebooks for stable-baselines3. They are read as text, with
what they import of their own project, and followed by ``library``; nothing is imported or run. The
rules are in ``rules``.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from rlgen.errors import LintError
from rlgen.lint.facts import TooMuchError
from rlgen.lint.library import Library
from rlgen.lint.names import PACKAGES
from rlgen.lint.rules import RULES, Rule, mistakes
from rlgen.lint.source import DEEP, Project

__all__ = ["RULES", "Finding", "Linted", "Rule", "lint"]

#: ``# rlgen: ignore`` or ``# rlgen: ignore[L101, L201]`` at the end of the line.
IGNORE = re.compile(r"#\s*rlgen:\s*ignore(?:\[([A-Z0-9,\s]*)\])?")


@dataclass(frozen=True, order=True)
class Finding:
    """One mistake: where it is, what is wrong, and what to do; ``cell`` is 0 in a script."""

    file: str
    cell: int
    line: int
    code: str
    name: str
    reason: str
    remedy: str

    def __str__(self) -> str:
        at = f"{self.file}:" + (f"cell {self.cell}:" if self.cell else "") + str(self.line)
        return f"{at}: {self.code} {self.name}: {self.reason}; {self.remedy}"


@dataclass
class Linted:
    """What was found, in which files, by which rules, and which files were not followed whole."""

    findings: list[Finding] = field(default_factory=list)
    checked: dict[str, list[str]] = field(default_factory=dict)
    unchecked: list[str] = field(default_factory=list)
    incomplete: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def lint(paths: Iterable[str | Path]) -> Linted:
    """Lint scripts and notebooks, with the modules of their project that they import."""
    linted, findings = Linted(), dict[tuple[str, int, int, str], Finding]()
    for path in dict.fromkeys(map(Path, paths)):
        try:
            for finding in _findings(path, linted):
                at = (finding.file, finding.cell, finding.line, finding.code)
                findings.setdefault(at, finding)
        except RecursionError:
            linted.errors.append(f"{path}: {DEEP}")
        except LintError as error:
            linted.errors.append(str(error))
    linted.findings = sorted(findings.values())
    return linted


def _findings(path: Path, linted: Linted) -> Iterable[Finding]:
    project = Project(path)
    script = Library(project)
    try:
        script.run()
    except TooMuchError:
        linted.incomplete.append(str(path))
    if not PACKAGES & project.packages:
        linted.unchecked.append(str(path))
        return
    linted.checked[str(path)] = list(RULES)
    for code, event, reason in mistakes(script.events):
        source, line = event.node.root().source, event.node.lineno
        comment = IGNORE.search(source.lines[line - 1])
        ignored = comment and (comment[1] is None or code in re.split(r"[,\s]+", comment[1]))
        if not ignored:
            cell, inner = source.cells[line - 1] if source.cells else (0, line)
            name, remedy = RULES[code].name, RULES[code].remedy
            yield Finding(str(source.path), cell, inner, code, name, reason, remedy)
