"""Cells of papers' experiments, computed in the test's own process."""

import json
import math
from importlib import import_module

import pandas as pd

from rlgen.util import files


def measure(paper, name, seed=0, **options):
    """What an experiment returns for some options, the others at their defaults."""
    experiment = paper.experiments[name]
    module, _, function = experiment.target.partition(":")
    run = getattr(import_module(module), function)
    return run(seed=seed, **(dict(experiment.options) | options))


def tables(paper, cases):
    """By experiment a row of each case and two seeds, as results have them."""
    return {
        name: pd.DataFrame(_row(paper, name, seed, one) for seed in (0, 1) for one in own)
        for name, own in cases.items()
    }


def _row(paper, name, seed, options):
    experiment = paper.experiments[name]
    row = json.loads(json.dumps(files.without_nan(measure(paper, name, seed, **options))))
    assert set(row) == set(experiment.measures)
    plain = {key: math.nan if value is None else value for key, value in row.items()}
    return {"seed": seed} | dict(experiment.options) | options | plain
