"""Training levels under stochasticity beside the held-out ones: figures 3b and 7."""

from itertools import product
from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import Patch

from rlgen.report.figures.base import INK, Drawing, select
from rlgen.util.words import counted
from rlgen_protocols.zhang2018.figures.layout import (
    FORMS,
    READING,
    TESTSET,
    Form,
    Row,
    bar,
    centres,
    grid,
    groups,
    limits,
    words,
)
from rlgen_protocols.zhang2018.figures.selection import Selection

#: Condition on training levels, name as in the paper, colour.
_CHECKS = (
    ("random_spawn", "trainset + rnd-start", "#3b82c4"),
    ("sticky_proposed:0.25", "trainset + sticky", "#e0a02a"),
    ("random_spawn+sticky_proposed:0.25", "trainset + both", "#4f9d69"),
)
#: Of the training return, seen through.
_BEHIND: dict[str, Any] = {"color": INK, "alpha": 0.14}


class Detection(Form):
    """Two rows a family, the paper's form and ours; a column for each size of the pool."""

    reading = (
        "The grey bar behind each group is the return on training levels as they are, and the red "
        "bar that on held-out levels: the distance between them is the overfitting to detect. A "
        "check that detects it pulls the return on training levels, its own bar, down to the red "
        "one; one that leaves it up has seen nothing. " + READING
    )

    def draw(self, selection: Selection, name: str) -> Drawing | None:
        """See ``Form.draw``."""
        main = selection.results.main
        drawn = [(main, "test", "testset", TESTSET)]
        drawn += [(condition, "train", label, colour) for condition, label, colour in _CHECKS]
        data = selection.table([(main, "train"), *(one[:2] for one in drawn)])
        if data.empty:
            return None
        flips = sorted(selection.part.flip_p)
        step = 0.8 / len(drawn)

        def panel(axis: Axes, line: tuple[Row, str], column: Row) -> str:
            row, form = line
            groups(axis, flips)
            of = select(data, **row, **column)
            behind = select(of, condition=main, split="train")
            bar(axis, centres(behind, flips, 0), behind, form, width=0.92, whisker=None, **_BEHIND)
            for place, (condition, pool, _, colour) in enumerate(drawn):
                one = select(of, condition=condition, split=pool)
                x = centres(one, flips, step * (place - (len(drawn) - 1) / 2))
                bar(axis, x, one, form, width=0.85 * step, color=colour)
            levels = counted(column["n_train_levels"], "level")
            return f"{words(row, selection)}, {levels}\n{FORMS[form]}"

        handles = [Patch(label=label, color=colour) for *_, label, colour in drawn]
        svg = grid(
            name,
            list(product(selection.settings(["family", "regulariser"]), FORMS)),
            selection.settings(["n_train_levels"]),
            panel,
            lambda line, column: not select(data, **line[0], **column).empty,
            size=(2.8, 2.1),
            title="Return on training levels under checks",
            legend={"handles": [Patch(label="training return", **_BEHIND), *handles], "ncols": 3},
            xlabel="flip probability p",
            ylim=limits(data),
        )
        absent = [label for c, label, _ in _CHECKS if c not in set(data["condition"])]
        note = f"Not evaluated: {', '.join(absent)}." if absent else ""
        return Drawing(svg, data, selection.note(data, note))
