"""Training accuracies by epoch, and what networks say of other mazes."""

from importlib.resources import files

import numpy as np
import pandas as pd

from rlgen.analysis.results import Results
from rlgen.papers import Section
from rlgen_protocols.graphs.estimates import rows
from rlgen_protocols.graphs.panels import COLOURS, interval, named_places, panels, points
from rlgen_protocols.xu2019.claims import NOISE

#: Options of each line, by its name.
VARIANTS = {
    f"{aggregation}, {words}": {"aggregation": aggregation, "update": update, "epsilon": False}
    for aggregation in ("sum", "mean", "max")
    for update, words in (("mlp", "MLP"), ("one-layer", "one layer"))
}
VARIANTS["sum, MLP, epsilon learnt"] = {"aggregation": "sum", "update": "mlp", "epsilon": True}


def drawn(results: Results) -> Section | None:
    """Training accuracy by epoch, one line a variant; None if nothing has been run."""
    table = rows(results.measured("fit"), **NOISE)
    if table.empty:
        return None
    data = []
    with panels("xu2019-fit", "Training accuracy by epoch", [""], width=6.4) as figure:
        axis = figure.axes[0]
        for (name, options), colour in zip(VARIANTS.items(), COLOURS, strict=False):
            own = rows(table, **options)
            if own.empty:
                continue
            # Cells of one study may have been run for different numbers of epochs.
            own = own[own["epoch"].map(len) == own["epoch"].map(len).max()]
            accuracies = np.array(own["accuracy"].tolist())
            dashes = "--" if "one layer" in name else ":" if "epsilon" in name else "-"
            axis.plot(
                own["epoch"].iloc[0], accuracies.mean(axis=0), dashes, color=colour, label=name
            )
            data.append({"variant": name} | interval(own["train"]))
        ceiling = table["ceiling"].mean()
        axis.axhline(ceiling, color=COLOURS[8], linewidth=1, label="ceiling of 1-WL")
        axis.set_xlabel("epoch")
        axis.set_ylabel("training accuracy")
        axis.set_ylim(0.4, 1.03)
    return Section(
        "fit",
        "Fitting random labels of mazes without features",
        "The paper's figure 4 has training accuracies by epoch on public graphs; here labels of "
        "mazes are random, and cells have no features. The ceiling is what the best rule reaches "
        "that sees the colours of 1-WL after as many rounds. Means over seeds; the table has the "
        "accuracies at the end.",
        figure.svg,
        data=pd.DataFrame(data),
        of_agents=False,
        note="The figure's own numbers could not be read. Published test accuracies of GIN-0, "
        f"whose data are not shipped with rlgen: {_published()}.",
    )


def published() -> pd.DataFrame:
    """Test accuracies of GIN-0 in percent: ``data``, ``accuracy``, ``spread``, ``source``."""
    source = files("rlgen_protocols.xu2019").joinpath("reference", "accuracies.csv")
    with source.open(encoding="utf-8") as lines:
        return pd.read_csv(lines)


def _published() -> str:
    return ", ".join(f"{row.data} {row.accuracy} %" for row in published().itertuples())


def counts(results: Results) -> Section | None:
    """Training and held-out accuracy of a label that is a count; None without."""
    table = rows(results.measured("fit"), labels="many")
    if table.empty:
        return None
    data, names = [], []
    with panels("xu2019-counts", "Accuracy by variant", [""], width=5.6) as figure:
        axis = figure.axes[0]
        chosen = {n: rows(table, **o) for n, o in VARIANTS.items()}
        names = [name for name, own in chosen.items() if len(own)]
        ways = {"train": "training mazes", "test": "held-out mazes"}
        for number, (key, label) in enumerate(ways.items()):
            means = [interval(chosen[name][key]) for name in names]
            at = np.arange(len(names)) + 0.2 * (number - 0.5)
            points(axis, at.tolist(), means, color=COLOURS[number], label=label)
            data += [{"variant": n, "mazes": label} | m for n, m in zip(names, means, strict=True)]
        axis.set_ylabel("accuracy")
        named_places(axis, names)
    return Section(
        "counts",
        "Whether a maze has many dead ends",
        "The label is whether a maze has more dead ends than the median of the training mazes; "
        "cells have no features. Sums see the number of neighbours, means and maxima do not.",
        figure.svg,
        data=pd.DataFrame(data),
        of_agents=False,
    )
