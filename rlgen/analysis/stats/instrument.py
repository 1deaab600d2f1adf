"""Trials of the instrument on agents whose overfitting is known: can it be believed?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from rlgen.analysis.stats import detection
from rlgen.analysis.stats.scorecards import SOUND, score
from rlgen.util.words import counted

#: The lowest AUC with which a control counts as caught.
CAUGHT = 0.95
#: The planner loses nothing against itself, up to rounding.
NOTHING = 1e-6


@dataclass(frozen=True)
class Trial:
    """One requirement.

    Attributes:
        name: A few words.
        passed: Whether it is met.
        outcome: The numbers that decide, in words.
        why: Why it is required.
    """

    name: str
    passed: bool
    outcome: str
    why: str

    @property
    def entry(self) -> dict[str, Any]:
        """As ``calibration.json`` keeps it."""
        return {"name": self.name, "passed": self.passed, "found": self.outcome, "why": self.why}


def trials(
    rows: pd.DataFrame,
    *,
    stays: Sequence[str],
    sticky: str,
    noop: str,
    by_the_clock: Sequence[str],
    held_out: str,
    memorisers: Sequence[str],
) -> list[Trial]:
    """Requirements on the controls (method 3.5, 3.7).

    Args:
        rows: From ``scorecards.drops``.
        stays: Detectors that show the policy nothing that is not in its training levels.
        sticky: The detector that must catch the open-loop controls.
        noop: The detector that must be blind.
        by_the_clock: Names of agents that no-op starts disturb for another reason.
        held_out: The detector that must flag all memorisers.
        memorisers: Names of controls that memorise.
    """
    controls = rows[rows["kind"] == "control"]
    return [
        _caught(
            "Positive control: fixed action sequences",
            controls,
            sticky,
            ["open-loop"],
            "An agent that replays actions without looking must be caught by sticky actions, or "
            "the checks are not working.",
        ),
        _blind(rows[~rows["name"].isin(by_the_clock)], noop),
        _cleared(controls, stays),
        _alike(controls, stays),
        _caught(
            "Memorisers are flagged by held-out levels",
            controls,
            held_out,
            memorisers,
            "Held-out levels are what overfitting is defined by; they must flag every memoriser.",
        ),
    ]


def _caught(
    name: str, controls: pd.DataFrame, check: str, positive: Sequence[str], why: str
) -> Trial:
    mine = controls[(controls["check"] == check) & controls["eligible"]]
    auc = detection.auc(
        mine[mine["name"].isin(positive)]["drop"].to_numpy(),
        mine[mine["name"] == "planner"]["drop"].to_numpy(),
    )
    outcome = f"AUC {auc.value:.2f} under {check}, {auc.n_positive} against {auc.n_negative}"
    if auc.reason:
        outcome += f" ({auc.reason})"
    return Trial(name, bool(auc.value >= CAUGHT), f"{outcome}; needed {CAUGHT:g}", why)


def _blind(rows: pd.DataFrame, check: str) -> Trial:
    name = "Negative control: do-nothing starts"
    why = (
        "Doing nothing changes nothing in a world that stands still, so a check that seems to "
        "detect something here would be detecting an artefact."
    )
    auc, word = score(rows, check)
    outcome = f"AUC {auc.value:.2f} [{auc.low:.2f}, {auc.high:.2f}]"
    outcome += f" ({auc.reason})" if auc.reason else ""
    passed = word == "does not detect"
    return Trial(name, passed, f"{outcome}: {word}; needed: equivalent to 0.5", why)


def _cleared(controls: pd.DataFrame, stays: Sequence[str]) -> Trial:
    planner = controls[controls["name"] == "planner"]
    losses = planner[planner["check"].isin(stays)]["adjusted"].abs()
    gap = planner["gap"].abs()
    worst = float(losses.max()) if len(losses) else float("nan")
    widest = float(gap.max()) if len(gap) else float("nan")
    return Trial(
        "The planner is cleared",
        bool(worst <= NOTHING and widest <= SOUND),
        f"largest drop {worst:.2g}, largest gap {widest:.2g}",
        "The planner plays every level as well as can be: nothing may accuse it.",
    )


def _alike(controls: pd.DataFrame, stays: Sequence[str]) -> Trial:
    mine = controls[controls["check"].isin(stays)]
    keys = ["pool_seed", "check"]
    planner = mine[mine["name"] == "planner"].set_index(keys)["raw"]
    full = mine[mine["name"] == "full-memoriser"].set_index(keys)["raw"]
    apart = (planner - full).abs()
    worst = float(apart.max()) if len(apart) else float("nan")
    return Trial(
        "What cannot be detected is not",
        bool(worst <= NOTHING),
        f"full memoriser and planner differ by {worst:.2g} at most in "
        f"{counted(len(stays), 'check')}",
        "A full memoriser acts like the planner wherever its training levels can lead. A check "
        "that stays within them and still tells the two apart is broken.",
    )
