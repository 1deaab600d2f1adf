"""Recurrent policies in mazes: scores and gap by the bits that they may forget."""

from typing import Any

import pandas as pd

from rlgen.analysis.results import Results
from rlgen.papers import Section
from rlgen.report.figures.base import TEST, TRAIN
from rlgen.util.words import counted
from rlgen_protocols.mackay2018.estimates import allowed_bits, by, rows
from rlgen_protocols.mackay2018.figures.base import interval, ordered, panels

SCORES = {"train": TRAIN, "test": TEST, "gap": "#7c6fd0"}
LABELS = {"train": "training levels", "test": "held-out levels", "gap": "gap"}


def drawn(results: Results) -> Section | None:
    """Scores by model; None if nothing has been run."""
    table = results.measured("mazes")
    if table.empty:
        return None
    sizes = sorted(set(table["n"]))
    data: list[dict[str, Any]] = []
    titles = [counted(n, "training level") for n in sizes]
    with panels("mazes", "Scores by bits that may be forgotten", titles, 4.6) as figure:
        for n, axis in zip(sizes, figure.axes, strict=True):
            own = rows(table, n=n)
            models = ordered(list(own["model"]))
            # Reversible models in the order of their bits, and the usual ones after them.
            models = [m for m in models if allowed_bits(m) == allowed_bits(m)] + [
                m for m in models if allowed_bits(m) != allowed_bits(m)
            ]
            for score, colour in SCORES.items():
                points = [interval(rows(own, model=model)[score]) for model in models]
                means, below, above = zip(*points, strict=True)
                axis.errorbar(
                    range(len(models)),
                    means,
                    yerr=[below, above],
                    fmt="o",
                    capsize=3,
                    color=colour,
                    label=LABELS[score],
                )
                data += [
                    {"n": n, "model": model, "score": score, "mean": mean, "low": mean - half}
                    | {"high": mean + half, "seeds": len(rows(own, model=model))}
                    for model, (mean, half, _) in zip(models, points, strict=True)
                ]
            axis.set_xticks(range(len(models)), [_tick(m) for m in models])
            axis.set_xlabel("limit of RevGRUs in bits a unit and step, and usual networks")
            axis.set_ylabel("normalised return")
    three = rows(table, model="revgru:3")
    note = "; ".join(
        f"three bits, {counted(n, 'level')}: {own['bits'].mean():.2f} bits used, saving "
        f"{own['saving_ideal'].mean():.1f} times"
        for n, own in by(three, "n")
    )
    return Section(
        "mazes",
        "Does forgetting help in mazes seen in part?",
        "Policies cloned from the planner that see three by three cells and their last action. "
        "Exact returns of the greedy policy, 1 the planner's and 0 those of random actions; the "
        "gap is their difference. Means and 95 % intervals over seeds, which have training levels "
        "of their own.",
        figure.svg,
        data=pd.DataFrame(data),
        of_agents=False,
        note=note,
    )


def _tick(model: str) -> str:
    bits = allowed_bits(model)
    if bits != bits:
        return {"gru": "GRU", "feed-forward": "no\nmemory"}.get(model, model)
    return "no limit" if bits == 10 else f"{bits:g}"
