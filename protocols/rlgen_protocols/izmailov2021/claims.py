"""The paper's claims as statements that a study decides, with the margins of the specification.

Intervals are over data sets, each with training and held-out levels of its own. A set of chains
that did not mix does not count.
"""

from collections.abc import Sequence

import pandas as pd

from rlgen.analysis.claims import Claim, Part, above, below, within
from rlgen_protocols.izmailov2021.data import LIT as SHARES
from rlgen_protocols.izmailov2021.evidence import (
    Evidence,
    gap,
    loss,
    minus,
    over_sets,
    paired,
)
from rlgen_protocols.izmailov2021.measuring import ALL, LIT, UNLIT
from rlgen_protocols.izmailov2021.methods import (
    CHAIN,
    ENSEMBLE,
    HMC,
    MAP,
    MFVI,
    SGLD,
    TUNED,
    WEAK,
)


def _better_than(kind: str, evidence: Evidence, margins: Sequence[float]) -> list[Part]:
    parts = []
    for setting, own in evidence.settings():
        for other in (kind, kind + ENSEMBLE):
            what = f"excess loss on unlit states, HMC minus {other}: {setting}"
            change = over_sets(what, own, gap("excess_nll", HMC, other, UNLIT))
            parts.append(below(*change, margins[0]))
    return parts


def _same_prior(evidence: Evidence, margins: Sequence[float]) -> list[Part]:
    return _better_than(MAP, evidence, margins)


def _weak(evidence: Evidence, margins: Sequence[float]) -> list[Part]:
    return _better_than(WEAK, evidence, margins)


def _tuned(evidence: Evidence, margins: Sequence[float]) -> list[Part]:
    return _better_than(TUNED, evidence, margins)


def _one_chain(evidence: Evidence, margins: Sequence[float]) -> list[Part]:
    parts = []
    for setting, own in evidence.settings():
        what = f"excess loss, one chain minus all: {setting}"
        parts.append(within(*over_sets(what, own, gap("excess_nll", CHAIN, HMC)), margins[0]))
    return parts


def _temperature(evidence: Evidence, margins: Sequence[float]) -> list[Part]:
    parts = []
    for setting, own in evidence.settings():
        cells = evidence.beside(own, temperature=None)
        for temperature, colder in cells[cells["temperature"] < 1].groupby("temperature"):
            what = f"excess loss, T = 1 minus T = {temperature:g}: {setting}"
            parts.append(below(*over_sets(what, paired(own, colder), _gained), margins[0]))
    return parts


def _gained(row: pd.Series) -> float:
    return float(row["excess_nll"] - row["other"])


def _scale(evidence: Evidence, margins: Sequence[float]) -> list[Part]:
    parts = []
    for setting, own in evidence.settings():
        cells = evidence.beside(own, prior_var=None)
        factors = cells["prior_var"] / own["prior_var"].iloc[0]
        half, twice = cells[factors == 0.5], cells[factors == 2]
        if half.empty or twice.empty:
            continue
        rows = paired(own, half).rename(columns={"other": "half", "other_counts": "half_counts"})
        rows = paired(rows, twice)
        what = f"range of the excess loss at half, one and two prior variances: {setting}"
        parts.append(below(*over_sets(what, rows, _range), margins[0]))
    return parts


def _range(row: pd.Series) -> float:
    values = [row[key] for key in ("excess_nll", "half", "other")]
    return float(max(values) - min(values))


def _shift(evidence: Evidence, margins: Sequence[float]) -> list[Part]:
    parts = []
    for setting, own in evidence.settings():
        for key, name in (("accuracy", "accuracy"), ("score", "normalised return")):
            change = minus(loss(HMC, key, UNLIT, LIT), loss(MAP, key, UNLIT, LIT))
            what = f"loss of {name} from unlit to lit states, HMC minus MAP: {setting}"
            parts.append(above(*over_sets(what, own, change), margins[0]))
    return parts


def _synthetic(evidence: Evidence, margins: Sequence[float]) -> list[Part]:
    parts = []
    for setting, own in evidence.settings():
        for name, share in SHARES.items():
            change = minus(
                loss(HMC, "excess_nll", name, ALL),
                loss(MAP, "excess_nll", name, ALL),
            )
            what = f"rise of excess loss at {share:.0%} lit, HMC minus MAP: {setting}"
            parts.append(above(*over_sets(what, own, change), margins[0]))
    return parts


def _closeness(evidence: Evidence, margins: Sequence[float]) -> list[Part]:
    parts, ensemble = [], MAP + ENSEMBLE
    for setting, own in evidence.settings():
        what = f"total variation to HMC, {ensemble} minus {SGLD}: {setting}"
        parts.append(within(*over_sets(what, own, gap("tv", ensemble, SGLD)), margins[0]))
        for nearer in (ensemble, SGLD):
            what = f"total variation to HMC, {nearer} minus {MFVI}: {setting}"
            parts.append(below(*over_sets(what, own, gap("tv", nearer, MFVI)), margins[1]))
    return parts


_GAIN = {"difference of excess losses, nats": 0.0}
CLAIMS: dict[str, Claim] = {
    "IZ-01": Claim(
        "On states like those of training the model average loses less than MAP and than deep "
        "ensembles of the same prior.",
        "section 6, abstract (1)",
        "methods",
        _GAIN,
        _same_prior,
    ),
    "IZ-02": Claim(
        "The same against networks and ensembles with weak decay, the usual training.",
        "section 6, abstract (1)",
        "methods",
        _GAIN,
        _weak,
    ),
    "IZ-03": Claim(
        "The same against MAP and ensembles whose own prior was chosen on validation levels.",
        "section 6, abstract (1), our reading",
        "methods",
        _GAIN,
        _tuned,
    ),
    "IZ-04": Claim(
        "A single chain is as good as several.",
        "abstract (2)",
        "draws",
        {"difference of excess losses that counts as none, nats": 0.02},
        _one_chain,
    ),
    "IZ-05": Claim(
        "A colder posterior is no better: there is no cold posterior effect.",
        "section 7, abstract (3)",
        "temperature",
        {"gain of a colder posterior that counts, nats": 0.02},
        _temperature,
    ),
    "IZ-06": Claim(
        "The model average is insensitive to the scale of the prior.",
        "abstract (4)",
        "prior",
        {"range of excess losses, nats": 0.05},
        _scale,
    ),
    "IZ-07": Claim(
        "On held-out states that light inputs which training never lit, the model average loses "
        "more than MAP does.",
        "section 6, abstract (5), as a shift of levels",
        "shift",
        {"difference of losses": 0.0},
        _shift,
    ),
    "IZ-08": Claim(
        "Where inputs that training never lit are lit at random, the model average loses more than "
        "MAP does.",
        "section 6, abstract (5), as a corruption",
        "shift",
        {"difference of rises of excess loss, nats": 0.0},
        _synthetic,
    ),
    "IZ-09": Claim(
        "Deep ensembles and SGLD are about equally close to HMC, and closer than mean-field "
        "variational inference.",
        "abstract (6)",
        "closeness",
        {
            "difference of total variations that counts as none": 0.05,
            "difference of total variations to variational inference": 0.0,
        },
        _closeness,
    ),
}
