"""The numbers of the figures as tables: a row each, with intervals over data sets."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from matplotlib.axis import Axis
from matplotlib.ticker import FormatStrFormatter, NullFormatter

from rlgen_protocols.izmailov2021.evidence import Evidence, of, over_sets
from rlgen_protocols.izmailov2021.methods import HMC

#: Columns of every table.
COLUMNS = ["setting", "method", "states", "number", "mean", "low", "high", "data_sets"]


def settings(evidence: Evidence) -> list[tuple[str, pd.DataFrame]]:
    """All settings in which HMC stands beside all else, those of random rewards last."""
    flipped = [(f"random rewards, {name}", own) for name, own in evidence.settings(flipped=True)]
    return [*evidence.settings(), *flipped]


def scores(
    evidence: Evidence, methods: Sequence[str], states: Iterable[str], keys: Sequence[str]
) -> pd.DataFrame:
    """Numbers of methods on sets of states, where they were measured."""
    rows = []
    for setting, own in settings(evidence):
        for group in states:
            for method in methods:
                for key in keys:
                    mixed = own[own["counts"].astype(bool)]
                    _, estimate = over_sets("", own, of(method, group, key))
                    if np.isfinite(estimate.mean):
                        values = estimate.shown.values()
                        rows.append((setting, method, group, key, *values, len(mixed)))
    return pd.DataFrame(rows, columns=COLUMNS)


def by_value(cells: pd.DataFrame, option: str, keys: Sequence[str], states: str) -> pd.DataFrame:
    """HMC's numbers by the values of one option."""
    rows = []
    for value, own in cells.groupby(option):
        for key in keys:
            _, estimate = over_sets("", own, of(HMC, states, key))
            rows.append((value, key, *estimate.shown.values(), int(own["counts"].sum()), len(own)))
    columns = [option, "number", "mean", "low", "high", "mixed", "data_sets"]
    return pd.DataFrame(rows, columns=columns)


def written(axis: Axis) -> None:
    """Write the numbers of a logarithmic axis out: our pages draw no formulas."""
    axis.set_major_formatter(FormatStrFormatter("%g"))
    axis.set_minor_formatter(NullFormatter())
