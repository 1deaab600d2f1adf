"""Performance profiles: the share of held-out scores above each threshold, by arm."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from rlgen.analysis.results import Results
from rlgen.analysis.stats.aggregates import Band, profile_band
from rlgen.analysis.stats.comparisons import ARM, TASK, Standing
from rlgen.report.figures.base import FURTHER, MOST_PANELS, Drawing, Figure
from rlgen.report.figures.panels import panels
from rlgen.report.sections.comparison import task

NAME = "profiles"
#: Thresholds of a profile.
THRESHOLDS = 41


class Profiles(Figure):
    """One panel a task on which several arms are compared, with a line an arm."""

    title = "Performance profiles"
    reading = (
        "For each threshold on the horizontal axis: the share of all held-out scores, runs and "
        "levels together, that lie above it (Agarwal et al. 2021). A line above another "
        "everywhere is better at any standard. Scores are normalised: 0 random, 1 planner. Shades "
        "are 95 % bands, point by point, for new training runs on new levels of the same "
        "family."
    )

    def draw(self, results: Results) -> Drawing | None:
        """See ``Figure.draw``."""
        tasks = [
            (dict(values), list(own))
            for values, own in groupby(results.compared.standings, key=lambda own: dict(own.task))
        ]
        measured = [(values, own) for values, own in tasks if any(one.scores.size for one in own)]
        if not measured:
            return None
        drawn, rows = measured[:MOST_PANELS], list[pd.DataFrame]()
        columns = min(3, len(drawn))
        size = (1.0 + 3.2 * columns, 0.7 + 2.4 * -(-len(drawn) // columns))
        titles = [task(values) for values, _ in drawn]
        names = _names([one for _, own in drawn for one in own])
        with panels(NAME, self.title, titles, size, columns=columns) as picture:
            for axis, (values, own) in zip(picture.axes, drawn, strict=True):
                rows += [_line(axis, values, one, names) for one in own if one.scores.size]
        left_out = len(measured) - len(drawn)
        note = f"{left_out} more tasks are not drawn." if left_out else ""
        return Drawing(picture.svg, pd.concat(rows, ignore_index=True), note)


def _names(standings: Sequence[Standing]) -> dict[tuple[Any, ...], tuple[str, str]]:
    """A name of what arms differ in, and a colour, by arm."""
    arms = list(dict.fromkeys(tuple(own.arm[key] for key in ARM) for own in standings))
    differ = [i for i in range(len(ARM)) if len({arm[i] for arm in arms}) > 1]
    return {
        arm: ("/".join(str(arm[i]) for i in differ), FURTHER[number % len(FURTHER)])
        for number, arm in enumerate(arms)
    }


def _line(
    axis: Axes,
    values: Mapping[str, Any],
    own: Standing,
    names: Mapping[tuple[Any, ...], tuple[str, str]],
) -> pd.DataFrame:
    """Draw one arm; its numbers."""
    name, colour = names[tuple(own.arm[key] for key in ARM)]
    band = _band(own)
    axis.plot(band.at, band.value, color=colour, label=name, linewidth=1.6)
    if not band.reason:
        axis.fill_between(band.at, band.low, band.high, color=colour, alpha=0.18, linewidth=0)
    axis.set(xlabel="normalised score", ylabel="share above it", ylim=(-0.02, 1.02))
    keys = {key: values[key] for key in TASK} | {key: own.arm[key] for key in ARM}
    return pd.DataFrame(
        {"threshold": band.at, "share": band.value, "low": band.low, "high": band.high}
    ).assign(**keys)[[*keys, "threshold", "share", "low", "high"]]


def _band(own: Standing) -> Band:
    low = min(0.0, float(np.floor(4 * own.scores.min()) / 4))
    thresholds = np.linspace(low, 1.0, THRESHOLDS)
    return profile_band(own.scores, thresholds)


FIGURE = Profiles()
