"""Final return by flip probability: figures 2b, 3a, 5 and 6."""

from matplotlib.axes import Axes
from matplotlib.legend_handler import HandlerTuple
from matplotlib.patches import Patch

from rlgen.report.figures.base import Drawing, select
from rlgen.util.words import counted
from rlgen_protocols.zhang2018.figures.layout import (
    BLUE,
    FORMS,
    READING,
    RED,
    Form,
    Row,
    bar,
    centres,
    grid,
    groups,
    limits,
    shades,
    words,
)
from rlgen_protocols.zhang2018.figures.selection import Selection

#: Pool, colours, width of its bars, and where on them the whisker stands.
POOLS = (("train", BLUE, 0.92, -0.28), ("test", RED, 0.55, 0.3))


class Bars(Form):
    """One row a family and regulariser; a bar for each size of the training pool."""

    reading = (
        "Wide blue bars are the return on training levels, narrow red ones that on held-out "
        "levels; in each group the number of training levels falls from dark to light. Blue far "
        "above red at a high flip probability p is a training set learnt by heart, as there is "
        "next to nothing in it that holds for other levels. " + READING
    )

    def draw(self, selection: Selection, name: str) -> Drawing | None:
        """See ``Form.draw``."""
        main = selection.results.main
        data = selection.table([(main, pool) for pool, *_ in POOLS])
        if data.empty:
            return None
        flips, sizes = sorted(selection.part.flip_p), selection.part.n_train_levels
        ramps = [shades(ends, sizes) for _, ends, *_ in POOLS]
        step = 0.8 / len(sizes)

        def panel(axis: Axes, row: Row, form: str) -> str:
            groups(axis, flips)
            for (pool, _, width, whisker), ramp in zip(POOLS, ramps, strict=True):
                for place, (n, colour) in enumerate(ramp.items()):
                    of = select(data, split=pool, n_train_levels=n, **row)
                    x = centres(of, flips, step * (place - (len(ramp) - 1) / 2))
                    bar(axis, x, of, form, width=step * width, whisker=whisker, color=colour)
            return f"{words(row, selection)}\n{FORMS[form]}"

        svg = grid(
            name,
            selection.settings(["family", "regulariser"]),
            list(FORMS),
            panel,
            lambda row, _: not select(data, **row).empty,
            size=(4.8, 2.3),
            title="Training and held-out return by flip probability",
            legend={
                "handles": [tuple(Patch(color=ramp[n]) for ramp in ramps) for n in ramps[0]],
                "labels": [counted(n, "level") for n in ramps[0]],
                "handler_map": {tuple: HandlerTuple(ndivide=None)},
                "title": "training (blue) and held-out (red) return",
                "ncols": len(sizes),
            },
            xlabel="flip probability p",
            ylim=limits(data),
        )
        return Drawing(svg, data, selection.note(data))
