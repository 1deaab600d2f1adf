"""Figures and tables of a report as files of their own, for papers and slides."""

import math
import warnings
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from rlgen.analysis.results import Results
from rlgen.analysis.stats.tables import UNTOLD
from rlgen.analysis.verdicts import number
from rlgen.errors import RlgenWarning, StoreError
from rlgen.report.figures.base import NO_GLYPH, collected, on_paper, style
from rlgen.report.page import drawn_figures, drawn_papers
from rlgen.report.summary import summarise
from rlgen.report.tables import tables, with_intervals
from rlgen.report.template import csv_text
from rlgen.store.opening import opened
from rlgen.util import files

#: Forms of figures, with metadata without which the same figure is the same bytes; and of tables.
FIGURES: dict[str, dict[str, Any]] = {
    "svg": {"Date": None},
    "pdf": {"CreationDate": None},
    "png": {"Software": None},
}
TABLES = ("csv", "tex")
#: Pixels of an inch of a picture.
RESOLUTION = 200


def export(
    store: str | Path, folder: str | Path, figures: Collection[str], formats: Collection[str]
) -> list[Path]:
    """Write every figure and every table of a store's report.

    Args:
        store: A store or a bundle.
        folder: Made, if it is not there; it must be empty.
        figures: Of ``FIGURES``.
        formats: Of tables, of ``TABLES``.

    Returns:
        What was written.

    Raises:
        StoreError: If the store cannot be read, has nothing to show, or the folder is not empty.
    """
    target = Path(folder)
    try:
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise StoreError(f"{target}: is there, and not empty; -o FOLDER names another one")
        with opened(Path(store)) as study:
            study.declared()  # or it holds no study
            results = Results.load(study)
            summary = summarise(results)
            pictures, frames = _drawn(results, summary, figures)
        target.mkdir(parents=True, exist_ok=True)
        return [*_pictures(pictures, target, figures), *_tables(frames, target, formats)]
    except OSError as error:
        raise StoreError(f"{target}: cannot be written: {error.strerror or error}") from None


def _drawn(
    results: Results, summary: dict[str, Any], figures: Collection[str]
) -> tuple[list[Any], dict[str, pd.DataFrame]]:
    """The canvases of all figures, and the data of these and of all tables by name."""
    frames = tables(summary)
    with collected() as canvases:
        papers = drawn_papers(results, summary)
        figures_of_study = drawn_figures(results)
    data = {name: section.data for name, section in papers}
    data |= {name: drawing.data for name, _, drawing in figures_of_study}
    frames |= {f"figure-{name}": own for name, own in data.items() if own is not None}
    return list(canvases) if figures else [], frames


def _pictures(canvases: list[Any], folder: Path, forms: Collection[str]) -> Iterator[Path]:
    whole = True
    for canvas in canvases:
        on_paper(canvas)
        for form in forms:
            path = folder / f"{canvas.get_label()}.{form}"
            whole &= _save(canvas, path, form)
            yield path
    if not whole:
        warnings.warn(
            "the font of figures lacks characters of some names: they are boxes in png and pdf, "
            "and text in svg",
            RlgenWarning,
            stacklevel=3,
        )


def _save(canvas: Any, path: Path, form: str) -> bool:
    """Write a figure; returns whether the font has all its characters, or need not have them."""
    with warnings.catch_warnings(record=True) as caught, style(canvas.get_label()):
        warnings.simplefilter("always")
        canvas.savefig(path, dpi=RESOLUTION, bbox_inches="tight", metadata=FIGURES[form])
    lacking = [each for each in caught if NO_GLYPH in str(each.message)]
    for each in caught:
        if each not in lacking:
            warnings.warn_explicit(each.message, each.category, each.filename, each.lineno)
    return not lacking or form == "svg"


def _tables(
    frames: dict[str, pd.DataFrame], folder: Path, forms: Collection[str]
) -> Iterator[Path]:
    write = {"csv": csv_text, "tex": latex}
    for name, frame in frames.items():
        for form in forms:
            path = folder / f"{name}.{form}"
            files.write_text(path, write[form](frame))
            yield path


def latex(frame: pd.DataFrame) -> str:
    """The table in LaTeX, to be read: means with their intervals, two decimals.

    It needs the package booktabs. A dash is a number that is not known.
    """
    readable = with_intervals(frame)
    texts = readable.apply(_texts)
    # What nobody knows of any row is no column.
    texts = texts[[name for name in texts if set(texts[name]) != {number(None)}]]
    aligned = "".join("r" if _is_numeric(readable[name]) else "l" for name in texts)
    texts.columns = [str(name).replace("_", " ") for name in texts]
    styled = texts.style.hide(axis="index").format(escape="latex")
    text: str = styled.format_index(escape="latex", axis="columns").to_latex(
        hrules=True, column_format=aligned
    )
    return "% needs \\usepackage{booktabs}\n" + text.replace("−", "$-$").replace("–", "--")


def _is_numeric(column: "pd.Series[Any]") -> bool:
    return bool(pd.api.types.is_numeric_dtype(column))


def _texts(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """A column as it is read: whole numbers without decimals, others with two."""
    numbers = [value for value in column if isinstance(value, int | float) and value == value]
    whole = all(float(value).is_integer() for value in numbers)
    # Of these -1 is unknown; of a return it is a return.
    untold = (UNTOLD,) if str(column.name).endswith(("seed", "n_train_levels")) else ()
    return column.map(lambda value: _text(value, untold, whole=whole)).astype(object)


def _text(value: Any, untold: Collection[int], *, whole: bool) -> str:
    if value is None or value in untold or (isinstance(value, float) and math.isnan(value)):
        return number(None)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return " ".join(str(value).split())
    return f"{value:,.0f}".replace("-", "−") if whole else number(value)
