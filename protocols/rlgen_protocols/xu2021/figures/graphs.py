"""Figures of largest degrees and shortest paths."""

import pandas as pd

from rlgen.analysis.results import Results
from rlgen.papers import Section
from rlgen_protocols.xu2021.evidence import rows
from rlgen_protocols.xu2021.figures.drawing import IN, OUT, averaged, bars, panels
from rlgen_protocols.xu2021.random_graphs import FAMILIES

_BOTH = {"in range": IN, "out of range": OUT}
_ERRORS = {"in range": "error_in", "out of range": "error_out"}
_NETWORKS = {
    "constant features, one round": ("constant", False),
    "constant features, authors' network": ("constant", True),
    "random features, authors' network": ("random", True),
}
_MEAN = (
    "Mean absolute error in percent as the authors compute it, geometric mean over seeds with 95 % "
    "interval; less than 0.001 is drawn as 0.001. "
)


def readouts(results: Results) -> Section | None:
    """Errors of the largest degree by readout; None if nothing has been run."""
    table = rows(results.measured("max-degree"), train_graphs="general")
    if table.empty:
        return None
    parts = _by_network(table)
    data = {title: averaged(own, "readout", _ERRORS) for title, own in parts.items()}
    with panels("max-degree", "Errors of the largest degree by readout", list(data)) as figure:
        for axis, own in zip(figure.axes, data.values(), strict=True):
            bars(axis, own, "readout", _BOTH)
            axis.set_xlabel("readout")
    return Section(
        "max-degree",
        "The largest degree, by readout",
        f"{_MEAN}Networks sum over neighbours, are trained on graphs of 20 to 29 nodes and asked "
        "of graphs of 50 to 99. With a maximum in the readout all that is left to learn is linear.",
        figure.svg,
        data=_joined(data),
        of_agents=False,
    )


def families(results: Results) -> Section | None:
    """Errors by the family of the training graphs; None if there is one family only."""
    table = rows(results.measured("max-degree"), readout="max")
    if table["train_graphs"].nunique() < 2:
        return None
    order = {name: place for place, name in enumerate(FAMILIES)}
    table = table.sort_values("train_graphs", key=lambda names: names.map(order), kind="stable")
    parts = _by_network(table)
    data = {title: averaged(own, "train_graphs", _ERRORS) for title, own in parts.items()}
    with panels(
        "training-graphs", "Errors by training graphs", list(data), columns=1, width=7
    ) as figure:
        for axis, own in zip(figure.axes, data.values(), strict=True):
            bars(axis, own, "train_graphs", _BOTH)
    return Section(
        "training-graphs",
        "The largest degree, by training graphs",
        f"{_MEAN}All are asked of larger graphs of all densities. With constant features one "
        "degree is enough for a network of one round, which is linear in it; with random features, "
        "two rounds and an MLP before the readout it takes training graphs of many degrees.",
        figure.svg,
        data=_joined(data),
        of_agents=False,
    )


def paths(results: Results) -> Section | None:
    """Errors of shortest paths by aggregation and readout; None if nothing has been run."""
    table = results.measured("shortest-path")
    if table.empty:
        return None
    colours = {"in range": IN, "larger": "#4f9d69", "larger and heavier": OUT}
    columns = dict(zip(colours, ("error_in", "error_size", "error_out"), strict=True))
    data = averaged(table, "aggregates", columns)
    with panels("shortest-path", "Errors of shortest paths", [""], width=6) as figure:
        bars(figure.axes[0], data, "aggregates", colours)
        figure.axes[0].set_xlabel("aggregation of neighbours - readout")
    return Section(
        "shortest-path",
        "Shortest paths, by aggregation and readout",
        f"{_MEAN}Trained on graphs of 20 to 39 nodes with weights from 1 to 5; asked of new ones, "
        "of graphs of 50 to 69 nodes, and of these with weights from 1 to 10.",
        figure.svg,
        data=data,
        of_agents=False,
    )


def _by_network(table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The cells of each network of the paper that was trained, by its title."""
    parts = {
        title: rows(table, features=features, node_mlp=node_mlp)
        for title, (features, node_mlp) in _NETWORKS.items()
    }
    return {title: own for title, own in parts.items() if len(own)}


def _joined(data: dict[str, pd.DataFrame]) -> pd.DataFrame:
    return pd.concat([own.assign(network=title) for title, own in data.items()])
