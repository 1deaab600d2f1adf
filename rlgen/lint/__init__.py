"""The usual mistakes in how a trained agent is judged, found without running anything.

``lint`` looks at training scripts and notebooks for stable-baselines3. They are read as text, with
what they import of their own project, and followed by ``engine``; nothing is imported or run. The
rules are in ``rules``.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from rlgen.errors import LintError
from rlgen.lint.event import Event
from rlgen.lint.finding import Finding, Rule
from rlgen.lint.library import Library
from rlgen.lint.memory import TooMuchError
from rlgen.lint.names import PACKAGES
from rlgen.lint.project import Project, sealed
from rlgen.lint.rules import RULES
from rlgen.lint.source import Source

__all__ = ["RULES", "Finding", "Linted", "Rule", "lint"]

#: ``# rlgen: ignore`` or ``# rlgen: ignore[L101, L201]`` at the end of the line.
IGNORE = re.compile(r"#\s*rlgen:\s*ignore(?:\[([A-Z0-9,\s]*)\])?")


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
    linted = Linted()
    findings: dict[tuple[str, int, int, str], Finding] = {}
    for path in dict.fromkeys(map(Path, paths)):
        with sealed():
            try:
                _script(path, linted, findings)
            except LintError as error:
                linted.errors.append(str(error))
    linted.findings = sorted(findings.values())
    return linted


def _script(path: Path, linted: Linted, findings: dict[tuple[str, int, int, str], Finding]) -> None:
    if path.is_dir():
        raise LintError(
            f"{path}: is a folder; scripts are named one by one, and rlgen verify looks at stores"
        )
    project = Project(Source(path))
    followed = Library(project)
    try:
        followed.run(project.script)
    except TooMuchError:
        linted.incomplete.append(str(path))
    except RecursionError:
        raise LintError(f"{path}: an expression is nested too deeply to be followed") from None
    if not project.uses(PACKAGES):
        linted.unchecked.append(str(path))
        return
    linted.checked[str(path)] = list(RULES)
    for code in RULES:
        for event, reason in _found(RULES[code], followed.events):
            source, line = event.node.root().source, event.node.lineno
            if not _ignored(source.lines[line - 1], code):
                cell, inner = source.cells[line - 1] if source.cells else (0, line)
                at = (str(source.path), cell, inner)
                findings.setdefault(
                    (*at, code), Finding(*at, code, RULES[code].name, reason, RULES[code].remedy)
                )


def _found(rule: Rule, events: list[Event]) -> Iterable[tuple[Event, str]]:
    named = set()
    for event in events:
        if event.measures or rule.shows:
            reason = rule.check(event, events)
            if reason and not (rule.once and event.world in named):
                named.add(event.world)
                yield event, reason


def _ignored(text: str, code: str) -> bool:
    """Whether a line asks for silence."""
    comment = IGNORE.search(text)
    if comment is None:
        return False
    return comment[1] is None or code in {each.strip() for each in comment[1].split(",")}
