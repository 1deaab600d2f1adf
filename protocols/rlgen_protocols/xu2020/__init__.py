"""Xu, Li, Zhang, Du, Kawarabayashi, Jegelka (2020). What can neural networks reason about?"""

from rlgen.papers import Paper
from rlgen_protocols.xu2020.experiments import EXPERIMENTS, PROBES


class Xu2020(Paper):
    """Sample complexity of networks whose modules do or do not match an algorithm for the task."""

    card = "what neural networks can reason about: alignment with algorithms"
    experiments = EXPERIMENTS
    probes = PROBES


PAPER = Xu2020()
