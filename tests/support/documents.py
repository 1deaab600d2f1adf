"""The documents, their blocks of code, and what it takes to run them as a reader would."""

import contextlib
import io
import re
import shlex
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import click
from commands import rlgen

from rlgen.cli import cli

ROOT = Path(__file__).parents[2]
_INCLUDE = re.compile(r"^```\{include\} (\S+)", re.MULTILINE)
_BLOCK = re.compile(r"^```(\{?[\w-]*\}?)[^\n]*\n(.*?)^```", re.DOTALL | re.MULTILINE)


def documents() -> dict[str, str]:
    """Path and text of the README, of all that is in ``docs``, and of what is included there."""
    paths = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    for page in list(paths):
        for name in _INCLUDE.findall(page.read_text(encoding="utf-8")):
            paths.append((page.parent / name).resolve())
    return {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
        for path in dict.fromkeys(paths)
    }


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, and the line on which it begins."""

    language: str
    text: str
    line: int


def blocks(text: str) -> list[Block]:
    """The fenced blocks of a document in their order."""
    return [
        Block(match[1], match[2], text.count("\n", 0, match.start()) + 1)
        for match in _BLOCK.finditer(text)
    ]


def lines(script: str) -> Iterator[str]:
    """The commands of a shell block: without comments, continued lines joined, chains apart."""
    for line in script.replace("\\\n", " ").splitlines():
        bare = re.sub(r"(^|\s)#( .*|$)", "", line).strip()
        if bare:
            yield from (part.strip() for part in bare.split(" && "))


def arguments(command: str) -> list[str] | None:
    """What follows ``rlgen`` in a command; None of another program."""
    words = shlex.split(command)
    if Path(words[0]).name != "rlgen":
        return None
    if "&" in words:
        words = words[: words.index("&")]
    if ">" in words:
        words = words[: words.index(">")]
    return words[1:]


def parse(command: list[str]) -> None:
    """Have the command line read by the command that it is for, which says what is wrong in it."""
    if {"-h", "--help"} & set(command):
        assert command[0] in cli.commands or command[0].startswith("-"), command
        return
    assert command[0] in cli.commands, f"rlgen has no command {command[0]}"
    own = cli.commands[command[0]]
    with click.Context(own, info_name=command[0]):
        own.make_context(command[0], command[1:])


def replaced(text: str, changes: Mapping[str, str]) -> str:
    """The text with those changes made whose place is in it."""
    for old, new in changes.items():
        text = text.replace(old, new)
    return text


def contains(printed: str, shown: str) -> bool:
    """Whether what is shown was printed: the same lines, and any others where it says "..."."""
    pattern = r"(?:.*\n)*?".join(
        re.escape(part) for part in re.split(r"^\.\.\.\n", shown, flags=re.MULTILINE)
    )
    return re.search(pattern, printed) is not None


@dataclass
class Session:
    """A reader who types what a document says, in a folder of their own.

    Attributes:
        folder: Where it happens.
        changes: Texts that are replaced before, each of which makes something smaller.
        unrun: Beginnings of commands that are read and not run.
        codes: Exit codes of commands that end otherwise than with 0, by their beginnings.
        others: Programs that are not rlgen's.
        ran: Commands that were run.
    """

    folder: Path
    changes: Mapping[str, str] = field(default_factory=dict)
    unrun: tuple[str, ...] = ()
    codes: Mapping[str, int] = field(default_factory=dict)
    others: frozenset[str] = frozenset()
    ran: list[str] = field(default_factory=list)
    printed: str = ""
    names: dict[str, Any] = field(default_factory=dict)

    def run(self, block: Block) -> None:
        """Do what a block says, by its language."""
        if block.language in ("sh", "python", "toml"):
            getattr(self, f"_{block.language}")(block.text)

    def _sh(self, text: str) -> None:
        self.printed = ""
        for command in lines(text):
            told = arguments(command)
            if told is None:
                program = shlex.split(command)[0]
                assert program in self.others, f"what is {program}?"
                continue
            parse(told)
            if any(command.startswith(start) for start in self.unrun):
                continue
            self.ran.append(command)
            small = arguments(replaced(command, self.changes))
            code = next((c for start, c in self.codes.items() if command.startswith(start)), 0)
            out, _ = rlgen(*(small or ()), cwd=self.folder, code=code)
            self.printed += out

    def _python(self, text: str) -> None:
        """A program is run; one whose first line is a comment with its name is a file besides."""
        text = replaced(text, self.changes)
        if name := re.match(r"# (\S+\.py)\n", text):
            (self.folder / name[1]).write_text(text)
        out = io.StringIO()
        # Where modules are searched otherwise, another fork server is started, which takes seconds.
        own = [str(self.folder)] if any(self.folder.glob("*.py")) else []
        path = [*own, *sys.path]
        with (
            contextlib.chdir(self.folder),
            contextlib.redirect_stdout(out),
            mock.patch.object(sys, "path", path),
        ):
            exec(compile(text, "document", "exec"), self.names)
        # Another page's module may be called alike.
        for name, module in list(sys.modules.items()):
            if str(getattr(module, "__file__", None)).startswith(f"{self.folder}/"):
                del sys.modules[name]
        self.printed = out.getvalue()

    def _toml(self, text: str) -> None:
        """A file whose first line is a comment with its name is written; all are TOML."""
        tomllib.loads(text)
        if name := re.match(r"# (\S+\.toml)\n", text):
            (self.folder / name[1]).write_text(replaced(text, self.changes))
