"""Documents that lie elsewhere in the repository, included where they belong.

Their links are relative to where they lie: those to documents that are included too lead to the
pages that include them, and those to other files to nothing but their names, as there may be no
copy of the repository beside the pages.
"""

import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
_INCLUDE = re.compile(r"^```\{include\} (\S+)", re.MULTILINE)
_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)#:\s]+)(#[^)\s]*)?\)")


def pages() -> dict[Path, Path]:
    """By included document, the page that includes it; the documents of ``docs`` are their own."""
    docs = ROOT / "docs"
    of = {path: path for path in sorted(docs.rglob("*.md"))}
    for page in list(of):
        for name in _INCLUDE.findall(page.read_text(encoding="utf-8")):
            of.setdefault((page.parent / name).resolve(), page)
    return of


def relinked(text: str, source: Path, page: Path, of: dict[Path, Path]) -> str:
    """The text of a document with links as they are on the page that includes it."""

    def link(match: re.Match[str]) -> str:
        words, target, anchor = match[1], match[2], match[3] or ""
        path = (source.parent / target).resolve()
        if path.is_dir() and (path / "README.md") in of:
            path = path / "README.md"
        if path in of:
            return f"[{words}]({_relative(of[path], page)}{anchor})"
        if not path.exists():
            return match[0]  # said by Sphinx
        return words if "`" in words else f"{words} (`{path.relative_to(ROOT)}`)"

    return _LINK.sub(link, text)


def _relative(path: Path, page: Path) -> str:
    return (
        Path(*[".."] * (len(page.relative_to(ROOT / "docs").parts) - 1))
        .joinpath(path.relative_to(ROOT / "docs"))
        .as_posix()
    )


def _read(app: Any, path: Path, parent: str, content: list[str]) -> None:
    """Change what is included while it is read."""
    source = (Path(app.srcdir) / path).resolve()
    of = pages()
    if source in of:
        content[0] = relinked(content[0], source, of[source], of)


def _source(app: Any, docname: str, content: list[str]) -> None:
    """Links of our own pages to documents that others include."""
    page = Path(app.srcdir).resolve() / f"{docname}.md"
    content[0] = relinked(content[0], page, page, pages())


def setup(app: Any) -> dict[str, bool]:
    """For Sphinx."""
    app.connect("include-read", _read)
    app.connect("source-read", _source)
    return {"parallel_read_safe": True}
