"""rlgen: has a reinforcement-learning agent learnt to play, or memorised its training levels?

The public names are imported when they are first used, so that ``import rlgen`` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from rlgen.util.version import __version__

if TYPE_CHECKING:
    from rlgen import plot
    from rlgen.api import calibrate, draw_split, evaluate, evaluate_policy, load, select
    from rlgen.errors import RlgenError
    from rlgen.levels.family import Family, Levels
    from rlgen.levels.split import Split
    from rlgen.loops.callback import LevelCallback
    from rlgen.loops.level_env import LevelEnv
    from rlgen.loops.recorder import LevelRecorder
    from rlgen.loops.saving import save_levels
    from rlgen.perturbations.condition import Condition
    from rlgen.policies.base import Policy
    from rlgen.report.comparing import compare
    from rlgen.report.kept import bundle, verify
    from rlgen.report.result import Result
    from rlgen.study.probing import probe
    from rlgen.study.tuning.tune import tune

__all__ = [
    "Condition",
    "Family",
    "LevelCallback",
    "LevelEnv",
    "LevelRecorder",
    "Levels",
    "Policy",
    "Result",
    "RlgenError",
    "Split",
    "__version__",
    "bundle",
    "calibrate",
    "compare",
    "draw_split",
    "evaluate",
    "evaluate_policy",
    "load",
    "plot",
    "probe",
    "save_levels",
    "select",
    "tune",
    "verify",
]

_HOME = {
    "Condition": "rlgen.perturbations.condition",
    "Family": "rlgen.levels.family",
    "LevelCallback": "rlgen.loops.callback",
    "LevelEnv": "rlgen.loops.level_env",
    "LevelRecorder": "rlgen.loops.recorder",
    "Levels": "rlgen.levels.family",
    "Policy": "rlgen.policies.base",
    "Result": "rlgen.report.result",
    "RlgenError": "rlgen.errors",
    "Split": "rlgen.levels.split",
    "bundle": "rlgen.report.kept",
    "compare": "rlgen.report.comparing",
    "probe": "rlgen.study.probing",
    "save_levels": "rlgen.loops.saving",
    "tune": "rlgen.study.tuning.tune",
    "verify": "rlgen.report.kept",
}


def __getattr__(name: str) -> Any:
    if name in ("MemorylessPolicy", "ContinuousPolicy"):
        raise import_module("rlgen.errors").PolicyError(
            f"rlgen.{name} is now rlgen.Policy: define distribution(observations, state), which "
            "returns (action probabilities, state), or act(observations, state, rng), which "
            "returns (actions, state)"
        )
    if name == "plot":
        return import_module("rlgen.plot")
    if name not in __all__:
        raise AttributeError(f"module 'rlgen' has no attribute {name!r}")
    return getattr(import_module(_HOME.get(name, "rlgen.api")), name)


def __dir__() -> list[str]:
    return sorted(__all__)
