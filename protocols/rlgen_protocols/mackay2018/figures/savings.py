"""How many times less memory: by the limit of bits, beside the published range."""

from importlib.resources import files

import pandas as pd

from rlgen.analysis.results import Results
from rlgen.papers import Section
from rlgen_protocols.mackay2018.estimates import MOST_BITS, allowed_bits, rows
from rlgen_protocols.mackay2018.figures.base import interval, panels, powers

KINDS = {
    "saving_ideal": ("ideal bits", "#3b82c4", "o"),
    "saving_allocated": ("words in use", "#e07b39", "s"),
    "saving_saved": ("PyTorch's saved tensors over words", "#2e9d6f", "^"),
}


def published() -> pd.DataFrame:
    """What the abstract says: ``what``, ``low``, ``high``, ``source``."""
    source = files("rlgen_protocols.mackay2018").joinpath("reference", "savings.csv")
    with source.open(encoding="utf-8") as lines:
        return pd.read_csv(lines)


def drawn(results: Results) -> Section | None:
    """Saving by limit, untrained and trained; None if nothing has been run."""
    tables = {"untrained, longest run": _longest(results.measured("reversal"))}
    for task, table in results.measured("tokens").groupby("task"):
        tables[f"trained: {task}"] = _longest(table)
    tables["trained: mazes"] = results.measured("mazes")
    tables = {name: _limited(table) for name, table in tables.items()}
    tables = {name: table for name, table in tables.items() if len(table)}
    if not tables:
        return None
    printed, data = published(), []
    low, high = (int(printed[end].iloc[0]) for end in ("low", "high"))
    with panels("saving", "Saving by bits that may be forgotten", list(tables), 2.9) as figure:
        for (name, table), axis in zip(tables.items(), figure.axes, strict=True):
            axis.axhspan(low, high, alpha=0.2, color="#7f8c4d", label=f"published: {low} to {high}")
            for column, (label, colour, marker) in KINDS.items():
                points = []
                for bits, own in table.groupby("allowed"):
                    mean, below, above = interval(own[column])
                    points.append((bits, mean, below, above))
                    data.append(
                        {"where": name, "allowed_bits": bits, "saving": column[7:], "mean": mean}
                        | {"low": mean - below, "high": mean + above, "cells": len(own)}
                    )
                limits, means, lower, upper = zip(*points, strict=True)
                at = range(len(limits))
                axis.errorbar(
                    at,
                    means,
                    yerr=[lower, upper],
                    fmt=f"{marker}-",
                    color=colour,
                    label=label,
                    capsize=3,
                    markersize=4,
                )
            axis.set_xticks(at, ["none" if bits == MOST_BITS else f"{bits:g}" for bits in limits])
            axis.set_xlim(-0.5, len(limits) - 0.5)
            powers(axis)
            axis.set_xlabel("limit in bits a unit and step")
            axis.set_ylabel("times less memory")
    notes = "; ".join(
        f"{r.low} to {r.high} times: {r.what} ({r.source})" for r in printed.itertuples()
    )
    return Section(
        "saving",
        "Savings of memory by the limit of forgetting",
        "How many times less memory reversal needs. Ideal: 32 bits a unit and step over the bits "
        "forgotten. Words in use: over the 64-bit words of the buffers, of which one a unit is the "
        "least, so that no run of T steps saves more than T/2 times. The third compares what "
        "PyTorch keeps for backpropagation with words and last state. Trained networks forget more "
        "than untrained ones.",
        figure.svg,
        data=pd.DataFrame(data),
        of_agents=False,
        note=f"Published: {notes}. Its perplexities and BLEU scores by limit could not be read.",
    )


def _longest(table: pd.DataFrame) -> pd.DataFrame:
    return rows(table, length=table["length"].max()) if len(table) else table


def _limited(table: pd.DataFrame) -> pd.DataFrame:
    """Rows of RevGRUs that forget something."""
    own = table[table["model"].astype(str).str.startswith("revgru")]
    return own.assign(allowed=own["model"].map(allowed_bits))
