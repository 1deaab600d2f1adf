"""Return while the agents train: figure 2a."""

from itertools import cycle, product
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import EngFormatter

from rlgen.analysis.stats.choices import GROUP
from rlgen.analysis.stats.intervals import NAN, run_mean
from rlgen.report.figures.base import DRAWN_POOLS, Drawing, select
from rlgen.util.words import counted
from rlgen_protocols.zhang2018.figures.layout import Form, Row, grid, words
from rlgen_protocols.zhang2018.figures.selection import Selection

#: Runs that the paper shows of twenty.
SHOWN = 5
_FORMS = {"paper": f"best {SHOWN}, the best bold", "ours": "mean of all runs, 95 % interval"}
#: Told apart on dark and on light.
_HUES = ("#3b82c4", "#e07b39", "#4f9d69", "#c2569b", "#9a8b2f", "#7a6bd0")


class Curves(Form):
    """Four panels a row: training and held-out return, in the paper's form and in ours."""

    reading = (
        f"Colours are numbers of training levels. On the left, as in the paper, the {SHOWN} runs "
        "with the best final training return, the best of them bold; on the right the mean of all "
        "runs with its 95 % interval for new training runs. Where all colours reach the top in "
        "training and part on held-out levels, what they learnt differs though their training "
        "return does not. Points are the returns of checkpoints and nothing is smoothed over "
        "episodes (in the paper over 200)."
    )

    def draw(self, selection: Selection, name: str) -> Drawing | None:
        """See ``Form.draw``."""
        runs = selection.results.curves
        runs = runs[runs["run_id"].astype(str).isin(selection.jobs["run_id"])]
        runs = runs[runs["split"].isin([pool for pool, *_ in DRAWN_POOLS])]
        if runs.empty:
            return None
        data = _data(runs, selection)
        sizes = sorted(selection.part.n_train_levels)
        colours = dict(zip(sizes, cycle(_HUES), strict=False))
        low, high = runs["ret_mean"].min(), runs["ret_mean"].max()
        space = 0.05 * (high - low) + 0.05

        def panel(axis: Axes, row: Row, column: tuple[str, tuple[str, str, str]]) -> str:
            form, (pool, estimate, _) = column
            for n, colour in colours.items():
                of = select(data, split=pool, n_train_levels=n, **row)
                (_means if form == "ours" else _best)(axis, of, colour)
            axis.xaxis.set_major_formatter(EngFormatter(sep=""))
            return f"{words(row, selection)}, {estimate}\n{_FORMS[form]}"

        svg = grid(
            name,
            selection.settings(["family", "flip_p", "regulariser"]),
            list(product(_FORMS, DRAWN_POOLS)),
            panel,
            lambda row, column: not select(data, **row, split=column[1][0]).empty,
            size=(2.8, 2.3),
            title="Training and held-out return by step",
            legend={
                "handles": [Line2D([], [], color=c, linewidth=2.2) for c in colours.values()],
                "labels": [counted(n, "level") for n in colours],
                "ncols": len(colours),
            },
            xlabel="environment steps",
            # Bands of few runs are wider than the picture; the runs decide its height.
            ylim=(low - space, high + space),
        )
        return Drawing(svg, data, selection.note(data))


def _data(runs: pd.DataFrame, selection: Selection) -> pd.DataFrame:
    """Curves of the best runs, ``rank`` 1 and up, and of means with intervals, ``rank`` 0."""
    rows: list[dict[str, Any]] = []
    for keys, group in runs.groupby(GROUP, observed=True, sort=True):
        setting = dict(zip(GROUP, keys, strict=True))
        named = group.assign(run_id=group["run_id"].astype(str))
        for rank, run in enumerate(selection.best(sorted(set(named["run_id"])))[:SHOWN], 1):
            own = select(named, run_id=run).sort_values(["split", "step"])
            points = zip(own["split"], own["step"], own["ret_mean"], strict=True)
            rows += [
                setting
                | {"split": pool, "rank": rank, "step": step, "runs": 1}
                | {"mean": mean, "low": NAN, "high": NAN}
                for pool, step, mean in points
            ]
        for (pool, step), at in group.groupby(["split", "step"], observed=True, sort=True):
            estimate = run_mean(at["ret_mean"].to_numpy())
            rows.append(
                setting | {"split": pool, "rank": 0, "step": step, "runs": len(at)} | estimate.shown
            )
    return pd.DataFrame(rows)


def _best(axis: Axes, curves: pd.DataFrame, colour: str) -> None:
    for rank in range(SHOWN, 0, -1):
        of = select(curves, rank=rank)
        width, alpha = (2.2, 1.0) if rank == 1 else (1.0, 0.45)
        axis.plot(of["step"], of["mean"], color=colour, linewidth=width, alpha=alpha)


def _means(axis: Axes, curves: pd.DataFrame, colour: str) -> None:
    of = select(curves, rank=0)
    axis.plot(of["step"], of["mean"], color=colour, linewidth=2.2)
    axis.fill_between(of["step"], of["low"], of["high"], color=colour, alpha=0.15, linewidth=0)
