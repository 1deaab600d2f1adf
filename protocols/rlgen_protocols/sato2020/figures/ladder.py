"""Accuracies of the ladder, the cost of identity, and random features by their draws."""

import numpy as np
import pandas as pd

from rlgen.analysis.results import Results
from rlgen.papers import Section
from rlgen_protocols.graphs.estimates import rows
from rlgen_protocols.graphs.panels import COLOURS, interval, named_places, numbered, panels, points
from rlgen_protocols.sato2020.evidence import bridges
from rlgen_protocols.sato2020.networks import MODELS

POOLS = {"train": "training mazes", "test": "held-out mazes", "far": "longer mazes"}


def drawn(results: Results) -> Section | None:
    """Accuracy by model, one panel a number of mazes; None if nothing has been run."""
    table = bridges(results)
    if table.empty:
        return None
    sizes = sorted(set(table["graphs"]), reverse=True)
    data = []
    titles = [f"{size:,} training mazes" for size in sizes]
    with panels("sato2020-ladder", "Accuracy by model", titles, width=4.6) as figure:
        for size, axis in zip(sizes, figure.axes, strict=True):
            models = [m for m in MODELS if m in set(rows(table, graphs=size)["model"])]
            for number, (key, label) in enumerate(POOLS.items()):
                means = []
                for model in models:
                    own = rows(table, graphs=size, model=model)
                    means.append(interval(own[key]))
                    data.append({"mazes": size, "model": model, "accuracy of": label} | means[-1])
                at = np.arange(len(models)) + 0.2 * (number - 1)
                points(axis, at.tolist(), means, color=COLOURS[number], label=label)
            axis.axhline(0.5, linewidth=1, color=COLOURS[8])
            axis.set_ylim(0.4, 1.03)
            axis.set_ylabel("share classified rightly")
            named_places(axis, models)
    return Section(
        "ladder",
        "The ladder: which of two such mazes hangs together by one corridor",
        "Half of the mazes are dumbbells, and each has a theta that 1-WL cannot tell from it. "
        "Held-out mazes are of other kinds, with rings of 8, 10 and 12 cells as in training; "
        "longer ones have rings of 14 and 16. Message passing is right in exactly half of them, "
        "whatever it learnt.",
        figure.svg,
        data=pd.DataFrame(data),
        of_agents=False,
        note="The survey itself could not be read; no numbers of it are shown.",
    )


def draws(results: Results) -> Section | None:
    """Held-out accuracy of random features by the number of draws; None without."""
    table = bridges(results)
    table = table[table["model"] == "rgin"]
    if table.empty:
        return None
    numbers = table["draws"].iloc[0]
    shares = pd.DataFrame(table["test_by_draws"].tolist(), columns=numbers)
    means = [interval(shares[n]) for n in numbers]
    with panels("sato2020-draws", "Accuracy by draws", [""], width=4.6) as figure:
        axis = figure.axes[0]
        points(axis, numbers, means, fmt="o-", color=COLOURS[0])
        axis.axhline(0.5, linewidth=1, color=COLOURS[8])
        axis.set_xlabel("draws of random features that are averaged")
        axis.set_ylabel("share of held-out mazes")
        numbered(axis, numbers)
    data = pd.DataFrame([{"draws": n} | one for n, one in zip(numbers, means, strict=True)])
    return Section(
        "draws",
        "Random features by the number of draws",
        "A network with random features gives a random score. Scores of several draws are averaged "
        "before the class is read.",
        figure.svg,
        data=data,
        of_agents=False,
    )
