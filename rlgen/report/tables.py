"""The tables of a report as data frames: what is downloaded from the page, and exported."""

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from rlgen.analysis.stats.estimates import QUANTITIES, gap_to
from rlgen.analysis.stats.tables import CELL
from rlgen.analysis.verdicts import largest, with_ends

#: Columns that a cell's card adds to its row for download.
CARD = {
    "excess": ("mean", "low", "high", "ceiling", "fraction"),
    "detectable": ("return", "normalised"),
    "components": ("run", "level", "residual", "advice"),
}
#: The ends of an estimate in the summary.
ENDS = ("mean", "low", "high")


def tables(summary: dict[str, Any]) -> dict[str, pd.DataFrame]:
    """Every table of the summary that is not empty, by name; a row as in the summary.

    Args:
        summary: Of a study.

    Returns:
        ``cells`` and, where there are such, ``comparison``, ``standings``, ``regularisers``,
        ``jobs``, ``certificates``, ``claims``, ``probes`` and ``groups``. What is nested is one
        column each, joined by underscores.
    """
    compared = summary.get("comparison") or {}
    jobs = [
        {key: group[key] for key in CELL if key in group} | job
        for group in summary["selection"]
        for job in group["jobs"]
    ]
    rows: dict[str, list[Mapping[str, Any]]] = {
        "comparison": compared.get("pairs", []),
        "standings": compared.get("standings", []),
        "regularisers": summary["regularisers"],
        "jobs": jobs,
        "certificates": summary["certificates"],
        "claims": (summary["claims"] or {}).get("decisions", []),
        "probes": (summary.get("probes") or {}).get("numbers", []),
        "groups": summary.get("groups", []),
    }
    frames = {"cells": cell_table(summary)}
    frames |= {name: pd.DataFrame([dict(_flat(row)) for row in own]) for name, own in rows.items()}
    return {name: frame for name, frame in frames.items() if not frame.empty}


def _flat(row: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Names and plain values; lists have tables of their own, or are left to the summary."""
    for key, value in row.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{key}_")
        elif not isinstance(value, list | tuple):
            yield f"{before}{key}", value


def with_intervals(frame: pd.DataFrame) -> pd.DataFrame:
    """The table with one column for each mean and its interval, to be read.

    Example:
        >>> one = pd.DataFrame({"gap_mean": [1.0], "gap_low": [0.5], "gap_high": [float("nan")]})
        >>> list(with_intervals(one))
        ['gap']
    """
    columns: dict[str, Any] = {}
    for name in map(str, frame.columns):
        before, _, end = name.rpartition("mean")
        ends = [f"{before}{part}" for part in ENDS]
        if name.endswith("mean") and not end and set(ends) <= set(frame.columns):
            values = frame[ends].astype(float)
            size = largest(*values.to_numpy().ravel())
            columns[before.rstrip("_") or "mean"] = [
                with_ends(mean, low, high, size) for mean, low, high in values.to_numpy()
            ]
        elif not any(_is_end(name, part, frame) for part in ENDS[1:]):
            columns[name] = frame[name].tolist()
    return pd.DataFrame(columns)


def _is_end(name: str, part: str, frame: pd.DataFrame) -> bool:
    """Whether a column is an end of an interval whose mean is another column."""
    before = name.removesuffix(part)
    return name.endswith(part) and {f"{before}{end}" for end in ENDS} <= set(frame.columns)


def cell_table(summary: dict[str, Any]) -> pd.DataFrame:
    """All cells as one flat table."""
    rows = []
    for cell in summary["cells"]:
        row = {key: cell[key] for key in (*CELL, "runs", "verdict")}
        row |= {f"runs_{key}": cell["training"][key] for key in ("converged", "rising")}
        for quantity in ("return", "normalised", "solved"):
            parts = cell if quantity == "return" else cell[quantity]
            for part in ("train", "validation", "test", "gap"):
                for end in ("mean", "low", "high"):
                    row[f"{quantity}_{part}_{end}"] = parts[part][end]
        for pool, own in cell.get("pools", {}).items():
            row |= {f"{pool}_{key}": own[key] for key in ("kind", "runs", "verdict")}
            for quantity in QUANTITIES:
                for part, name in (("pool", pool), ("gap", gap_to(pool))):
                    for end in ("mean", "low", "high"):
                        row[f"{quantity}_{name}_{end}"] = own[quantity][part][end]
        for probe, numbers in cell.get("probes", {}).items():
            for name, mean in numbers.items():
                row |= {f"{probe}_{name}_{end}": mean[end] for end in ("mean", "low", "high")}
        for name, keys in CARD.items():
            row |= {f"{name}_{key}": cell[name][key] for key in keys}
        rows.append(row)
    return pd.DataFrame(rows)
