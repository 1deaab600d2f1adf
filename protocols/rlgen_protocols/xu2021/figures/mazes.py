"""The error of distances in mazes by the true distance."""

import numpy as np
import pandas as pd

from rlgen.analysis.results import Results
from rlgen.papers import Section
from rlgen_protocols.xu2021.evidence import rows
from rlgen_protocols.xu2021.figures.drawing import HUES, IN, logarithmic, panels

_SIZES, _TIMES = (9, 13, 21), (1, 3)


def drawn(results: Results) -> Section | None:
    """By rounds and size a line an architecture; None if nothing has been run."""
    table = results.measured("maze-distance")
    if table.empty:
        return None
    models = [(a, m) for a in ("min", "mean", "sum") for m in ("linear", "mlp")]
    longest, rounds = float(table["longest_9"].max()), int(table["rounds"].iloc[0])
    titles = [f"{size} x {size}, {times * rounds} rounds" for times in _TIMES for size in _SIZES]
    cells, data = [(size, times) for times in _TIMES for size in _SIZES], []
    with panels("mazes", "Error of distances by distance", titles) as figure:
        for (size, times), axis in zip(cells, figure.axes, strict=True):
            axis.axvspan(0, longest, color=IN, alpha=0.15, linewidth=0, label="training range")
            for (aggregate, message), colour in zip(models, HUES, strict=True):
                own = rows(table, aggregate=aggregate, message=message)
                if own.empty:
                    continue
                errors = _means(own[f"by_distance_{size}_x{times}"])
                label = f"{aggregate}, {message} messages"
                axis.plot(errors.index, errors.clip(lower=1e-3), color=colour, label=label)
                data.append(
                    {
                        "aggregate": aggregate,
                        "message": message,
                        "size": size,
                        "rounds": times * rounds,
                        "seeds": len(own),
                        "exact": own[f"exact_{size}_x{times}"].mean(),
                        "error": own[f"error_{size}_x{times}"].mean(),
                    }
                )
            logarithmic(axis)
            axis.set_xlabel("steps to the key")
            axis.set_ylabel("error in steps")
    return Section(
        "mazes",
        "Distances in larger mazes",
        "For each cell of a tunnel a network gives the number of steps to the key; it was trained "
        "on tunnels of 9 x 9. Mean absolute error by the true distance, mean over seeds; below 0.5 "
        "the rounded distance is right. Above: as many rounds as in training, so that cells beyond "
        "them cannot know of the key. Below: three times as many.",
        figure.svg,
        data=pd.DataFrame(data),
        of_agents=False,
        note=_beyond(table, longest, rounds),
    )


def _beyond(table: pd.DataFrame, longest: float, rounds: int) -> str:
    """How far minima err within and beyond the distances of training."""
    text = f"The largest distance in mazes like those of training is {longest:g}."
    own = rows(table, aggregate="min", message="linear")
    if own.empty:
        return text
    errors = _means(own["by_distance_13_x3"])
    near, far = errors[errors.index <= longest], errors[errors.index > longest]
    if far.empty:
        return text
    return (
        f"{text} Minima with linear messages, 13 x 13, {3 * rounds} rounds: mean error "
        f"{near.mean():.2g} steps at distances up to it, and {far.mean():.2g} beyond."
    )


def _means(lists: pd.Series) -> pd.Series:
    """Mean over seeds at each distance that has cells in some of them."""
    table = pd.DataFrame([np.asarray(one, float) for one in lists])
    return table.mean(axis=0).dropna()
