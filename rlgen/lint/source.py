"""The code of scripts, of notebooks and of the modules of their project, read as text."""

import ast
import json
import re
import tokenize
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

from astroid.manager import AstroidManager
from astroid.rebuilder import TreeRebuilder

from rlgen.errors import LintError
from rlgen.lint.names import PACKAGES, top

#: Bytes of a file, of the code in it, and expressions in that: larger ones are refused.
MAX_FILE, MAX_CODE, MAX_NODES = 50_000_000, 500_000, 100_000
#: What marks the top folder of a project, and how many of its modules are followed.
MARKS, MAX_MODULES = ("pyproject.toml", "setup.py", ".git"), 100
#: What IPython, and nobody else, understands: magics, shell commands and questions.
MAGIC = re.compile(r"^(\s*)(%{1,2}\w|!|\?|[\w, ]+=\s*[%!]\w|\S+\?{1,2}\s*$).*$")
#: Cells with these magics hold Python.
PYTHON = {"%%time", "%%timeit", "%%capture", "%%prun"}
DEEP = "an expression is nested too deeply to be followed"


class Source:
    """One file; a notebook's cells are joined, and ``cells`` has the place of each line."""

    def __init__(self, path: Path, name: str = "") -> None:
        self.path = path
        self.cells: list[tuple[int, int]] = []
        try:
            text = self._text()
            if len(text) > MAX_CODE:
                raise LintError(f"has more than {MAX_CODE:,} characters of code")
            self.lines = re.split(r"\r\n|\r|\n", text)
            self.tree = self._parsed("\n".join(self.lines) + "\n", name)
        except LintError as error:
            raise LintError(f"{path}: {error}") from None
        except OSError as error:
            raise LintError(f"{path}: cannot be read: {error.strerror or error}") from None
        except SyntaxError as error:
            at = f" {self.place(error.lineno)}:" if error.lineno else ""
            raise LintError(f"{path}:{at} not valid Python: {error.msg}") from None
        except ValueError as error:
            raise LintError(f"{path}: not valid Python: {error}") from None
        except (RecursionError, MemoryError):
            raise LintError(f"{path}: {DEEP}") from None

    def _text(self) -> str:
        if self.path.is_dir():
            what = "is a folder; scripts are named one by one, and rlgen verify looks at stores"
            raise LintError(what)
        if self.path.exists() and not self.path.is_file():
            raise LintError("is neither a script nor a notebook")
        if self.path.stat().st_size > MAX_FILE:
            raise LintError(f"has more than {MAX_FILE:,} bytes")
        data = self.path.read_bytes()
        if self.path.suffix != ".ipynb":
            return data.decode(tokenize.detect_encoding(BytesIO(data).readline)[0])
        try:
            return self._joined(json.loads(data))
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            raise LintError(f"not a notebook: {error}") from None

    def _joined(self, notebook: Any) -> str:
        """The code of a notebook's cells, without what only IPython understands."""
        sheets, code = notebook.get("worksheets", [notebook]), list[str]()
        for number, cell in enumerate((cell for sheet in sheets for cell in sheet["cells"]), 1):
            text = cell.get("source", cell.get("input", ""))
            lines = (text if isinstance(text, str) else "".join(text)).splitlines()
            first = next((line.split()[0] for line in lines if line.strip()), "")
            if cell["cell_type"] == "code" and (first[:2] != "%%" or first in PYTHON):
                try:
                    ast.parse("\n".join(lines))
                except (ValueError, SyntaxError, RecursionError, MemoryError):
                    lines = [MAGIC.sub(r"\1pass", line) for line in lines]
                code += lines
                self.cells += [(number, line) for line in range(1, len(lines) + 1)]
        return "\n".join(code)

    def place(self, line: int) -> str:
        """A line, for messages."""
        cell, inner = self.cells[line - 1] if self.cells else (0, line)
        return f"cell {cell}, line {inner}" if cell else f"line {line}"

    def _parsed(self, text: str, name: str) -> Any:
        """The tree of the code, as a module of some name; astroid imports and infers nothing."""
        tree = ast.parse(text)
        if sum(1 for _ in ast.walk(tree)) > MAX_NODES:
            raise LintError(f"has more than {MAX_NODES:,} expressions")
        rebuilder = TreeRebuilder(AstroidManager(), text)
        module = rebuilder.visit_module(tree, name, str(self.path), self.path.stem == "__init__")
        module.source = self
        return module


class Project:
    """A script and the modules that it imports from its folder, package or the project's top.

    Attributes:
        packages: The names at the beginning of all imports that were followed.
    """

    def __init__(self, path: Path) -> None:
        folder = package = path.resolve().parent
        while (package / "__init__.py").is_file():
            package = package.parent
        tops = [up for up in package.parents if any((up / mark).exists() for mark in MARKS)]
        self._folders = [folder, package, *tops[:1]]
        name = ".".join(path.resolve().with_suffix("").relative_to(package).parts)
        self.script = Source(path, name.removesuffix(".__init__")).tree
        self.packages = set[str]()
        self._modules: dict[str, Any] = {"": None, self.script.name: self.script}

    def imported(self, node: Any, name: str) -> Any:
        """The module that an import statement names; None if it is not the project's."""
        module, level = node.root(), getattr(node, "level", None) or 0
        parts = module.name.split(".")
        above = parts[: max(0, len(parts) + module.package - level)] if level else []
        whole = ".".join([*above, name] if name else above)
        self.packages.add(top(whole))
        if top(whole) in PACKAGES:
            return None
        if whole not in self._modules and sum(map(bool, self._modules.values())) < MAX_MODULES:
            paths = [folder.joinpath(*whole.split(".")) for folder in self._folders]
            files = [file for path in paths for file in (f"{path}.py", path / "__init__.py")]
            file = next((file for file in map(Path, files) if file.is_file()), None)
            self._modules[whole] = None
            with suppress(LintError):  # it has a line of its own if it is linted itself
                self._modules[whole] = file and Source(file, whole).tree
        return self._modules.get(whole)
