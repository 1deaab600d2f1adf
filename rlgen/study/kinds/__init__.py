"""Kinds of cells by name; other distributions add some through the entry points ``rlgen.kinds``."""

from rlgen.study.cell import Cell
from rlgen.util.registry import Catalogue, Lazy

KINDS: Catalogue[type[Cell]] = Catalogue(
    "kind of cell",
    {
        "train": Lazy("train an agent and evaluate it", "rlgen.study.kinds.train:TrainCell"),
        "evaluate": Lazy(
            "evaluate a policy made elsewhere", "rlgen.study.kinds.evaluate:EvaluateCell"
        ),
        "experiment": Lazy(
            "measure one case of a paper's experiment",
            "rlgen.study.kinds.experiment:ExperimentCell",
        ),
        "clone": Lazy(
            "clone a network from the planner and read it with detectors",
            "rlgen.diagnostics.calibration.cells:CloneCell",
        ),
        "control": Lazy(
            "make control agents of a pool and read them with detectors",
            "rlgen.diagnostics.calibration.cells:ControlCell",
        ),
    },
    group="rlgen.kinds",
)
