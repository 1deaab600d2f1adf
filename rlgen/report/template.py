"""Filling a page's template: everything escaped, nothing loaded from elsewhere."""

import base64
import csv
import io
from importlib.resources import files
from typing import Any

import jinja2
import pandas as pd

from rlgen.analysis.stats.tables import UNTOLD
from rlgen.analysis.verdicts import count, number, percent, percent_down, rounded_down


def fill(template: str, **context: Any) -> str:
    """The page.

    Everything that is not markup of ours is escaped; figures are SVG that we have drawn from
    numbers, with their texts escaped by the drawing library.
    """
    style = files("rlgen.report").joinpath("templates", "style.css").read_text(encoding="utf-8")
    return _environment("rlgen.report").get_template(template).render(style=style, **context)


def piece(package: str, template: str, **context: Any) -> str:
    """Markup from a template of another package, which may use ours.

    Args:
        package: Whose folder ``templates`` is looked into first.
        template: Name of the file.
        **context: What it is filled with; escaped.
    """
    return _environment(package, "rlgen.report").get_template(template).render(**context)


def _environment(*packages: str) -> jinja2.Environment:
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
    environment.filters["whole"] = _whole
    environment.filters["known"] = count
    environment.filters["small"] = _small
    return environment


def csv_link(data: pd.DataFrame) -> str:
    """The table as a data: address, so that the page can hand it out without a script."""
    buffer = io.StringIO()
    data.to_csv(buffer, index=False, quoting=csv.QUOTE_MINIMAL)
    return (
        "data:text/csv;charset=utf-8;base64,"
        + base64.b64encode(buffer.getvalue().encode()).decode()
    )


def _cell_text(value: Any) -> str:
    """A table cell: numbers short, nothing for what is not known."""
    if isinstance(value, float):
        return "" if value != value else f"{value:.4g}"
    if isinstance(value, int) and value == UNTOLD:
        return ""
    return str(value)


def signed(value: float) -> str:
    """Two decimals with a sign, but for zero; a dash for what is not known."""
    text = number(value)
    return f"+{text}" if value > 0 and text != number(0.0) else text


def _small(p: float) -> str:
    """A p-value."""
    return f"{p:.2g}" if p >= 1e-4 else "< 0.0001"


def _whole(value: float | None) -> str:
    """A whole number with its thousands apart; a dash for what is not known."""
    return "–" if value is None or value != value else f"{value:,.0f}"
