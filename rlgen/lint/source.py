"""The code of a script or notebook, read as text, and where its lines are."""

import ast
import json
import re
import tokenize
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

from rlgen.errors import LintError

#: Bytes of a file, of the code in it, and expressions in that: larger ones are refused.
MAX_FILE, MAX_CODE, MAX_NODES = 50_000_000, 500_000, 100_000
#: What IPython, and nobody else, understands: magics, shell commands and questions.
MAGIC = re.compile(r"^(\s*)(%{1,2}\w|!|\?|[\w, ]+=\s*[%!]\w|\S+\?{1,2}\s*$).*$")
#: Cells with these magics hold Python.
PYTHON = {"%%time", "%%timeit", "%%capture", "%%prun"}


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
        self.path = path
        self.cells: list[tuple[int, int]] = []
        try:
            if path.exists() and not path.is_file():
                raise LintError(f"{path}: is neither a script nor a notebook")
            if path.stat().st_size > MAX_FILE:
                raise LintError(f"{path}: has more than {MAX_FILE:,} bytes")
            data = path.read_bytes()
            notebook = path.suffix == ".ipynb"
            encoding = "utf-8" if notebook else tokenize.detect_encoding(BytesIO(data).readline)[0]
            text = self._joined(json.loads(data)) if notebook else data.decode(encoding)
        except OSError as error:
            raise LintError(f"{path}: cannot be read: {error.strerror or error}") from None
        except (
            ValueError,
            SyntaxError,
            LookupError,
            TypeError,
            AttributeError,
            RecursionError,
        ) as error:
            what = "not a notebook" if path.suffix == ".ipynb" else "not valid Python"
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
            if cell["cell_type"] != "code":
                continue
            first = next((line.split()[0] for line in lines if line.strip()), "")
            if first.startswith("%%") and first not in PYTHON:
                continue
            code += lines if _parses(lines) else [MAGIC.sub(r"\1pass", line) for line in lines]
            self.cells += [(number, line) for line in range(1, len(lines) + 1)]
        return "\n".join(code)

    def place(self, line: int) -> str:
        """A line, for messages."""
        if not self.cells:
            return f"line {line}"
        cell, inner = self.cells[line - 1]
        return f"cell {cell}, line {inner}"

    def parsed(self, build: Callable[[str], Any]) -> Any:
        """What ``build`` makes of the code.

        Raises:
            LintError: If it is not valid Python, or too large or too deep to be followed.
        """
        text = "\n".join(self.lines) + "\n"
        try:
            if sum(1 for _ in ast.walk(ast.parse(text))) > MAX_NODES:
                raise LintError(f"{self.path}: has more than {MAX_NODES:,} expressions")
            return build(text)
        except SyntaxError as error:
            at = f"{self.path}: {self.place(error.lineno)}" if error.lineno else str(self.path)
            raise LintError(f"{at}: not valid Python: {error.msg}") from None
        except (RecursionError, MemoryError):
            raise LintError(
                f"{self.path}: an expression is nested too deeply to be followed"
            ) from None
        except ValueError as error:
            raise LintError(f"{self.path}: not valid Python: {error}") from None


def _parses(lines: list[str]) -> bool:
    try:
        ast.parse("\n".join(lines))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
