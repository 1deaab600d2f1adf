"""Controls: what depends on order, labels that mean nothing, and two copies of one network."""

from collections.abc import Iterator

import matplotlib.pyplot as plt
import pandas as pd

from rlgen.analysis.results import Results
from rlgen.papers import Section
from rlgen.report.figures.base import INK, bars, style, to_svg
from rlgen_protocols.xu2020.animals import POSITION
from rlgen_protocols.xu2020.controls import COPIES
from rlgen_protocols.xu2020.evidence import (
    curves,
    difference,
    over_seeds,
    reasoning,
    task_curves,
)
from rlgen_protocols.xu2020.figures.learning import panel, table


def sections(results: Results) -> Iterator[Section]:
    """The controls, where some were run."""
    rows = task_curves(results)
    position = rows[rows["task"] == POSITION]
    apart = _apart(results)
    if position.empty or apart.empty:
        return
    data = table(position)
    with style("xu-controls"):
        canvas, (left, right) = plt.subplots(1, 2, figsize=(7.5, 3.2), layout="constrained")
        panel(left, data, list(dict.fromkeys(position["model"])))
        left.set(title="type of the first object", xlabel="examples", ylabel="test accuracy")
        left.legend(fontsize=8)
        right.errorbar(
            range(len(apart)), apart["mean"], yerr=bars(apart), fmt="o", color=INK, capsize=3
        )
        for margin in (-0.03, 0.03):
            right.axhline(margin, color=INK, linewidth=0.8, linestyle=":")
        right.set_xticks(range(len(apart)), list(apart["what"]), fontsize=8)
        right.set(title="differences that should be 0", xlim=(-0.5, len(apart) - 0.5))
        svg = to_svg(canvas, "xu-controls", "Controls")
        plt.close(canvas)
    yield Section(
        "controls",
        "Controls",
        "Left: which type the first object has depends on the order of objects, which only the MLP "
        "sees; sets can but guess the most frequent type. Right: accuracy less chance on labels "
        "that were permuted among the examples, and the area of one network less that of another "
        "with other weights at the start; dotted lines are the margins.",
        svg,
        data=pd.concat([data, apart.rename(columns={"what": "network"})], ignore_index=True),
        of_agents=False,
    )


def _apart(results: Results) -> pd.DataFrame:
    """Differences that should be 0, with intervals over seeds."""
    out = []
    permuted = reasoning(results, labels="permuted")
    for model, own in permuted.groupby("model", sort=False):
        lead = over_seeds(own, lambda one: float((one["test"] - one["chance"]).mean()))
        out.append({"what": f"permuted,\n{model}", "seeds": own["seed"].nunique(), **lead.shown})
    every = reasoning(results, copy=None)
    for (_, name), own in every.groupby(["task", "model"], sort=False):
        if own["copy"].nunique() < len(COPIES):
            continue
        named = own.assign(model=own["copy"].astype(str), accuracy=own["test"])
        lead = difference(curves(named), *COPIES)
        out.append({"what": f"copies,\n{name}", "seeds": own["seed"].nunique(), **lead.shown})
    return pd.DataFrame(out)
