"""The catalogue of controls: agents whose overfitting is known by construction (method 3.5).

An instrument is trusted when it measures known quantities correctly, and these are the known
quantities. To add one: a module with a ``Control``, and its line in the table; the contract
tests then check it. Other distributions add members through the entry-point group
``rlgen.controls``.
"""

from typing import TYPE_CHECKING

from rlgen.util.registry import Catalogue, Lazy

if TYPE_CHECKING:
    # Listing the catalogue need not import what evaluates.
    from rlgen.agents.controls.base import Control

__all__ = ["CONTROLS"]

_HERE = "rlgen.agents.controls"

CONTROLS: "Catalogue[Control]" = Catalogue(
    "control",
    {
        "random": Lazy("every action equally likely", f"{_HERE}.random:MEMBER"),
        "planner": Lazy("plays every level optimally", f"{_HERE}.planner:MEMBER"),
        "sticky-aware-planner": Lazy(
            "plays every level as well as sticky actions (25 %) allow",
            f"{_HERE}.aware_planner:STICKY",
        ),
        "full-memoriser": Lazy(
            "the planner on every state of its levels, random elsewhere",
            f"{_HERE}.memorisers:FULL",
        ),
        **{
            f"trajectory-memoriser-r{r}": Lazy(
                f"the planner within {r} steps of its path in its levels, random elsewhere",
                f"{_HERE}.memorisers:R{r}",
            )
            for r in (0, 1, 2, 4)
        },
        "open-loop": Lazy(
            "replays the planner's actions without looking", f"{_HERE}.open_loop:MEMBER"
        ),
        "brute": Lazy(
            "replays the best of the action sequences it has tried", f"{_HERE}.brute:MEMBER"
        ),
        "q-learning": Lazy(
            "a table of action values learnt by playing, random in states it never met",
            f"{_HERE}.q_learning:MEMBER",
        ),
        "nearest-neighbour": Lazy(
            "the planner's action in the most similar state of its levels",
            f"{_HERE}.nearest_neighbour:MEMBER",
        ),
    },
    group="rlgen.controls",
)
