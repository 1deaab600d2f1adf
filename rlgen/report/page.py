"""The report page: one HTML file that needs nothing else."""

from typing import Any

import pandas as pd

from rlgen.analysis.results import Results
from rlgen.analysis.stats.choices import GROUP, TOP
from rlgen.analysis.stats.tables import CELL
from rlgen.papers import Section
from rlgen.report.figures import FIGURES
from rlgen.report.figures.base import Drawing, Figure
from rlgen.report.template import fill

#: Rows of a figure's table shown on the page; the CSV always has them all.
SHOWN_ROWS = 200
#: With more cells the cards, and with more policies the certificates, are folded.
MOST_CARDS, MOST_OPEN = 12, 24
#: What a cell's card adds to its row for download.
CARD = {
    "excess": ("mean", "low", "high", "ceiling", "fraction"),
    "detectable": ("return", "normalised"),
    "components": ("run", "level", "residual", "advice"),
}


def render(study: Results, summary: dict[str, Any]) -> str:
    """The page."""
    papers = _papers(study, summary)
    return fill(
        "page.html",
        study=study,
        summary=summary,
        papers=papers,
        figures=_figures(study),
        items={section.name: {"id": name, "title": section.title} for name, section in papers},
        key_columns=study.varying,
        group_columns=[key for key in GROUP if key in study.varying],
        jobs=[(group, job) for group in summary["selection"] for job in group["jobs"]][:SHOWN_ROWS],
        top=TOP,
        exact=all(told["exact"] for told in summary["certificates"]),
        most_cards=MOST_CARDS,
        most_open=MOST_OPEN,
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


def _figures(study: Results) -> list[tuple[str, Figure, Drawing]]:
    """The figures of every report, but for those that sections of the paper stand in for."""
    replaced = study.paper.replaces if study.paper and study.recorded else ()
    drawn = [(n, FIGURES[n], FIGURES[n].draw(study)) for n in FIGURES if n not in replaced]
    return [(name, figure, drawing) for name, figure, drawing in drawn if drawing is not None]


def _papers(study: Results, summary: dict[str, Any]) -> list[tuple[str, Section]]:
    """The sections of the study's paper, each with its address on the page."""
    if study.paper is None:
        return []
    sections = study.paper.sections(study, summary)
    return [(f"{study.paper_name}-{section.name}", section) for section in sections]


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
        for name, keys in CARD.items():
            row |= {f"{name}_{key}": cell[name][key] for key in keys}
        rows.append(row)
    return pd.DataFrame(rows)


def _provenance(study: Results) -> list[tuple[str, str]]:
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
    seconds = [sum(run["seconds"].values()) for run in study.provenance.values() if run["seconds"]]
    if seconds or not study.imported:
        rows.append(("worker time", f"{sum(seconds) / 3600:.2f} hours for {len(seconds)} runs"))
    return rows
