"""Returns of cloned policies by momentum, and accuracies that were published."""

from importlib.resources import files
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd

from rlgen.analysis.results import Results
from rlgen.papers import Section
from rlgen.report.figures.base import FURTHER, INK, TEST, TRAIN, bars, style, to_svg
from rlgen.report.template import piece
from rlgen.util.words import counted
from rlgen_protocols.sander2021.cloned import (
    FULL,
    GAMMA,
    MATCHED,
    MOMENTUM,
    RESIDUAL,
    SETTING,
    by_seed,
    cloned,
    difference,
    mean,
    settings,
    words,
)

_NUMBERS = {"test": "held-out return", "gap": "gap", "early_train": "training return, early"}
_LOOKS = {
    RESIDUAL: (INK, "D"),
    MOMENTUM: (TEST, "o"),
    MATCHED: (TRAIN, "s"),
    FULL: (FURTHER[0], "^"),
}


def by_momentum(results: Results, name: str) -> Section | None:
    """Scores of each kind of trunk by gamma, a row of panels a setting."""
    rows = cloned(results, fitted=False)
    if rows.empty:
        return None
    data = _means(rows)
    own = settings(rows)
    gammas = sorted(set(rows["gamma"]))
    with style(name):
        canvas, axes = plt.subplots(
            len(own),
            len(_NUMBERS),
            figsize=(0.6 + 2.8 * len(_NUMBERS), 0.5 + 2.4 * len(own)),
            squeeze=False,
            layout="constrained",
        )
        for line, setting in enumerate(own):
            for axis, (column, label) in zip(axes[line], _NUMBERS.items(), strict=True):
                _panel(axis, data[(data["number"] == column)], setting, gammas)
                axis.set_title(
                    f"{words(setting)}\n{label}" if line else f"{label}\n{words(setting)}"
                )
                axis.set_xticks(range(len(gammas)), [f"{g:g}" for g in gammas])
        for axis in axes[-1]:
            axis.set_xlabel("gamma")
        handles, labels = axes[0, 0].get_legend_handles_labels()
        canvas.legend(handles, labels, loc="outside upper left", ncols=4)
        svg = to_svg(canvas, name, "Scores of cloned policies by momentum")
        plt.close(canvas)
    left_out = int((~rows["matched"].astype(bool)).sum())
    shares = ", ".join(
        f"{share:.0%} ({counted(int(str(n)), 'level')})"
        for n, share in rows.groupby("n_train_levels")["lights_dead_inputs"].mean().items()
    )
    reading = (
        "Policies cloned from the planner until their excess loss on the training states is small, "
        "so that they have fitted equally; scores are normalised returns, computed exactly: 0 is "
        "random, 1 the planner. Momentum also makes branches smaller, so beside it stands a "
        "residual trunk with equally small branches (scale-matched), and momentum with branches as "
        "large as without (full branch). On the right is the training return after equally many, "
        "few steps. Intervals are 95 %, for new seeds. Share of held-out states with an input that "
        f"is 0 in all training states: {shares}."
    )
    note = "All networks have fitted."
    if left_out:
        note = f"{left_out} networks had not fitted after the most steps and are left out."
    return Section(
        name, "Policies: held-out return and gap by momentum", reading, svg, data=data, note=note
    )


def _means(rows: pd.DataFrame) -> pd.DataFrame:
    lines = []
    for key, own in rows.groupby([*SETTING, "kind", "gamma"]):
        fitted = own[own["matched"].astype(bool)]
        for number in (*_NUMBERS, "train", "steps"):
            used = own if number.startswith("early") else fitted
            estimate = mean(used[number].to_numpy(float))
            line = dict(zip([*SETTING, "kind", "gamma"], key, strict=True))
            lines.append(line | {"number": number, "networks": len(used), **estimate.shown})
    return pd.DataFrame(lines)


def _panel(axis: Any, data: pd.DataFrame, setting: tuple[int, float], gammas: list[float]) -> None:
    own = data[(data["n_train_levels"] == setting[0]) & (data["flip_p"] == setting[1])]
    for shift, (kind, (colour, marker)) in zip((0, -0.08, 0.08, 0.2), _LOOKS.items(), strict=True):
        points = own[own["kind"] == kind].sort_values("gamma")
        if points.empty:
            continue
        places = [gammas.index(gamma) + shift for gamma in points["gamma"]]
        look = {"color": colour, "marker": marker, "markersize": 4, "capsize": 2}
        axis.errorbar(places, points["mean"], yerr=bars(points), linewidth=1.2, label=kind, **look)


def accuracy(results: Results, name: str) -> Section | None:
    """Published accuracies beside differences of our returns."""
    rows = cloned(results)
    if rows.empty:
        return None
    source = files("rlgen_protocols.sander2021").joinpath("reference", "accuracy.csv")
    with source.open(encoding="utf-8") as lines:
        published = pd.read_csv(lines, dtype=str)
    ours: list[dict[str, Any]] = []
    for setting in settings(rows):
        for kind in (MOMENTUM, FULL, MATCHED):
            pair = (
                by_seed(rows, setting, *which, "test") for which in ((kind, GAMMA), (RESIDUAL, 0.0))
            )
            estimate = difference(*pair)
            trunk = f"{kind}, gamma = {GAMMA:g}"
            own = {"setting": words(setting), "trunk": trunk, **estimate.shown}
            ours.append(own | {"reason": estimate.reason})
    html = piece(
        "rlgen_protocols.sander2021",
        "accuracy.html",
        published=published.to_dict("records"),
        ours=ours,
    )
    reading = (
        "The paper says that momentum networks have the accuracy of residual ones. Of its numbers "
        "those are shown that could be read somewhere; the residual network's beside them could "
        "not. Ours is the difference of two trunks of policies, paired by seed, with its 95 % "
        "interval."
    )
    return Section(
        name,
        "The same accuracy: published, and policies",
        reading,
        html=html,
        data=pd.DataFrame(ours),
    )
