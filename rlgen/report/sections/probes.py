"""Probes: what was measured by cell, and whether it orders runs by their gap."""

from collections.abc import Mapping
from typing import Any

from rlgen.analysis.probes import MATCHED, Probed


def probes(probed: Probed) -> dict[str, Any]:
    """What the summary says of the probes of a study.

    Returns:
        ``quantity``: whether gaps are ``normalised`` or returns; ``runs``; ``bar``: the baseline to
        beat; ``matched``: ``runs`` that fit their training labels to ``excess`` nats; ``numbers``:
        of each its ``probe``, ``number``, ``meaning``, ``looks_at``, ``version`` and ``baseline``,
        and with their intervals and the ``reason`` for nan ``tau`` over all runs, and ``within``
        strata, ``matched``, and the ``advantage`` over the bar; ``runs``; the ``word``.
        ``not_measured``: probe, reason and number of runs.
    """
    return {
        "quantity": "normalised" if probed.quantity == "normalised" else "return",
        "runs": len(probed.table),
        "bar": probed.bar.name,
        "matched": {"runs": int(probed.matches.sum()), "excess": MATCHED},
        "numbers": [
            {
                "probe": verdict.number.probe,
                "number": verdict.number.number,
                "meaning": verdict.number.meaning,
                "looks_at": verdict.number.looks_at,
                "version": verdict.number.version,
                "baseline": verdict.number.baseline,
                "tau": {
                    "mean": verdict.tau.value,
                    "low": verdict.tau.low,
                    "high": verdict.tau.high,
                    "reason": verdict.tau.reason,
                },
                **{
                    name: getattr(verdict, name).shown | {"reason": getattr(verdict, name).reason}
                    for name in ("within", "matched", "advantage")
                },
                "runs": verdict.runs,
                "word": verdict.word,
            }
            for verdict in probed.verdicts
        ],
        "not_measured": [
            {"probe": probe, "reason": reason, "runs": runs}
            for probe, reason, runs in probed.reasons
        ],
    }


def of_cell(probed: Probed, cell: Mapping[str, Any]) -> dict[str, Any]:
    """Means over a cell's runs by probe and number, each with its interval and ``runs``."""
    entry: dict[str, dict[str, Any]] = {}
    for number in probed.numbers:
        mean, runs = probed.of_cell(cell, number)
        own = mean.shown | {"runs": runs, "reason": mean.reason}
        entry.setdefault(number.probe, {})[number.number] = own
    return entry
