"""The report page: one self-contained HTML file."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from rlgen.analysis import unseen
from rlgen.analysis.bounds import displayed
from rlgen.analysis.results import Results
from rlgen.analysis.stats.choices import GROUP, TOP
from rlgen.analysis.stats.estimates import POOLS, gap_to
from rlgen.analysis.verdicts import largest
from rlgen.papers import Section
from rlgen.report.figures import FIGURES
from rlgen.report.figures.base import Drawing, Figure
from rlgen.report.sections.progress import progress
from rlgen.report.sections.scope import scope
from rlgen.report.tables import cell_table
from rlgen.report.template import fill
from rlgen.util.words import counted

#: Figures that everybody looks at; the others are folded.
FIRST = ("gap-by-levels", "learning-curves")
#: Rows of a figure's table shown on the page; its CSV has all of them.
SHOWN_ROWS = 200
#: The cards are folded if there are more cells, the certificates if there are more policies.
MOST_CARDS, MOST_OPEN = 12, 24


def render(results: Results, summary: dict[str, Any]) -> str:
    """The HTML of the page."""
    papers = drawn_papers(results, summary)
    unit = unseen.unit(results)
    return fill(
        "page.html",
        results=results,
        summary=summary,
        papers=papers,
        figures=drawn_figures(results),
        first=FIRST,
        unit=unit,
        scope=scope(summary, unit),
        items={section.name: {"id": name, "title": section.title} for name, section in papers},
        pools=results.pools if summary["cells"] else [],
        key_columns=results.varying,
        group_columns=[key for key in GROUP if key in results.varying],
        jobs=[(group, job) for group in summary["selection"] for job in group["jobs"]][:SHOWN_ROWS],
        top=TOP,
        exact=all(policy["exact"] for policy in summary["certificates"]),
        most_cards=MOST_CARDS,
        most_open=MOST_OPEN,
        sizes=_sizes(summary["cells"]),
        all_cells=cell_table(summary),
        provenance=_provenance(results),
        progress=progress(results),
        displayed=partial(displayed, results),
        gap_to=gap_to,
        failures=[
            {"label": cell["label"], "trace": results.failures[cell["id"]]}
            for cell in results.missing
            if cell["id"] in results.failures
        ],
        protocol_text=results.protocol.text(),
        shown_rows=SHOWN_ROWS,
    )


def _sizes(cells: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """The largest magnitude of a mean return, by family: so many digits its returns need."""
    sizes: dict[str, float] = {}
    for cell in cells:
        means = [cell[pool]["mean"] for pool in POOLS]
        sizes[cell["family"]] = largest(sizes.get(cell["family"]), *means)
    return sizes


def drawn_figures(results: Results) -> list[tuple[str, Figure, Drawing]]:
    """The figures of every report, except those that the paper's sections replace."""
    if not results.trains:
        return []
    replaced = results.paper.replaces if results.paper and results.recorded else ()
    drawn = [(n, FIGURES[n], FIGURES[n].draw(results)) for n in FIGURES if n not in replaced]
    return [(name, figure, drawing) for name, figure, drawing in drawn if drawing is not None]


def drawn_papers(results: Results, summary: dict[str, Any]) -> list[tuple[str, Section]]:
    """The sections of the study's paper, each with its address on the page."""
    if results.paper is None:
        return []
    sections = results.paper.sections(results, summary)
    return [(f"{results.protocol.paper}-{section.name}", section) for section in sections]


def _provenance(results: Results) -> list[tuple[str, str]]:
    """Provenance of all runs: each key with its distinct values."""
    values_of: dict[str, list[str]] = {}
    runs = [*results.provenance.values(), *results.measurements.provenance.values()]
    for run in runs:
        flat = {k: v for k, v in run.items() if k not in ("versions", "seconds", "command")}
        flat |= {f"{name} version": version for name, version in run["versions"].items()}
        flat["command"] = " ".join(run["command"])
        for key, value in flat.items():
            values_of.setdefault(key, []).append(str(value))
    finished = values_of.pop("finished", [])
    rows = [(key, ", ".join(sorted(set(values)))) for key, values in values_of.items()]
    parts = [part for run in runs for part in (run, *run.get("continued", ()))]
    if len({part["processor"] for part in parts if part.get("processor")}) > 1:
        text = "runs of different processors may differ in their last digits"
        rows.append(("bit-identical", f"no: {text}"))
    if finished:
        rows.append(("runs finished", f"{min(finished)} to {max(finished)}"))
    seconds = [sum(run["seconds"].values()) for run in runs if run["seconds"]]
    if seconds or not results.imported:
        rows.append(
            ("worker time", f"{sum(seconds) / 3600:.2f} hours for {counted(len(seconds), 'run')}")
        )
    return rows
