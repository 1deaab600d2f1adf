"""Cases whose truth is known: what is measured of them must come out so."""

from collections.abc import Sequence

from rlgen.analysis.claims import Claim, Control, Part, above, fact, within
from rlgen.analysis.results import Results
from rlgen.analysis.stats.intervals import Estimate
from rlgen_protocols.xu2020.animals import POSITION
from rlgen_protocols.xu2020.claims import AREA
from rlgen_protocols.xu2020.evidence import (
    curves,
    difference,
    over_seeds,
    reasoning,
    task_curves,
)

#: Copies of one network, by their seed of weights.
COPIES = ("0", "1")


def _position(results: Results, margins: Sequence[float]) -> list[Part]:
    rows = task_curves(results)
    rows = rows[rows["task"] == POSITION]
    sets = sorted({*rows["model"]} - {"mlp"})
    n90 = rows.pivot_table(index="seed", columns="model", values="n90")
    if not sets or "mlp" not in n90:
        return []
    leads = [above(f"MLP less {name}", difference(rows, "mlp", name), margins[0]) for name in sets]
    earlier = [bool(own["mlp"] < own[name]) for _, own in n90.iterrows() for name in sets]
    return [fact("examples that the MLP needs", earlier, "fewer than a set model"), *leads]


def _by_chance(results: Results, margins: Sequence[float]) -> list[Part]:
    rows = reasoning(results, labels="permuted")
    return [
        _outside(
            f"accuracy less chance, {model}",
            over_seeds(own, lambda one: (one["test"] - one["chance"]).mean()),
            margins[0],
        )
        for model, own in rows.groupby("model", sort=True)
    ]


def _copies(results: Results, margins: Sequence[float]) -> list[Part]:
    rows = reasoning(results, copy=None)
    parts = []
    for (task, model), own in rows.groupby(["task", "model"], sort=True):
        if own["copy"].nunique() < len(COPIES):
            continue
        named = own.assign(model=own["copy"].astype(str), accuracy=own["test"])
        apart = difference(curves(named), *COPIES)
        parts.append(_outside(f"{task}: area of one {model} less another", apart, margins[0]))
    return parts


def _outside(what: str, estimate: Estimate, margin: float) -> Part:
    """The number is farther from 0 than the margin."""
    part = within(what, estimate, margin)
    return Part(what, estimate, f"not {part.requirement}", part.p_refuted, part.p_supported)


CONTROLS = {
    "XR-K1": Control(
        Claim(
            "What depends on the order of objects is learnt by an MLP from fewer examples than by "
            "networks that cannot see the order.",
            "by construction",
            "controls",
            AREA,
            _position,
        ),
        "supported",
    ),
    "XR-K2": Control(
        Claim(
            "Some network does better than chance on labels that are permuted among the examples.",
            "false by construction",
            "controls",
            {"distance from chance": 0.03},
            _by_chance,
            every=False,
        ),
        "refuted",
    ),
    "XR-K3": Control(
        Claim(
            "Two networks of one architecture, with other weights at the start, differ in area.",
            "false by construction",
            "controls",
            {"difference of areas": 0.03},
            _copies,
            every=False,
        ),
        "refuted",
    ),
}
