"""Sato (2020): A survey on the expressive power of graph neural networks."""

from rlgen.papers import Paper
from rlgen_protocols.sato2020.experiments import EXPERIMENTS, PROBES


class Sato2020(Paper):
    """The ladder of architectures."""

    card = "Sato 2020: what graph networks cannot tell apart, and what remedies cost"
    experiments = EXPERIMENTS
    probes = PROBES


PAPER = Sato2020()
