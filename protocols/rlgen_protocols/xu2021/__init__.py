"""Xu, Zhang, Li, Du, Kawarabayashi, Jegelka (2021): How Neural Networks Extrapolate."""

from rlgen.papers import Paper
from rlgen_protocols.xu2021.experiments import EXPERIMENTS, PROBES


class Xu2021(Paper):
    """Networks asked beyond their training data."""

    card = "Xu et al. 2021: how neural networks extrapolate, from feedforward to graph networks"
    experiments = EXPERIMENTS
    probes = PROBES


PAPER = Xu2021()
