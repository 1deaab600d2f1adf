"""The cells of a protocol's experiments: the product of the lists of each table."""

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from rlgen import papers
from rlgen.errors import ProtocolError, nearest
from rlgen.papers import Experiment
from rlgen.protocol.experiments import SEEDS
from rlgen.protocol.schema import Protocol
from rlgen.study.kinds.experiment import ExperimentCell
from rlgen.util import extras
from rlgen.util.options import configured
from rlgen.util.validation import At


def cells(protocol: Protocol, where: str) -> Iterator[ExperimentCell]:
    """The cells, seed after seed, so that a study that is cut short has few seeds of all cases.

    Args:
        protocol: With its experiments.
        where: What messages begin with.

    Raises:
        ProtocolError: For an experiment or an option that the paper does not have, or a value that
            cannot be.
    """
    tables = protocol.experiments
    if not protocol.paper:
        raise ProtocolError(
            f"{where}: experiments.{next(iter(tables))}: needs paper, whose experiment it is"
        )
    members = papers.catalogue()[protocol.paper].experiments
    for name in tables:
        if name not in members:
            raise ProtocolError(
                f"{where}: experiments.{name}: {protocol.paper} has no such experiment"
                f"{nearest(name, members)}"
            )
        with At(where, "experiments", name):
            extras.require(members[name].extra)
    seeds = dict.fromkeys(seed for t in tables.values() for seed in t.get(SEEDS, protocol.seeds))
    cases = {name: list(_cases(members[name], name, tables[name], where)) for name in tables}
    for seed in seeds:
        for name, options in cases.items():
            if seed not in tables[name].get(SEEDS, protocol.seeds):
                continue
            for each in options:
                cell = ExperimentCell(protocol.paper, name, members[name], each, int(seed))
                if seed == next(iter(seeds)):
                    with At(where, f"experiments.{name}", each):
                        _ = cell.settings  # looks up what it names
                yield cell


def _cases(
    experiment: Experiment, name: str, table: Mapping[str, Any], where: str
) -> Iterator[dict[str, Any]]:
    """All combinations of the options' values, the last option fastest."""
    lists = {key: values for key, values in table.items() if key != SEEDS}
    for values in product(*lists.values()):
        options = dict(zip(lists, values, strict=True))
        # Whole numbers will do for others, and are the same cell.
        for key, default in experiment.options.items():
            if isinstance(default, float) and type(options.get(key)) is int:
                options[key] = float(options[key])
        with At(where, f"experiments.{name}", options):
            limits, choices = experiment.limits, experiment.choices
            yield configured(name, options, experiment.options, limits, choices)
