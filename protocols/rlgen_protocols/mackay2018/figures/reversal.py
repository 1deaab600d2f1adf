"""Reversal in integers and in floats, and how buffers grow."""

from typing import Any

import numpy as np
import pandas as pd

from rlgen.analysis.results import Results
from rlgen.papers import Section
from rlgen.util.words import counted
from rlgen_protocols.mackay2018.estimates import rows
from rlgen_protocols.mackay2018.figures.base import (
    colour,
    named,
    ordered,
    panels,
    powers,
    steps_axis,
)

#: Where errors that overflowed are drawn.
TOP = 1e12


def drawn(results: Results) -> Section | None:
    """Error of floats by length; None if nothing has been run."""
    table = results.measured("reversal")
    if table.empty:
        return None
    models = ordered(list(table["model"]))
    kinds = {
        "RevGRU": [m for m in models if not m.startswith("revlstm")],
        "RevLSTM": [m for m in models if m.startswith("revlstm")],
    }
    kinds = {name: own for name, own in kinds.items() if own}
    with panels("reversal", "Error of reversal in floats by length", list(kinds)) as figure:
        for own, axis in zip(kinds.values(), figure.axes, strict=True):
            for model in own:
                worst = (
                    rows(table, model=model)
                    .groupby("length")["float_error"]
                    .apply(lambda errors: errors.max() if errors.notna().all() else np.inf)
                )
                marks = worst.clip(1e-9, TOP)
                axis.plot(marks.index, marks, "o-", color=colour(model), label=named(model))
            steps_axis(axis, sorted(set(table["length"])))
            powers(axis)
            axis.set_xlabel("steps")
            axis.set_ylabel("largest error of the first state")
    exact = [results.measured(name)["exact"].dropna() for name in ("reversal", "tokens", "mazes")]
    count, right = sum(map(len, exact)), sum(int(column.sum()) for column in exact)
    gradients = results.measured("gradients")
    note = f"In integers {right:,} of {counted(count, 'run')} came back bit for bit."
    if len(gradients):
        note += (
            f" Gradients on the way back differ from those of kept states by at most "
            f"{gradients['error'].max():.1e} of their norm, and both from those of the network in "
            f"real numbers by at most {gradients['from_real'].max():.1e}: gates have 10 bits."
        )
    columns = ["seed", "model", "length", "limit", "exact", "float_error", "ideal", "words"]
    return Section(
        "reversal",
        "Reversal: exact in integers, hopeless in floats",
        "Untrained networks run over random inputs and back in floats of 32 bits: the largest "
        "error of the first state, the worst of all seeds. Errors of 1e12 and more, and those that "
        "overflowed, are drawn at the top.",
        figure.svg,
        data=table[columns],
        of_agents=False,
        note=note,
    )


def growth(results: Results) -> Section | None:
    """Bits in the buffers after each step of one episode; None if nothing has been run."""
    table = results.measured("mazes")
    own = table[table["model"].astype(str).str.startswith("revgru")]
    if own.empty:
        return None
    own = own[(own["seed"] == own["seed"].min()) & (own["n"] == own["n"].min())]
    data: list[dict[str, Any]] = []
    titles = ["ideal", "allocated"]
    with panels("growth", "Growth of the buffers over one episode", titles) as figure:
        for kind, axis in zip(titles, figure.axes, strict=True):
            for model in ordered(list(own["model"])):
                bits = rows(own, model=model)["growth"].iloc[0][kind]
                steps = range(1, len(bits) + 1)
                axis.plot(steps, bits, color=colour(model), label=named(model))
                data += [
                    {"model": model, "kind": kind, "step": step, "bits": value}
                    for step, value in zip(steps, bits, strict=True)
                ]
            axis.plot([1, len(bits)], [32, 32 * len(bits)], "k:", label="states, 32 bits a step")
            axis.set_xlabel("step of the episode")
            axis.set_ylabel("bits a unit")
            powers(axis)
    return Section(
        "growth",
        "Growth of the buffers over one episode",
        "Bits a unit that are kept after each step of held-out maze sequences: those forgotten, "
        "and the words that hold them. All units begin a new word when one of them needs it.",
        figure.svg,
        data=pd.DataFrame(data),
        of_agents=False,
    )
