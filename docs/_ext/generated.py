"""What pages take from rlgen itself: a comment ``<!-- generated: NAME -->`` is replaced by it."""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rlgen.cli.list_ import _cards as cards
from rlgen.protocol.json_schema import TABLES, json_schema

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "protocols" / "results"
_MARK = re.compile(r"<!-- generated: (\S+) -->")
_CARD = re.compile(r"\((?:(.*?), )?(required|default .*?)(, grid)?\) (.*)", re.DOTALL)


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"


def keys() -> str:
    """A table of the keys of protocol files, as ``rlgen list keys`` says them, with their types."""
    schema = json_schema()["$defs"]
    of_files = schema["budget"]["properties"]
    of_tables = {
        f"{prefix}.{name}": own
        for tables in TABLES.values()
        for prefix, table in tables.items()
        for name, own in schema[table.__name__]["properties"].items()
    }
    lines = [_row("key", "takes", "default", "meaning"), _row("---", "---", "---", "---")]
    for name, card in cards("keys").items():
        unit, default, grid, meaning = _parsed(card)
        types = unit or _types(of_tables.get(name) or of_files[name])
        value = "" if default == "required" else f"`{default.removeprefix('default ')}`"
        lines.append(
            _row(
                f"`{name}`",
                f"{types}{'; a list spans the grid' if grid else ''}",
                value or "**required**",
                _escaped(meaning),
            )
        )
    return "\n".join(lines)


def _parsed(card: str) -> tuple[str, str, bool, str]:
    """Unit, default, whether it is a grid key, and the meaning, from a card."""
    match = _CARD.fullmatch(card)
    if match is None:
        raise ValueError(f"not a card of a key: {card}")
    return match[1] or "", match[2], match[3] is not None, match[4]


def _types(schema: dict[str, Any]) -> str:
    """What a key without a unit takes."""
    if "enum" in schema:
        return ", ".join(f"`{json.dumps(value)}`" for value in schema["enum"])
    return str(schema.get("type", "value"))


def _escaped(text: str) -> str:
    """Words of a card, in which brackets and stars mean themselves."""
    return re.sub(r"([*_\[\]<>])", r"\\\1", text)


def schema() -> str:
    """The JSON Schema of protocol files."""
    return f"```json\n{json.dumps(json_schema(), indent=1)}\n```"


def catalogue(kind: str) -> str:
    """A table of what ``rlgen list KIND`` prints."""
    lines = [_row(kind, ""), _row("---", "---")]
    lines += [_row(f"`{name}`", _escaped(card)) for name, card in cards(kind).items()]
    return "\n".join(lines)


def bundles() -> str:
    """A table of the kept studies, with their pages where these have been built."""
    built = {path.stem for path in pages_folder().glob("*.html")}
    lines = [_row("study", "size", "page"), _row("---", "---", "---")]
    for path in sorted(KEPT.glob("*.tar.xz")):
        name = path.name.removesuffix(".tar.xz")
        page = f'<a href="../pages/{name}.html">page</a>' if name in built else "not built"
        lines.append(_row(f"`{name}`", f"{path.stat().st_size / 1000:,.0f} kB", page))
    return "\n".join(lines)


def pages_folder() -> Path:
    """Where the pages of kept studies are written while the documents are built."""
    return ROOT / "build" / "docs-pages" / "pages"


def build_pages(app: Any) -> None:
    """Write the pages of kept studies: those of RLGEN_DOCS_PAGES, or of ``docs_pages``."""
    from rlgen import report
    from rlgen.store.opening import opened

    wanted = os.environ.get("RLGEN_DOCS_PAGES", " ".join(app.config.docs_pages)).split()
    names = [path.name.removesuffix(".tar.xz") for path in sorted(KEPT.glob("*.tar.xz"))]
    folder = pages_folder()
    folder.mkdir(parents=True, exist_ok=True)
    for name in names if wanted == ["all"] else wanted:
        bundle, page = KEPT / f"{name}.tar.xz", folder / f"{name}.html"
        if not page.exists() or page.stat().st_mtime < bundle.stat().st_mtime:
            with opened(bundle) as store:
                page.write_text(report.render(store)[0], encoding="utf-8")


PARTS: dict[str, Callable[[], str]] = {"keys": keys, "schema": schema, "bundles": bundles}


def _fill(app: Any, docname: str, content: list[str]) -> None:
    def part(match: re.Match[str]) -> str:
        name = match[1]
        return PARTS[name]() if name in PARTS else catalogue(name)

    content[0] = _MARK.sub(part, content[0])


def setup(app: Any) -> dict[str, bool]:
    """For Sphinx."""
    app.add_config_value("docs_pages", [], "env")
    app.connect("builder-inited", build_pages)
    app.connect("source-read", _fill)
    return {"parallel_read_safe": True}
