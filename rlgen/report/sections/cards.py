"""Cards of cells: memorisation excess, detectable gap and variance components."""

from collections.abc import Mapping
from typing import Any

from rlgen.analysis.results import Results
from rlgen.analysis.stats.components import components
from rlgen.analysis.stats.estimates import POOLS, matrix
from rlgen.analysis.stats.intervals import NAN, Estimate
from rlgen.analysis.stats.power import achieved
from rlgen.analysis.stats.scores import memorisation_excess


def card(results: Results, cell: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of a cell's entry in the summary besides its estimates.

    Returns:
        ``excess``: training return above the memorisation ceiling (method 1.6) with its interval,
        the ``ceiling`` and the ``fraction`` memorised; ``detectable``: the gap that this many runs
        and levels detect with a power of 80 % (method 2.8), as ``return`` and ``normalised``;
        ``components``: variances of the held-out return with their ``shares``, percent, and
        ``advice`` (method 2.2); each with the ``reason`` for nan. ``reasons``: by part of the
        return, why its interval is missing.
    """
    parts = {p: results.estimate(cell, results.main, "return", p) for p in (*POOLS, "gap")}
    return {
        "excess": _excess(parts["train"], results.facts(cell), float(cell["flip_p"])),
        "detectable": _detectable(results, cell),
        "components": _components(results, cell),
        "reasons": {part: mean.reason for part, mean in parts.items() if mean.reason},
    }


def _excess(train: Estimate, facts: Mapping[str, Any], flip_p: float) -> dict[str, Any]:
    ceiling = facts.get("ceiling")
    if not flip_p or ceiling is None:
        reason = "the ceiling is not known" if flip_p else "no rewards are flipped"
        return _excess_entry(Estimate(NAN), NAN, NAN, reason)
    excess = memorisation_excess(train.mean, ceiling, facts["best"])
    # The ceiling is known exactly: the interval is that of the training return, shifted.
    moved = Estimate(excess.excess, train.low - ceiling, train.high - ceiling)
    return _excess_entry(moved, ceiling, excess.fraction, excess.reason or train.reason)


def _excess_entry(excess: Estimate, ceiling: float, fraction: float, reason: str) -> dict[str, Any]:
    return excess.shown | {
        "ceiling": ceiling,
        "fraction": fraction,
        "reason": reason,
    }


def _detectable(results: Results, cell: Mapping[str, Any]) -> dict[str, Any]:
    gaps = {q: results.estimate(cell, results.main, q, "gap") for q in ("return", "normalised")}
    effects = {quantity: achieved(gap) for quantity, gap in gaps.items()}
    reason = "" if effects["return"].mean == effects["return"].mean else effects["return"].reason
    return {quantity: effect.mean for quantity, effect in effects.items()} | {"reason": reason}


def _components(results: Results, cell: Mapping[str, Any]) -> dict[str, Any]:
    returns, reason = matrix(results.records_of(cell), "test")
    variances = components(returns)
    return {
        "runs": cell["runs"],
        "levels": returns.shape[1] if returns.size else NAN,
        "run": variances.run,
        "level": variances.level,
        "residual": variances.residual,
        "shares": dict(zip(("run", "level", "residual"), variances.shares, strict=True)),
        "advice": variances.advice,
        "reason": reason or variances.reason,
    }
