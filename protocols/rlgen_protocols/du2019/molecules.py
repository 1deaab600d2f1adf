"""Cells that classify MUTAG: asked for where the user names a folder that holds it."""

from collections.abc import Sequence
from itertools import product
from typing import Any

from rlgen.protocol.suite import Declaration
from rlgen.study.cell import Cell
from rlgen.study.kinds.experiment import ExperimentCell
from rlgen.util.options import configured
from rlgen_protocols.du2019.experiments import EXPERIMENTS
from rlgen_protocols.du2019.tasks import NAME
from rlgen_protocols.graphs import mutag

_EXPERIMENT = "classes"
#: By budget the values of options, and the seeds: those of the budget paper are the authors'.
CASES: dict[str, tuple[dict[str, list[Any]], int]] = {
    "smoke": ({"blocks": [1], "layers": [1], "jumping": [True]}, 1),
    "cpu": ({"blocks": [1, 3], "layers": [1, 2], "jumping": [True, False]}, 2),
    "paper": ({"blocks": [1, 3], "layers": [1, 2, 3], "jumping": [True, False]}, 10),
}


def cells(study: Declaration) -> Sequence[Cell]:
    """The cells of a study at its budget, seed after seed.

    Raises:
        ProtocolError: If the folder that is named does not hold the data.
    """
    if mutag.folder() is None or study.budget not in CASES:
        return ()
    options, seeds = CASES[study.budget]
    methods: list[dict[str, Any]] = [{"method": "wl"}]
    for scaling, *values in product(("uniform", "degree"), *options.values()):
        methods.append({"method": f"gntk-{scaling}", **dict(zip(options, values, strict=True))})
    experiment = EXPERIMENTS[_EXPERIMENT]
    return [
        ExperimentCell(NAME, _EXPERIMENT, experiment, _whole(own), seed)
        for seed in range(seeds)
        for own in methods
    ]


def _whole(options: dict[str, Any]) -> dict[str, Any]:
    experiment = EXPERIMENTS[_EXPERIMENT]
    options = {"dataset": "mutag", **options}
    return configured(_EXPERIMENT, options, experiment.options, experiment.limits)
