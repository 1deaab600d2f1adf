"""From readings to what a calibration says: scorecards, trials, and the one-word answer."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from rlgen.analysis.stats import detection, instrument, scorecards
from rlgen.analysis.stats.scorecards import Scorecard
from rlgen.diagnostics.calibration.population import BY_THE_CLOCK, MEMORISERS
from rlgen.diagnostics.detectors.base import Detector
from rlgen.util.version import __version__

#: Populations that checks are scored on: name -> kinds of agents.
POPULATIONS = {"all": ("control", "network"), "networks": ("network",), "controls": ("control",)}
#: The trajectory memorisers' dial: name -> steps from the planner's way that they still know.
RADII = {f"trajectory-memoriser-r{r}": float(r) for r in (0, 1, 2, 4)} | {
    "full-memoriser": float("inf")
}
#: The checks that the trials are about.
STICKY, NOOP, HELD_OUT = "sticky-proposed-25", "noop-starts", "held-out-50"


def summarise(
    agents: Sequence[Mapping[str, Any]],
    failed: Mapping[str, str],
    checks: Mapping[str, Detector],
    settings: Mapping[str, Any],
) -> dict[str, Any]:
    """Everything the page shows, as plain values.

    Args:
        agents: Readings, as jobs write them.
        failed: By agent, why it could not be made.
        checks: Those that were read, by name.
        settings: What the calibration was asked for.
    """
    rows = scorecards.drops(agents)
    cards = {
        population: {name: scorecards.scorecard(_of(rows, kinds), name, halves) for name in checks}
        for population, kinds in POPULATIONS.items()
    }
    trials = instrument.trials(
        rows,
        stays=[name for name, check in checks.items() if not check.leaves],
        sticky=STICKY,
        noop=NOOP,
        by_the_clock=BY_THE_CLOCK,
        held_out=HELD_OUT,
        memorisers=MEMORISERS,
    )
    people = rows.drop_duplicates("agent")
    return {
        "rlgen": __version__,
        "settings": dict(settings),
        "believed": all(trial.passed for trial in trials) and not failed,
        "trials": [trial.entry for trial in trials],
        "failed": dict(failed),
        "checks": [
            {
                "name": name,
                "number": check.number,
                "card": check.card,
                "leaves": check.leaves,
                "levels": agents[0]["levels"][name] if agents else 0,
                "steps": _mean([agent["steps"][name] for agent in agents]),
                "radius": _radius(rows, name),
                **{p: _plain(cards[p][name], agents, name) for p in POPULATIONS},
            }
            for name, check in checks.items()
        ],
        "agents": people[[*scorecards.FIELDS, "gap", "eligible", "label"]].to_dict("records"),
        "drops": rows[["agent", "check", "raw", "adjusted", "drop"]].to_dict("records"),
    }


def halves(table: pd.DataFrame) -> "np.typing.NDArray[np.bool_]":
    """Agents on pools with an even seed fit thresholds, the others are judged by them."""
    return np.asarray(table["pool_seed"].to_numpy() % 2 == 0, dtype=np.bool_)


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else float("nan")


def _of(rows: pd.DataFrame, kinds: Sequence[str]) -> pd.DataFrame:
    return rows[rows["kind"].isin(kinds)]


def _radius(rows: pd.DataFrame, check: str) -> str:
    """How far from the planner's way a memoriser may know the level and still be caught."""
    mine = rows[(rows["check"] == check) & rows["name"].isin(RADII)]
    means = mine.groupby("name")["adjusted"].mean()
    read = [name for name in RADII if name in means.index]
    radius = detection.detection_radius([RADII[n] for n in read], [means[n] for n in read])
    if radius != radius:
        return "none"
    return "every" if np.isinf(radius) else f"{radius:g}"


def _plain(card: Scorecard, agents: Sequence[Mapping[str, Any]], name: str) -> dict[str, Any]:
    numbers = asdict(card)
    numbers["roc"] = [axis.tolist() for axis in card.roc]
    # What a hundredth of area above a coin's costs, in environment steps (method 3.2).
    points = 100 * (card.auc.value - 0.5)
    steps = _mean([agent["steps"][name] for agent in agents])
    numbers["steps_per_point"] = steps / points if points > 0 else float("nan")
    return numbers
