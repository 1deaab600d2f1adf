"""Do checks on training levels detect overfitting: C-09 and C-10 (method 3.7).

Two strata share their sound agents, those of the largest pool without flips. In A the overfitted
ones were trained on few levels, in B on many whose rewards are random. The answer comes from
networks cloned from the planner, of which there can be enough, and is shown for trained agents too.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from rlgen.analysis.claims import Claim, Part, within
from rlgen.analysis.stats import scorecards
from rlgen.analysis.stats.detection import Auc
from rlgen.analysis.stats.intervals import NAN, Estimate
from rlgen_protocols.zhang2018.claims.evidence import Evidence

STICKY_CHECKS = ("sticky-proposed-25", "sticky-executed-25")
SPAWN_CHECK = "random-spawn"
#: What networks cloned for these claims are put to.
CHECKS = (*STICKY_CHECKS, SPAWN_CHECK)
#: Overfitted on few levels (stratum A) and on random rewards (B), and sound: network, training
#: levels, flip probability. B has a tenth of the paper's levels: 3,000 steps of cloning do not fit
#: random rewards on 1,000.
STRATA = (("conv-a", 10, 0.0), ("mlp-512-128", 100, 0.5), ("conv-k2x2", 1000, 0.0))
#: The conditions of a study that are the same checks.
CONDITIONS = {
    "sticky-proposed-25": "sticky_proposed:0.25",
    "sticky-executed-25": "sticky_executed:0.25",
    "random-spawn": "random_spawn",
}
A, B = "A: few levels", "B: random rewards"


@dataclass(frozen=True)
class Stratum:
    """Overfitted and sound agents under one check.

    Attributes:
        agents: "cloned" or "trained".
        name: ``A`` or ``B``.
        check: Its name.
        auc: Probability that an overfitted agent loses more than a sound one.
        left_out: Agents that have not learnt their training levels, or are neither overfitted nor
            sound.
    """

    agents: str
    name: str
    check: str
    auc: Auc
    left_out: int


def strata(evidence: Evidence, kinds: Sequence[str] = ("cloned", "trained")) -> list[Stratum]:
    """Every stratum under every check, for cloned and for trained agents."""
    auc = []
    for agents in kinds:
        rows = (_cloned if agents == "cloned" else _trained)(evidence)
        for check in CHECKS:
            own = rows[rows["check"] == check]
            for name in (A, B):
                auc.append(_stratum(agents, name, check, own))
    return auc


def _stratum(agents: str, name: str, check: str, rows: pd.DataFrame) -> Stratum:
    if rows.empty:
        none = Auc(NAN, NAN, NAN, NAN, 0, 0, f"no {agents} agents yet")
        return Stratum(agents, name, check, none, 0)
    unflipped, n = rows["flip_p"] == 0, rows["n_levels"]
    sound = unflipped & (n == n[unflipped].max())
    few = unflipped & (n == n[unflipped].min()) & ~sound
    random = ~unflipped & (n == n[~unflipped].max())
    overfitted = few if name == A else random
    marked = (overfitted & (rows["label"] > 0)) | (sound & (rows["label"] < 0))
    auc, _ = scorecards.score(rows[marked], check)
    left_out = int((overfitted | sound).sum()) - auc.n_positive - auc.n_negative
    return Stratum(agents, name, check, auc, left_out)


def _cloned(evidence: Evidence) -> pd.DataFrame:
    return scorecards.drops(evidence.results.clones)


def _trained(evidence: Evidence) -> pd.DataFrame:
    """The study's runs; the drop is one of the normalised training score."""
    rows: list[dict[str, object]] = []
    for setting in evidence.settings("fig3b", "fig4", "fig18"):
        train, test = (evidence.tables(setting, p, "normalised") for p in ("train", "test"))
        held_out = dict(zip(test.seeds, test.values, strict=True))
        for check, condition in CONDITIONS.items():
            faced = evidence.tables(setting, "train", "normalised", condition)
            under = dict(zip(faced.seeds, faced.values, strict=True))
            for seed, values in zip(train.seeds, train.values, strict=True):
                if seed in under and seed in held_out:
                    score = float(values.mean())
                    rows.append(
                        {
                            "run": (str(setting), seed),
                            "check": check,
                            "drop": score - float(under[seed].mean()),
                            "gap": score - float(held_out[seed].mean()),
                            "train_score": score,
                            "n_levels": setting.n_train_levels,
                            "flip_p": setting.flip_p,
                        }
                    )
    columns = ["run", "check", "drop", "gap", "train_score", "n_levels", "flip_p"]
    return scorecards.judged(pd.DataFrame(rows, columns=columns)).drop_duplicates(["run", "check"])


