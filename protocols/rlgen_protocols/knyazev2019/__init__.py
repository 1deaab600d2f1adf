"""Knyazev, Taylor, Amer (2019): Understanding Attention and Generalization in Graph Networks."""

from rlgen.papers import Paper
from rlgen_protocols.knyazev2019.experiments import EXPERIMENTS, PROBES


class Knyazev2019(Paper):
    """Attention pooling of graphs."""

    card = "Knyazev et al. 2019: when attention helps graph networks to generalise"
    experiments = EXPERIMENTS
    probes = PROBES


PAPER = Knyazev2019()
