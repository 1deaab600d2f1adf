"""Page templates: everything is escaped, and nothing is loaded from elsewhere."""

import base64
import csv
import io
from functools import cache
from importlib.resources import files
from typing import Any

import jinja2
import pandas as pd

from rlgen.analysis.stats.tables import UNTOLD
from rlgen.analysis.verdicts import count, number, percent, percent_down, rounded_down
from rlgen.util.words import counted

#: Of numbers in tables for download.
DIGITS = "%.6g"


def fill(template: str, **context: Any) -> str:
    """Render a page from a template.

    Everything but our own markup is escaped; figures are SVG drawn from numbers, with texts
    escaped by the drawing library.
    """
    return _environment("rlgen.report").get_template(template).render(style=style(), **context)


def style() -> str:
    """The style of our pages, for light and dark, paper and phones."""
    return files("rlgen.report").joinpath("templates", "style.css").read_text(encoding="utf-8")


def piece(package: str, template: str, **context: Any) -> str:
    """Render markup from a template of another package, which may use ours.

    Args:
        package: The package whose folder ``templates`` is searched first.
        template: Name of the file.
        **context: Its variables; escaped.
    """
    return _environment(package, "rlgen.report").get_template(template).render(**context)


@cache
def _environment(*packages: str) -> jinja2.Environment:
    # One for all pages of a process: to compile the templates takes a tenth of a page's time.
    environment = jinja2.Environment(
        loader=jinja2.ChoiceLoader([jinja2.PackageLoader(p, "templates") for p in packages]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = number
    environment.filters["signed"] = signed
    environment.filters["percent"] = percent
    environment.filters["rounded_down"] = rounded_down
    environment.filters["percent_down"] = percent_down
    environment.filters["csv_link"] = csv_link
    environment.filters["cell_text"] = _cell_text
    environment.filters["counted"] = counted
    environment.filters["whole"] = _whole
    environment.filters["known"] = count
    environment.filters["small"] = _small
    return environment


def csv_link(data: pd.DataFrame) -> str:
    """The table as a data: URL, so that the page offers it without a script; see ``csv_text``."""
    encoded = base64.b64encode(csv_text(data).encode()).decode()
    return f"data:text/csv;charset=utf-8;base64,{encoded}"


def csv_text(data: pd.DataFrame) -> str:
    """The table as CSV.

    Numbers have six digits, more than any of them is known to; ``summary.json`` has all. A text
    that spreadsheets would compute as a formula is preceded by an apostrophe.
    """
    buffer = io.StringIO()
    texts = data.select_dtypes(include=["object", "string", "category"])
    data = data.assign(**{name: texts[name].map(_inert).astype(object) for name in map(str, texts)})
    data.to_csv(buffer, index=False, quoting=csv.QUOTE_MINIMAL, float_format=DIGITS)
    return buffer.getvalue()


def _inert(value: Any) -> Any:
    formula = isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r"))
    return f"'{value}" if formula else value


def _cell_text(value: Any) -> str:
    """The text of a table cell: short numbers, and nothing for unknown values."""
    if isinstance(value, float):
        return "" if value != value else f"{value:.4g}"
    if isinstance(value, int) and value == UNTOLD:
        return ""
    return str(value)


def signed(value: float) -> str:
    """Two decimals with a sign, except for zero; a dash if unknown."""
    text = number(value)
    return f"+{text}" if value > 0 and text != number(0.0) else text


def _small(p: float) -> str:
    """The text of a p-value."""
    return f"{p:.2g}" if p >= 1e-4 else "< 0.0001"


def _whole(value: float | None) -> str:
    """A whole number with thousands separators; a dash if unknown."""
    return "–" if value is None or value != value else f"{value:,.0f}"
