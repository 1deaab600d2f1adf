"""Where cells run: in processes of this machine or of a Ray cluster; others are entry points."""

from rlgen.study.executors.base import Executor
from rlgen.util.registry import Catalogue, Lazy

EXECUTORS: Catalogue[type[Executor]] = Catalogue(
    "executor",
    {
        "local": Lazy("processes on this machine", "rlgen.study.executors.local:LocalExecutor"),
        "ray": Lazy("tasks of a Ray cluster", "rlgen.study.executors.ray_cluster:RayExecutor"),
    },
    group="rlgen.executors",
)
