"""Where cells run: ``local`` starts worker processes on this machine; others are entry points."""

from rlgen.study.executors.base import Executor
from rlgen.util.registry import Catalogue, Lazy

EXECUTORS: Catalogue[type[Executor]] = Catalogue(
    "executor",
    {"local": Lazy("processes on this machine", "rlgen.study.executors.local:LocalExecutor")},
    group="rlgen.executors",
)
