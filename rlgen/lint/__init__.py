"""The usual mistakes in how a trained agent is judged, found without running anything.

``lint`` looks at training scripts for stable-baselines3, and at folders that rlgen has written.
A script is read with ``ast`` and followed by ``interpreter``; it is neither imported nor run, and
neither is what it imports. The rules are in ``rules``.
"""

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from rlgen.errors import LintError
from rlgen.lint.finding import Finding, Rule
from rlgen.lint.interpreter import Interpreter
from rlgen.lint.rules import RULES
from rlgen.lint.trace import Trace
from rlgen.store.bundle import is_bundle

__all__ = ["RULES", "Finding", "Linted", "Rule", "lint"]

#: ``# rlgen: ignore`` or ``# rlgen: ignore[L101, L201]`` at the end of the line.
IGNORE = re.compile(r"#\s*rlgen:\s*ignore(?:\[([A-Z0-9,\s]*)\])?")
#: Said of a store, since the rule that one expects first is not among those checked.
STORE_NOTE = (
    "train levels that equal test levels cannot occur in a store: rlgen.Split refuses them; "
    "S102 compares the manifests again"
)


@dataclass
class Linted:
    """What was found, and what was looked for.

    Attributes:
        findings: Sorted by file, line and code.
        checked: By file or folder, the codes of the rules that were applied.
        incomplete: Scripts that were too branched to be followed to their end.
    """

    findings: list[Finding] = field(default_factory=list)
    checked: dict[str, list[str]] = field(default_factory=dict)
    incomplete: list[str] = field(default_factory=list)


def lint(paths: Iterable[str | Path]) -> Linted:
    """Lint scripts, stores and runs of stores.

    Args:
        paths: Python files, folders of studies, folders in their ``runs/``, or bundles.

    Raises:
        LintError: For what is missing, is no Python, or is neither a script nor one of our folders.
        DamagedStoreError: If a file of a store cannot be read.
    """
    linted = Linted()
    for path in map(Path, paths):
        in_results = path.is_dir() or is_bundle(path)
        findings = _results(path, linted) if in_results else _script(path, linted)
        linted.findings += sorted(findings)
    return linted


def _script(path: Path, linted: Linted) -> list[Finding]:
    text, tree = _read(path)
    try:
        trace = Interpreter(tree).follow()
    except RecursionError:
        raise LintError(f"{path}: an expression is nested too deeply to be followed") from None
    if not trace.complete:
        linted.incomplete.append(str(path))
    rules = {code: RULES[code] for code in RULES if RULES[code].script is not None}
    linted.checked[str(path)] = list(rules)
    lines = text.splitlines()
    findings: dict[tuple[int, str], Finding] = {}
    for code, rule in rules.items():
        for line, reason in _applied(rule, trace):
            if not _ignored(lines, line, code):
                finding = Finding(str(path), line, code, rule.name, reason, rule.remedy)
                findings.setdefault((line, code), finding)
    return list(findings.values())


def _applied(rule: Rule, trace: Trace) -> Iterable[tuple[int, str]]:
    return rule.script(trace) if rule.script is not None else ()


def _ignored(lines: list[str], line: int, code: str) -> bool:
    """Whether the line asks for silence."""
    comment = IGNORE.search(lines[line - 1]) if 0 < line <= len(lines) else None
    if comment is None:
        return False
    return comment[1] is None or code in {each.strip() for each in comment[1].split(",")}


def _read(path: Path) -> tuple[str, ast.Module]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise LintError(f"{path}: cannot be read: {error.strerror or error}") from None
    try:
        # From bytes, so that a declared encoding is obeyed.
        tree = ast.parse(data, filename=str(path))
    except SyntaxError as error:
        at = f"{path}:{error.lineno}" if error.lineno else str(path)
        raise LintError(f"{at}: not valid Python: {error.msg}") from None
    except ValueError as error:
        raise LintError(f"{path}: not valid Python: {error}") from None
    except (RecursionError, MemoryError):
        raise LintError(f"{path}: an expression is nested too deeply to be followed") from None
    return data.decode(errors="replace"), tree


def _results(path: Path, linted: Linted) -> list[Finding]:
    """Findings in a store, in a run by its folder in the store, or in a bundle."""
    if path.is_dir():
        return _folder(path, path, linted)
    from rlgen.store.opening import opened

    with opened(path) as store:
        findings = _folder(store.path, path, linted)
        return [
            replace(
                finding,
                file=finding.file.replace(str(store.path), str(path)),
                reason=finding.reason.replace(str(store.path), str(path)),
            )
            for finding in findings
        ]


def _folder(path: Path, name: Path, linted: Linted) -> list[Finding]:
    """Findings in a folder of results that the user calls by another name."""
    folder, run = path, None
    if not (path / "store.json").is_file():
        whole = path.resolve()
        folder, run = whole.parent.parent, whole.name
        if whole.parent.name != "runs" or not (folder / "store.json").is_file():
            raise LintError(
                f"{path}: is neither a script, nor an rlgen store, nor a run of one; scripts are "
                "named one by one"
            )
    rules = {code: RULES[code] for code in RULES if RULES[code].store is not None}
    linted.checked[str(name)] = list(rules)
    return [
        Finding(str(where), 1, code, rule.name, reason, rule.remedy)
        for code, rule in rules.items()
        if rule.store is not None
        for where, reason in rule.store(folder, run)
    ]
