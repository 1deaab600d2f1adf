"""The catalogue of detectors of overfitting (method 3.3).

To add one: a module with a ``Detector``, and its line in the table. The contract tests then verify
its claims about itself: a detector that stays within the training levels cannot tell a full
memoriser from the planner, and every detector clears the planner.
"""

from typing import TYPE_CHECKING

from rlgen.util.registry import Catalogue, Lazy

if TYPE_CHECKING:
    from rlgen.diagnostics.detectors.base import Detector

__all__ = ["DETECTORS"]

_HERE = "rlgen.diagnostics.detectors"


def _under(number: str, condition: str, words: str) -> Lazy:
    target = f"{_HERE}.under_condition:UnderCondition"
    return Lazy(words, target, (number, words, condition))


DETECTORS: "Catalogue[Detector]" = Catalogue(
    "detector",
    {
        "greedy": _under("K-01", "greedy", "the most probable action"),
        "temperature": _under("K-01", "temperature:2", "action probabilities flattened, T = 2"),
        "epsilon-5": _under("K-02", "epsilon:0.05", "5 % random actions"),
        "epsilon-25": _under("K-02", "epsilon:0.25", "25 % random actions"),
        "sticky-proposed-25": _under("K-03", "sticky_proposed:0.25", "sticky actions, 25 %"),
        "sticky-proposed-50": _under("K-03", "sticky_proposed:0.5", "sticky actions, 50 %"),
        "sticky-proposed-75": _under("K-03", "sticky_proposed:0.75", "sticky actions, 75 %"),
        "sticky-proposed-99": _under("K-03", "sticky_proposed:0.99", "sticky actions, 99 %"),
        "sticky-executed-25": _under("K-04", "sticky_executed:0.25", "sticky as in ALE, 25 %"),
        "sticky-executed-50": _under("K-04", "sticky_executed:0.5", "sticky as in ALE, 50 %"),
        "sticky-executed-75": _under("K-04", "sticky_executed:0.75", "sticky as in ALE, 75 %"),
        "sticky-executed-99": _under("K-04", "sticky_executed:0.99", "sticky as in ALE, 99 %"),
        "random-spawn": _under("K-05", "random_spawn", "random start cells"),
        "random-spawn-sticky": _under(
            "K-06", "random_spawn+sticky_proposed:0.25", "random start cells and sticky actions"
        ),
        "noop-starts": _under("K-07", "noop_starts:30", "1 to 30 do-nothing steps first"),
        "path-starts": Lazy(
            "start at a random moment of the planner's path",
            f"{_HERE}.path_starts:MEMBER",
        ),
        "frame-skip": _under("K-09", "frame_skip:2", "each action held for 2 steps"),
        "random-frame-skip": _under("K-09", "random_frame_skip:3", "held for 1 to 3 steps"),
        "delay-1": _under("K-10", "delay:1", "actions one step late"),
        "delay-2": _under("K-10", "delay:2", "actions two steps late"),
        "noise-0.5": Lazy(
            "each number of the observation is wrong with probability 0.005",
            f"{_HERE}.observation_noise:WEAK",
        ),
        "noise-2": Lazy(
            "each number of the observation is wrong with probability 0.02",
            f"{_HERE}.observation_noise:STRONG",
        ),
        "wall": Lazy("one more obstacle, off every best path", f"{_HERE}.edited:WALL"),
        "symmetry": Lazy("rotated and mirrored, in all seven ways", f"{_HERE}.edited:SYMMETRY"),
        "object-move": Lazy("one object moved elsewhere", f"{_HERE}.edited:MOVE"),
        "object-swap": Lazy("a good and a bad object swapped", f"{_HERE}.edited:SWAP"),
        "held-out-10": Lazy("10 held-out levels", f"{_HERE}.held_out:FEW"),
        "held-out-50": Lazy("50 held-out levels", f"{_HERE}.held_out:SOME"),
        "held-out-200": Lazy("200 held-out levels", f"{_HERE}.held_out:MANY"),
    },
    group="rlgen.checks",
)
