"""Return on training levels by stickiness: figures 4 (right) and 18."""

from collections.abc import Mapping, Sequence
from itertools import product

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from rlgen.analysis.stats.choices import GROUP
from rlgen.report.figures.base import Drawing, bars, select
from rlgen.util.words import counted
from rlgen_protocols.zhang2018.figures.layout import (
    FORMS,
    READING,
    TESTSET,
    Form,
    Row,
    grid,
    limits,
    words,
)
from rlgen_protocols.zhang2018.figures.selection import Selection

#: Perturbation, its name in the paper, colour.
_MODES = (
    ("sticky_proposed", "default (previous proposed action)", "#3b82c4"),
    ("sticky_executed", "alternative (previous executed action)", "#4f9d69"),
)
_TEST = "test set"


class Stickiness(Form):
    """Two rows, the paper's form and ours; a column for each size of the training pool."""

    reading = (
        "Curves are the return on training levels as actions get stickier, the red line is the "
        "return on held-out levels without stickiness. Curves of few and of many training levels "
        "that fall alike say that stickiness does not tell an agent that knows its levels by heart "
        "from one that can play. The alternative falls for everyone, the planner included, as at 1 "
        "nothing but “stay” is ever executed; the default at 1 only delays each action by a step. "
        + READING
    )

    def draw(self, selection: Selection, name: str) -> Drawing | None:
        """See ``Form.draw``."""
        main = selection.results.main
        strengths = _strengths(selection.results.conditions)
        wanted = [
            (main, "train"),
            (main, "test"),
            *((condition, "train") for condition in strengths),
        ]
        table = selection.table(wanted)
        if table.empty:
            return None
        data = _curves(table, main, strengths)

        def panel(axis: Axes, line: tuple[Row, str], column: Row) -> str:
            row, form = line
            height = "top" if form == "paper" else "mean"
            of = select(data, **row, **column)
            for mode, _, colour in _MODES:
                curve = select(of, mode=mode)
                axis.errorbar(
                    curve["stickiness"],
                    curve[height],
                    yerr=bars(curve) if form == "ours" else None,
                    fmt="o-",
                    markersize=3,
                    color=colour,
                    capsize=2,
                    linewidth=1.5,
                )
            for held_out in select(of, mode=_TEST).to_dict("records"):
                axis.axhline(held_out[height], color=TESTSET, linewidth=1.5)
                if form == "ours" and np.isfinite(held_out["low"]):
                    axis.axhspan(
                        held_out["low"], held_out["high"], color=TESTSET, alpha=0.12, linewidth=0
                    )
            levels = counted(column["n_train_levels"], "level")
            return f"{words(row, selection)}, {levels}\n{FORMS[form]}"

        lines = [(label, colour) for _, label, colour in _MODES]
        lines.append((f"{_TEST}, not sticky", TESTSET))
        svg = grid(
            name,
            list(product(selection.settings(["family", "flip_p", "regulariser"]), FORMS)),
            selection.settings(["n_train_levels"]),
            panel,
            lambda line, column: not select(data, **line[0], **column).empty,
            size=(2.9, 2.3),
            title="Return on training levels by stickiness",
            legend={
                "handles": [Line2D([], [], color=colour, label=label) for label, colour in lines],
                "ncols": 2,
            },
            xlabel="stickiness",
            ylim=limits(data),
            xlim=(-0.03, 1.03),
        )
        there = {mode for mode, _ in strengths.values()}
        absent = [label for mode, label, _ in _MODES if mode not in there]
        note = f"Not evaluated: {', '.join(absent)}." if absent else ""
        return Drawing(svg, data, selection.note(data, note))


def _strengths(conditions: Sequence[str]) -> dict[str, tuple[str, float]]:
    """Mode and stickiness of the conditions that have one, and nothing else."""
    pieces = {name: name.partition(":") for name in conditions}
    modes = {mode for mode, *_ in _MODES}
    return {
        name: (mode, float(strength))
        for name, (mode, _, strength) in pieces.items()
        if mode in modes and "+" not in strength
    }


def _curves(
    data: pd.DataFrame, main: str, strengths: Mapping[str, tuple[str, float]]
) -> pd.DataFrame:
    """Columns ``mode`` and ``stickiness`` instead of condition and pool; both modes start at 0."""
    parts = [select(data, split="test").assign(mode=_TEST, stickiness=0.0)]
    for mode, *_ in _MODES:
        levels = {name: strength for name, (m, strength) in strengths.items() if m == mode}
        if levels:
            of = select(data, split="train")
            of = of.assign(mode=mode, stickiness=of["condition"].map({main: 0.0} | levels))
            parts.append(of.dropna(subset="stickiness").drop_duplicates([*GROUP, "stickiness"]))
    rows = pd.concat(parts, ignore_index=True).drop(columns="condition")
    return rows.sort_values([*GROUP, "mode", "stickiness"], ignore_index=True)
