"""Repeating and remembering tokens: by length, and over training."""

from typing import Any

import pandas as pd

from rlgen.analysis.results import Results
from rlgen.papers import Section
from rlgen.util.words import counted
from rlgen_protocols.mackay2018.estimates import by, rows
from rlgen_protocols.mackay2018.experiments import LAST, READ, TOKENS
from rlgen_protocols.mackay2018.figures.base import (
    colour,
    interval,
    named,
    ordered,
    panels,
    steps_axis,
)


def drawn(results: Results) -> Section | None:
    """Accuracy by length; None if nothing has been run."""
    table = results.measured("tokens")
    if table.empty:
        return None
    tasks = [
        (task, length, own)
        for task in dict.fromkeys(table["task"])
        for length, own in by(rows(table, task=task), "length")
    ]
    data: list[dict[str, Any]] = []
    titles = [f"{task}, trained on {length}" for task, length, _ in tasks]
    with panels("tokens", "Accuracy at the last targets by length", titles) as figure:
        for (task, length, own), axis in zip(tasks, figure.axes, strict=True):
            for model in ordered(list(own["model"])):
                runs = rows(own, model=model)
                points = [interval(runs[f"last_{multiple}"]) for multiple in READ]
                at = [multiple * length for multiple in READ]
                means, below, above = zip(*points, strict=True)
                axis.errorbar(
                    at,
                    means,
                    yerr=[below, above],
                    fmt="s--" if model == "gru" else "o-",
                    capsize=3,
                    markersize=6 if model == "gru" else 4,
                    color=colour(model),
                    label=named(model),
                )
                data += [
                    {"task": task, "trained_on": length, "model": model, "read_at": t, "mean": mean}
                    | {"low": mean - half, "high": mean + half, "seeds": len(runs)}
                    for t, (mean, half, _) in zip(at, points, strict=True)
                ]
            axis.axhline(1 / TOKENS, color="#888888", linestyle=":", label="chance")
            steps_axis(axis, at)
            axis.set_ylim(0, 1.04)
            axis.set_xlabel("tokens")
            axis.set_ylabel(f"accuracy, last {LAST} targets")
    return Section(
        "tokens",
        "What a network that never forgets can learn",
        "Repeat: the target is the token before, so that old tokens must be forgotten. Remember: "
        "the target of the last step is the first token, and nothing need be forgotten. Means and "
        "95 % intervals over seeds; networks are read at 1, 4 and 16 times the training length.",
        figure.svg,
        data=pd.DataFrame(data),
        of_agents=False,
    )


def learning(results: Results) -> Section | None:
    """Bits over training; None if nothing has been run."""
    table = results.measured("tokens")
    tables = {
        f"{task}, {length} tokens": own
        for task in dict.fromkeys(table["task"])
        for length, own in by(rows(table, task=task), "length")
    }
    tables |= {
        f"mazes, {counted(n, 'level')}": own for n, own in by(results.measured("mazes"), "n")
    }
    if not tables:
        return None
    data: list[dict[str, Any]] = []
    with panels("bits", "Bits forgotten over training", list(tables), 2.9) as figure:
        for (name, table), axis in zip(tables.items(), figure.axes, strict=True):
            for model in ordered(list(table["model"])):
                curves = [
                    pd.DataFrame(curve).set_index("step")["bits"]
                    for curve in rows(table, model=model)["curve"]
                ]
                if model in ("feed-forward", "no-forget"):
                    continue
                mean = pd.concat(curves, axis=1).mean(axis=1)
                axis.plot(mean.index, mean, color=colour(model), label=named(model))
                data += [
                    {"where": name, "model": model, "step": step, "bits": bits}
                    for step, bits in mean.items()
                ]
            axis.set_xlabel("step of training")
            axis.set_ylabel("bits a unit and step")
            axis.set_ylim(bottom=0)
    return Section(
        "bits",
        "Bits forgotten over training",
        "Mean of -log2 z over units, steps and sequences, and over seeds; of the GRU the same of "
        "its update gate. The saving of memory is a property of trained gates.",
        figure.svg,
        data=pd.DataFrame(data),
        of_agents=False,
    )
