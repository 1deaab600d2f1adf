"""The code of a script or notebook, read as text, and where its lines are."""

import ast
import json
import re
import tokenize
from io import BytesIO
from pathlib import Path
from typing import Any

from astroid.manager import AstroidManager
from astroid.rebuilder import TreeRebuilder

from rlgen.errors import LintError

#: Bytes of a file, of the code in it, and expressions in that: larger ones are refused.
MAX_FILE, MAX_CODE, MAX_NODES = 50_000_000, 500_000, 100_000
#: What IPython, and nobody else, understands: magics, shell commands and questions.
MAGIC = re.compile(r"^(\s*)(%{1,2}\w|!|\?|[\w, ]+=\s*[%!]\w|\S+\?{1,2}\s*$).*$")
#: Cells with these magics hold Python.
PYTHON = {"%%time", "%%timeit", "%%capture", "%%prun"}
BAD = (ValueError, SyntaxError, LookupError, TypeError, AttributeError, RecursionError)


class Source:
    """One file.

    Args:
        path: Of a Python file, or of a notebook.

    Attributes:
        lines: Its code; a notebook's cells are joined.
        cells: Of a notebook, by line of the code: number of the cell, from 1, and the line in it.

    Raises:
        LintError: If it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path, notebook = path, path.suffix == ".ipynb"
        self.cells: list[tuple[int, int]] = []
        try:
            if path.exists() and not path.is_file():
                raise LintError(f"{path}: is neither a script nor a notebook")
            if path.stat().st_size > MAX_FILE:
                raise LintError(f"{path}: has more than {MAX_FILE:,} bytes")
            data = path.read_bytes()
            encoding = "utf-8" if notebook else tokenize.detect_encoding(BytesIO(data).readline)[0]
            text = self._joined(json.loads(data)) if notebook else data.decode(encoding)
        except OSError as error:
            raise LintError(f"{path}: cannot be read: {error.strerror or error}") from None
        except BAD as error:
            what = "not a notebook" if notebook else "not valid Python"
            raise LintError(f"{path}: {what}: {str(error).splitlines()[0]}") from None
        if len(text) > MAX_CODE:
            raise LintError(f"{path}: has more than {MAX_CODE:,} characters of code")
        self.lines = re.split(r"\r\n|\r|\n", text)

    def _joined(self, notebook: Any) -> str:
        """The code of a notebook's cells, without what only IPython understands."""
        sheets = notebook.get("worksheets", [notebook])
        code: list[str] = []
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

    def parsed(self, name: str) -> Any:
        """The tree of the code, as a module of some name; astroid imports and infers nothing.

        Raises:
            LintError: If it is not valid Python, or too large or too deep to be followed.
        """
        text = "\n".join(self.lines) + "\n"
        try:
            tree = ast.parse(text, type_comments=False)
            if sum(1 for _ in ast.walk(tree)) > MAX_NODES:
                raise LintError(f"{self.path}: has more than {MAX_NODES:,} expressions")
            package = self.path.stem == "__init__"
            rebuilder = TreeRebuilder(AstroidManager(), text)
            module = rebuilder.visit_module(tree, name, str(self.path), package)
        except SyntaxError as error:
            at = f"{self.path}: {self.place(error.lineno)}" if error.lineno else str(self.path)
            raise LintError(f"{at}: not valid Python: {error.msg}") from None
        except (RecursionError, MemoryError):
            what = "an expression is nested too deeply to be followed"
            raise LintError(f"{self.path}: {what}") from None
        except ValueError as error:
            raise LintError(f"{self.path}: not valid Python: {error}") from None
        module.source = self
        return module
