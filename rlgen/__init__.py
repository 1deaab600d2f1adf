"""rlgen: has a reinforcement-learning agent learnt to play, or memorised its training levels?

The public names are imported when they are first used, so that ``import rlgen`` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rlgen.api import Result, calibrate, draw_split, evaluate, evaluate_policy, load, select
    from rlgen.conditions import Condition
    from rlgen.continuous import ContinuousPolicy
    from rlgen.errors import RlgenError
    from rlgen.levels import Family, Levels
    from rlgen.policy import MemorylessPolicy, Policy
    from rlgen.splits import Split

__version__ = "0.1.0"

__all__ = [
    "Condition",
    "ContinuousPolicy",
    "Family",
    "Levels",
    "MemorylessPolicy",
    "Policy",
    "Result",
    "RlgenError",
    "Split",
    "calibrate",
    "draw_split",
    "evaluate",
    "evaluate_policy",
    "load",
    "select",
]

_HOME = {
    "Condition": "rlgen.conditions",
    "ContinuousPolicy": "rlgen.continuous",
    "Family": "rlgen.levels",
    "Levels": "rlgen.levels",
    "MemorylessPolicy": "rlgen.policy",
    "Policy": "rlgen.policy",
    "RlgenError": "rlgen.errors",
    "Split": "rlgen.splits",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'rlgen' has no attribute {name!r}")
    return getattr(import_module(_HOME.get(name, "rlgen.api")), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