def _cloned_strata(
    evidence: Evidence, checks: Iterable[str], names: Iterable[str]
) -> list[Stratum]:
    wanted = [(check, name) for check in checks for name in names]
    return [s for s in strata(evidence, ["cloned"]) if (s.check, s.name) in wanted]


def _sticky(evidence: Evidence, margins: Sequence[float]) -> list[Part]:
    return [
        _chance(stratum, margins[0]) for stratum in _cloned_strata(evidence, STICKY_CHECKS, (A, B))
    ]


def _spawn(evidence: Evidence, margins: Sequence[float]) -> list[Part]:
    least, margin = margins
    few, random = _cloned_strata(evidence, (SPAWN_CHECK,), (A, B))
    return [_detects(few, least), _chance(random, margin)]


def _chance(stratum: Stratum, margin: float) -> Part:
    """The check is no better than chance, within the margin."""
    auc = stratum.auc
    part = within(_what(stratum), _estimate(auc), margin, centre=0.5)
    if auc.se == 0 and auc.value == auc.value:
        # Nothing varies: the smallest class bounds how often that happens by chance; see
        # ``detection.verdict``.
        tied = (1 - 2 * margin) ** min(auc.n_positive, auc.n_negative)
        equal = auc.value == 0.5
        p_supported, p_refuted = (tied, 1.0) if equal else (1.0, 2 * _beyond(auc, 0.5 + margin))
        part = Part(part.what, part.estimate, part.requirement, p_supported, min(1.0, p_refuted))
    return part


def _detects(stratum: Stratum, least: float) -> Part:
    """The check's AUC is at least this large."""
    auc = stratum.auc
    p = _beyond(auc, least)
    refuted = 1 - p
    if auc.se == 0:
        # All pairs in the wrong order, or all tied: as in ``_beyond``.
        share = {0.0: 1 - least, 0.5: 2 * (1 - least)}.get(auc.value, 1.0)
        refuted = share ** min(auc.n_positive, auc.n_negative)
    return Part(_what(stratum), _estimate(auc), f"at least {least:g}", p, refuted)


def _beyond(auc: Auc, area: float) -> float:
    """One-sided p-value of the AUC being at most ``area``, on the logit scale like its interval."""
    if auc.value != auc.value or auc.se != auc.se:
        return NAN
    if auc.se == 0:
        # Wholly apart: the likeliest way to this is n independent pairs.
        return area ** min(auc.n_positive, auc.n_negative) if auc.value == 1 else 1.0
    from scipy import special

    scale = auc.se / (auc.value * (1 - auc.value))
    z = (special.logit(auc.value) - special.logit(area)) / scale
    return float(special.ndtr(-z))


def _what(stratum: Stratum) -> str:
    auc = stratum.auc
    return (
        f"AUC of {stratum.check} on {stratum.agents} agents, {stratum.name} "
        f"({auc.n_positive} overfitted, {auc.n_negative} sound)"
    )


def _estimate(auc: Auc) -> Estimate:
    # An interval of width 0 is a variance of 0, from which no t test follows.
    variance = auc.se**2 if auc.se > 0 else NAN
    return Estimate(auc.value, auc.low, auc.high, variance, float("inf"), auc.reason)


STICKY = Claim(
    "Sticky actions on training levels do not tell overfitted agents from sound ones.",
    "section 4.2, Fig 4, 18",
    "fig4",
    {"half the width of the zone around an AUC of .5 that counts as chance": 0.1},
    _sticky,
)
SPAWN = Claim(
    "Random spawn exposes agents of few training levels, and not those of many levels with random "
    "rewards.",
    "appendix C (and against it Fig 3b)",
    "fig3b",
    {"AUC that detects": 0.8, "half the width of the zone around .5 that counts as chance": 0.1},
    _spawn,
)
