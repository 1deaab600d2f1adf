"""Sander, Ablin, Blondel, Peyré (2021): Momentum Residual Neural Networks."""

from rlgen.papers import Paper
from rlgen_protocols.sander2021.experiments import EXPERIMENTS
from rlgen_protocols.sander2021.networks import NETWORKS
from rlgen_protocols.sander2021.probes import PROBES


class Sander2021(Paper):
    """Momentum residual networks."""

    card = "Sander et al. 2021: momentum residual networks, reversible and bit-exact"
    networks = NETWORKS
    experiments = EXPERIMENTS
    probes = PROBES


PAPER = Sander2021()
