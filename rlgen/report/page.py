"""The report page: one HTML file that needs nothing else."""

import base64
import csv
import io
from importlib.resources import files
from typing import Any

import jinja2
import pandas as pd

from rlgen.figures import FIGURES
from rlgen.figures.base import Drawing, Figure
from rlgen.stats.estimates import CELL
from rlgen.stats.verdicts import number
from rlgen.study import Study

#: Rows of a figure's table shown on the page; the CSV always has them all.
SHOWN_ROWS = 200


def render(study: Study, summary: dict[str, Any]) -> str:
    """The page.

    Everything that is not markup of ours is escaped; figures are SVG that we have drawn from
    numbers, with their texts escaped by the drawing library.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("rlgen.report", "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = number
    environment.filters["csv_link"] = csv_link
    environment.filters["cell_text"] = _cell_text
    style = files("rlgen.report").joinpath("style.css").read_text(encoding="utf-8")
    return environment.get_template("page.html").render(
        study=study,
        summary=summary,
        style=style,
        figures=_figures(study),
        key_columns=study.varying,
        all_cells=_cell_table(summary),
        provenance=_provenance(study),
        failures=[
            {"label": cell["label"], "trace": study.failures[cell["id"]]}
            for cell in study.missing
            if cell["id"] in study.failures
        ],
        protocol_text=study.protocol.text(),
        shown_rows=SHOWN_ROWS,
    )


def _figures(study: Study) -> list[tuple[str, Figure, Drawing]]:
    drawn = ((name, FIGURES[name], FIGURES[name].draw(study)) for name in FIGURES)
    return [(name, figure, drawing) for name, figure, drawing in drawn if drawing is not None]


def _cell_table(summary: dict[str, Any]) -> pd.DataFrame:
    """All cells flat, for download."""
    rows = []
    for cell in summary["cells"]:
        row = {key: cell[key] for key in (*CELL, "runs", "verdict")}
        for quantity in ("return", "normalised", "solved"):
            parts = cell if quantity == "return" else cell[quantity]
            for part in ("train", "validation", "test", "gap"):
                for end in ("mean", "low", "high"):
                    row[f"{quantity}_{part}_{end}"] = parts[part][end]
        rows.append(row)
    return pd.DataFrame(rows)


def _provenance(study: Study) -> list[tuple[str, str]]:
    """What all runs have in common once, what differs as a list of the values."""
    told: dict[str, list[str]] = {}
    for run in study.provenance.values():
        flat = {k: v for k, v in run.items() if k not in ("versions", "seconds", "command")}
        flat |= {f"{name} version": version for name, version in run["versions"].items()}
        flat["command"] = " ".join(run["command"])
        for key, value in flat.items():
            told.setdefault(key, []).append(str(value))
    finished = told.pop("finished", [])
    rows = [(key, ", ".join(sorted(set(values)))) for key, values in told.items()]
    if finished:
        rows.append(("runs finished", f"{min(finished)} to {max(finished)}"))
    seconds = [sum(run["seconds"].values()) for run in study.provenance.values()]
    rows.append(("worker time", f"{sum(seconds) / 3600:.2f} hours for {len(seconds)} runs"))
    return rows


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
    return str(value)
