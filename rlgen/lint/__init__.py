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
from rlgen.lint.event import Event
from rlgen.lint.library import Library
from rlgen.lint.memory import TooMuchError
from rlgen.lint.names import PACKAGES
from rlgen.lint.project import Project
from rlgen.lint.rules import RULES, Rule
from rlgen.lint.source import Source

__all__ = ["RULES", "Finding", "Linted", "Rule", "lint"]

#: ``# rlgen: ignore`` or ``# rlgen: ignore[L101, L201]`` at the end of the line.
IGNORE = re.compile(r"#\s*rlgen:\s*ignore(?:\[([A-Z0-9,\s]*)\])?")


@dataclass(frozen=True, order=True)
class Finding:
    """One mistake: where it is, what is wrong, and what to do.

    Attributes:
        file: As the user named it.
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
        at = f"{self.file}:" + (f"cell {self.cell}:" if self.cell else "") + str(self.line)
        return f"{at}: {self.code} {self.name}: {self.reason}; {self.remedy}"


@dataclass
class Linted:
    """What was found, and what was looked for.

    Attributes:
        findings: Sorted by file, line and code.
        checked: By file, the codes of the rules that were applied.
        unchecked: Files without stable-baselines3, in which there is nothing to check.
        incomplete: Files that were too branched to be followed to their end.
        errors: A line for each file that cannot be read.
    """

    findings: list[Finding] = field(default_factory=list)
    checked: dict[str, list[str]] = field(default_factory=dict)
    unchecked: list[str] = field(default_factory=list)
    incomplete: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def lint(paths: Iterable[str | Path]) -> Linted:
    """Lint training scripts and notebooks.

    Args:
        paths: Files; the modules of a script's own project are followed with it.

    Returns:
        Also of files that cannot be read a line, so that they do not hide the others.
    """
    linted, findings = Linted(), dict[tuple[str, int, int, str], Finding]()
    for path in dict.fromkeys(map(Path, paths)):
        try:
            for finding in _findings(path, linted):
                at = (finding.file, finding.cell, finding.line, finding.code)
                findings.setdefault(at, finding)
        except RecursionError:
            what = "an expression is nested too deeply to be followed"
            linted.errors.append(f"{path}: {what}")
        except LintError as error:
            linted.errors.append(str(error))
    linted.findings = sorted(findings.values())
    return linted


def _findings(path: Path, linted: Linted) -> Iterable[Finding]:
    if path.is_dir():
        what = "is a folder; scripts are named one by one, and rlgen verify looks at stores"
        raise LintError(f"{path}: {what}")
    project = Project(Source(path))
    script = Library(project)
    try:
        script.run(project.script)
    except TooMuchError:
        linted.incomplete.append(str(path))
    if not project.uses(PACKAGES):
        linted.unchecked.append(str(path))
        return
    linted.checked[str(path)] = list(RULES)
    for code, rule in RULES.items():
        for event, reason in _mistakes(rule, script.events):
            source, line = event.node.root().source, event.node.lineno
            if not _is_ignored(source.lines[line - 1], code):
                cell, inner = source.cells[line - 1] if source.cells else (0, line)
                place = (str(source.path), cell, inner)
                yield Finding(*place, code, rule.name, reason, rule.remedy)


def _is_ignored(line: str, code: str) -> bool:
    comment = IGNORE.search(line)
    named = comment and comment[1]
    return comment is not None and (named is None or code in re.split(r"[,\s]+", named))


def _mistakes(rule: Rule, events: list[Event]) -> Iterable[tuple[Event, str]]:
    worlds = set()
    for event in events:
        if event.measures or rule.shows:
            reason = rule.check(event, events)
            if reason and not (rule.once and event.world in worlds):
                worlds.add(event.world)
                yield event, reason
