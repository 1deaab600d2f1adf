"""Is the instrument to be believed: what must come out on agents whose overfitting is known."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from rlgen.analysis.stats import detection
from rlgen.analysis.stats.scorecards import SOUND, score

#: The least area under the curve with which a control must be told apart.
CAUGHT = 0.95
#: The planner loses nothing against itself, up to rounding.
NOTHING = 1e-6


@dataclass(frozen=True)
class Trial:
    """One requirement.

    Attributes:
        name: A few words.
        passed: Whether it holds.
        found: What was found, in words.
        why: What it is required for.
    """

    name: str
    passed: bool
    found: str
    why: str


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
    """What the instrument must show on the controls (method 3.5, 3.7).

    Args:
        rows: Of ``scorecards.drops``.
        stays: Checks that show the policy nothing that is not in its training levels.
        sticky: The check that must catch the open-loop controls.
        noop: The check that must be blind.
        by_the_clock: Names of agents that no-op starts put off for another reason.
        held_out: The check that must flag all memorisers.
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
    told = detection.auc(
        mine[mine["name"].isin(positive)]["drop"].to_numpy(),
        mine[mine["name"] == "planner"]["drop"].to_numpy(),
    )
    found = f"AUC {told.value:.2f} under {check}, {told.n_positive} against {told.n_negative}"
    if told.reason:
        found += f" ({told.reason})"
    return Trial(name, bool(told.value >= CAUGHT), f"{found}; needed {CAUGHT:g}", why)


def _blind(rows: pd.DataFrame, check: str) -> Trial:
    name = "Negative control: do-nothing starts"
    why = (
        "Doing nothing changes nothing in a world that stands still, so a check that seems to "
        "detect something here would be detecting an artefact."
    )
    told, word = score(rows, check)
    found = f"AUC {told.value:.2f} [{told.low:.2f}, {told.high:.2f}]"
    found += f" ({told.reason})" if told.reason else ""
    passed = word == "does not detect"
    return Trial(name, passed, f"{found}: {word}; needed: equivalent to 0.5", why)


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
        f"full memoriser and planner differ by {worst:.2g} at most in {len(stays)} checks",
        "A full memoriser acts like the planner wherever its training levels can lead. A check "
        "that stays within them and still tells the two apart is broken.",
    )
