"""Accuracy by where attention comes from, one panel a test set, beside published numbers."""

from importlib.resources import files
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from rlgen.analysis.results import Results
from rlgen.papers import Section
from rlgen_protocols.graphs.estimates import rows
from rlgen_protocols.graphs.panels import COLOURS, interval, named_places, panels, points
from rlgen_protocols.knyazev2019.evidence import counted
from rlgen_protocols.knyazev2019.modes import MODES

#: Titles of test sets.
SETS = {"orig": "as in training", "large": "larger", "largec": "larger, new features"}
#: The colour of each mode, the same in all figures.
COLOUR = dict(zip(MODES, COLOURS, strict=False))
READING = (
    "Share of test graphs in which the rounded count is right, by where attention comes from: each "
    "dot is a seed, with the mean and its 95 % interval."
)
PUBLISHED = " Published numbers stand beside: means and standard deviations, or a single seed."


def published() -> pd.DataFrame:
    """What could be read: ``task``, ``set``, ``mode``, ``accuracy`` and ``spread`` in %."""
    source = files("rlgen_protocols.knyazev2019").joinpath("reference", "accuracies.csv")
    with source.open(encoding="utf-8") as lines:
        return pd.read_csv(lines)


def colors(results: Results) -> Section | None:
    """COLORS; None if nothing has been run."""
    return _by_mode(
        results,
        "colors",
        ["colors"],
        "COLORS: how many nodes are green",
        note="Share of seeds with an accuracy above one half on larger graphs with new features: "
        + "; ".join(_halves(counted(results, "colors"))),
    )


def triangles(results: Results) -> Section | None:
    """TRIANGLES; None if nothing has been run."""
    table = counted(results, "triangles")
    fits = table.groupby("mode", sort=False)["accuracy_train"].mean()
    said = "; ".join(f"{mode} {value:.0%}" for mode, value in fits.items())
    return _by_mode(
        results,
        "triangles",
        ["triangles"],
        "TRIANGLES: how many triangles there are",
        note=f"Right on training graphs, which the authors' networks count right in 87 % "
        f"(unsupervised) to 99.7 % (global): {said}.",
    )


def mazes(results: Results) -> Section | None:
    """The mazes' versions; None if nothing has been run."""
    return _by_mode(
        results,
        "mazes",
        ["maze-colors", "maze-loops"],
        "Counting in mazes",
        note="maze-colors: red diamonds; maze-loops: squares of two by two free cells.",
    )


def _halves(table: pd.DataFrame) -> list[str]:
    return [
        f"{mode} {(own['accuracy_largec'] > 0.5).mean():.0%} of {len(own)}"
        for mode, own in table.groupby("mode", sort=False)
    ]


def _by_mode(
    results: Results, name: str, tasks: list[str], title: str, *, note: str
) -> Section | None:
    tables = {task: counted(results, task) for task in tasks}
    cases = [
        (task, test)
        for task, table in tables.items()
        for test in SETS
        if table[f"accuracy_{test}"].notna().any()
    ]
    if not cases:
        return None
    several = len(tasks) > 1
    titles = [f"{task}\n{SETS[test]}" if several else SETS[test] for task, test in cases]
    data: list[dict[str, Any]] = []
    with panels(
        f"knyazev2019-{name}", title, titles, width=2.2 if several else 3.0, height=3.4
    ) as figure:
        for (task, test), axis in zip(cases, figure.axes, strict=True):
            data += _panel(axis, tables[task], task, test)
        figure.axes[0].set_ylabel("accuracy")
    has_published = any("published" in row for row in data)
    return Section(
        name,
        title,
        READING + PUBLISHED * has_published,
        figure.svg,
        data=pd.DataFrame(data),
        of_agents=False,
        note=note,
    )


def _panel(axis: Axes, table: pd.DataFrame, task: str, test: str) -> list[dict[str, Any]]:
    modes = [mode for mode in MODES if mode in set(table["mode"])]
    printed = rows(published(), task=task, set=test)
    data = []
    for place, mode in enumerate(modes):
        values = rows(table, mode=mode)[f"accuracy_{test}"]
        colour = COLOUR[mode]
        axis.plot([place - 0.12] * len(values), values, ".", color=colour, alpha=0.45)
        own = interval(values)
        points(axis, [place], [own], color=colour)
        row = {"task": task, "test": test, "mode": mode} | own
        theirs = rows(printed, mode=mode)
        if len(theirs):
            value, spread = theirs["accuracy"].iloc[0] / 100, theirs["spread"].iloc[0] / 100
            half = 0 if spread != spread else spread
            axis.errorbar(
                [place + 0.22],
                [value],
                yerr=[half],
                fmt="D" if half else "d",
                color="#888888",
                markersize=4,
                capsize=2,
                label="published" if half else "published, one seed",
            )
            row |= {"published": value, "published_spread": spread}
        data.append(row)
    named_places(axis, modes)
    axis.set_ylim(-0.03, 1.05)
    return data
