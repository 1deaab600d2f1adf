"""The paper's claims, with margins declared before anything was trained."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import special

from rlgen.analysis.claims import Claim, Part, above, below, joint, upper_tail
from rlgen.analysis.results import Results
from rlgen.analysis.stats.association import spearman
from rlgen.analysis.stats.intervals import ALIKE, Estimate
from rlgen_protocols.ortizjimenez2021.evidence import cloned, over_seeds, settings
from rlgen_protocols.ortizjimenez2021.ordering import stratified_tau

_MODELS = {"net": "network", "linear": "linear model"}


def _ranks(results: Results, margins: Sequence[float]) -> list[Part]:
    supported, refuted = margins
    parts = []
    for network, rows in results.measured("eigen-tasks").groupby("network", sort=True):
        for model, words in _MODELS.items():

            def order(own: pd.DataFrame, model: str = model) -> float:
                return spearman(own["aligned"], own[f"{model}_loss"]).value

            rho, n = over_seeds(rows, order), rows["seed"].nunique()
            parts.append(
                Part(
                    f"rank correlation of alignment and final loss, {words} of {network}",
                    rho,
                    f"below {supported:g}; refuted above {refuted:g}",
                    _beyond(replace(rho, mean=-rho.mean), -supported, n),
                    _beyond(rho, refuted, n),
                )
            )
    return parts


def _beyond(estimate: Estimate, margin: float, seeds: int) -> float:
    """One-sided p-value of "not above the margin".

    Ranks of few tasks are often equal in all seeds, -1 for example, which leaves no spread to take
    an interval from. All seeds are then on one side of the margin, and the sign test says how
    often that happens by chance.
    """
    if estimate.reason == ALIKE:
        return float(0.5**seeds) if estimate.mean > margin else 1.0
    return upper_tail(estimate, margin)


def _either(results: Results, margins: Sequence[float]) -> list[Part]:
    least, detectable = margins
    better, worse, precise = [], [], []
    for what, rows in settings(cloned(results)):
        best = rows[["linear_test", "early_test"]].max(axis=1).mean()
        if not best >= least:
            continue
        lead = over_seeds(rows, lambda own: (own["linear_test"] - own["early_test"]).mean())
        better.append(above(f"linear model minus network: {what}", lead, 0.0))
        worse.append(below(f"linear model minus network: {what}", lead, 0.0))
        if _detectable(lead) <= detectable:
            precise.append(worse[-1])
    if not better:
        return []
    # Refuted only where every setting that is measured well says that the network is better.
    never = max((1 - (1 - part.p_supported) for part in precise), default=1.0)
    return [
        _one_of(better, "above 0 in one setting", never),
        _one_of(worse, "below 0 in one setting", 1.0),
    ]


def _one_of(parts: Sequence[Part], requirement: str, refuted: float) -> Part:
    """The part that says most of several of which one is enough."""
    first = min(parts, key=lambda part: (part.p_supported != part.p_supported, part.p_supported))
    supported, _ = joint(parts, every=False)
    return Part(first.what, first.estimate, requirement, supported, refuted)


def _detectable(estimate: Estimate, power: float = 0.8) -> float:
    """The smallest difference that a two-sided test at 5 % detects with this power."""
    if not estimate.variance > 0:
        return float("inf")
    quantiles = special.stdtrit(estimate.df, 0.975) + special.stdtrit(estimate.df, power)
    return float(quantiles * np.sqrt(estimate.variance))


def _turns(results: Results, margins: Sequence[float]) -> list[Part]:
    supported, refuted = margins
    rows = cloned(results)
    if rows.empty:
        return []
    strata = rows[["n_train_levels", "flip_p"]].astype(str).agg(" ".join, axis=1)
    tau = stratified_tau(rows["rotation"], rows["gap"], strata, rows["seed"])
    what = "tau of the rotation towards training labels and the gap, within levels and p"
    return [
        Part(
            what,
            tau.estimate,
            f"above {supported:g}; refuted below {refuted:g}",
            tau.p_above(supported),
            tau.p_below(refuted),
        )
    ]


def _after(results: Results, margins: Sequence[float]) -> list[Part]:
    return [
        below(
            f"mean distance of held-out returns over settings: {network}",
            over_seeds(rows, lambda own: (own["after_test"] - own["net_test"]).abs().mean()),
            margins[0],
        )
        for network, rows in cloned(results).groupby("network", sort=True)
    ]


CLAIMS = {
    "OJ-01": Claim(
        "The alignment of a task with the kernel at the start ranks how hard tasks are, for the "
        "linear model and for the network.",
        "abstract; the experiment is of the authors' code",
        "eigen-tasks",
        {"rank correlation": -0.6, "rank correlation that refutes": -0.3},
        _ranks,
    ),
    "OJ-02": Claim(
        "Networks do not always do better than their linearization at the same training loss: "
        "it depends on architecture, number of samples and task.",
        "abstract",
        "levels",
        {"least normalised return of the better": 0.1, "detectable difference": 0.05},
        _either,
    ),
    "OJ-03": Claim(
        "Networks overfit since their kernel evolves: the more it turns towards training labels "
        "rather than held-out ones, the larger the gap.",
        "abstract",
        "gap",
        {"tau": 0.0, "tau that refutes": 0.1},
        _turns,
    ),
    "OJ-04": Claim(
        "The kernel after training explains the network: its linear model has the same held-out "
        "return.",
        "the authors' code, pretrained_ntk_comparison",
        "levels",
        {"distance in normalised return": 0.05},
        _after,
    ),
}
