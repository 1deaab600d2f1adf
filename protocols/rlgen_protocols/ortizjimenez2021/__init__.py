"""Ortiz-Jiménez, Moosavi-Dezfooli, Frossard (2021).

What can linearized neural networks actually say about generalization?
"""

from rlgen.papers import Paper
from rlgen_protocols.ortizjimenez2021.experiments import EXPERIMENTS, PROBES
from rlgen_protocols.ortizjimenez2021.networks import NETWORKS


class OrtizJimenez2021(Paper):
    """Networks beside their linearizations."""

    card = "what linearized neural networks say about generalization"
    networks = NETWORKS
    experiments = EXPERIMENTS
    probes = PROBES


PAPER = OrtizJimenez2021()
