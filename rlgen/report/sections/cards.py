"""What a cell's card says beside means and gaps: excess, what could be detected, what varies."""

from collections.abc import Mapping
from typing import Any

from rlgen.analysis.results import Results
from rlgen.analysis.stats.components import components
from rlgen.analysis.stats.estimates import POOLS, matrix
from rlgen.analysis.stats.intervals import NAN, Estimate
from rlgen.analysis.stats.power import achieved
from rlgen.analysis.stats.scores import memorisation_excess


def card(study: Results, cell: Mapping[str, Any]) -> dict[str, Any]:
    """The keys that a cell's entry in the summary has besides its estimates.

    Returns:
        ``excess``: training return above the memorisation ceiling (method 1.6) with its interval,
        the ``ceiling`` and the ``fraction`` memorised; ``detectable``: the gap that this many runs
        and levels find with a power of 80 % (method 2.8), as ``return`` and ``normalised``;
        ``components``: variances of the held-out return with their ``shares``, percent, and
        ``advice`` (method 2.2); each with the ``reason`` for what is nan. ``reasons``: by part of
        the return, why its interval is missing.
    """
    parts = {p: study.estimate(cell, study.main, "return", p) for p in (*POOLS, "gap")}
    return {
        "excess": _excess(parts["train"], study.facts(cell), float(cell["flip_p"])),
        "detectable": _detectable(study, cell),
        "components": _components(study, cell),
        "reasons": {part: told.reason for part, told in parts.items() if told.reason},
    }


def _excess(train: Estimate, facts: Mapping[str, Any], flip_p: float) -> dict[str, Any]:
    ceiling = facts.get("ceiling")
    if not flip_p or ceiling is None:
        reason = "the ceiling is not known" if flip_p else "no rewards are flipped"
        return _excess_told(Estimate(NAN), NAN, NAN, reason)
    told = memorisation_excess(train.mean, ceiling, facts["best"])
    # The ceiling is a known number: the interval is that of the training return, moved.
    moved = Estimate(told.excess, train.low - ceiling, train.high - ceiling)
    return _excess_told(moved, ceiling, told.fraction, told.reason or train.reason)


def _excess_told(told: Estimate, ceiling: float, fraction: float, reason: str) -> dict[str, Any]:
    return told.shown | {
        "ceiling": ceiling,
        "fraction": fraction,
        "reason": reason,
    }


def _detectable(study: Results, cell: Mapping[str, Any]) -> dict[str, Any]:
    gaps = {q: study.estimate(cell, study.main, q, "gap") for q in ("return", "normalised")}
    told = {quantity: achieved(gap) for quantity, gap in gaps.items()}
    reason = "" if told["return"].mean == told["return"].mean else told["return"].reason
    return {quantity: effect.mean for quantity, effect in told.items()} | {"reason": reason}


def _components(study: Results, cell: Mapping[str, Any]) -> dict[str, Any]:
    returns, reason = matrix(study.records_of(cell), "test")
    found = components(returns)
    return {
        "runs": cell["runs"],
        "levels": returns.shape[1] if returns.size else NAN,
        "run": found.run,
        "level": found.level,
        "residual": found.residual,
        "shares": dict(zip(("run", "level", "residual"), found.shares, strict=True)),
        "advice": found.advice,
        "reason": reason or found.reason,
    }
