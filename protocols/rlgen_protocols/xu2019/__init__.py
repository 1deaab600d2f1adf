"""Xu, Hu, Leskovec, Jegelka (2019): How powerful are graph neural networks?"""

from rlgen.papers import Paper
from rlgen_protocols.xu2019.experiments import EXPERIMENTS, PROBES


class Xu2019(Paper):
    """Sum, mean and maximum."""

    card = "Xu et al. 2019: what graph networks can tell apart, by their aggregation"
    experiments = EXPERIMENTS
    probes = PROBES


PAPER = Xu2019()
