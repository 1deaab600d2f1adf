"""Sander, Ablin, Blondel, Peyré (2021): Momentum Residual Neural Networks."""

from rlgen.papers import Paper
from rlgen_protocols.sander2021.networks import NETWORKS


class Sander2021(Paper):
    """Momentum residual networks."""

    card = "Sander et al. 2021: momentum residual networks, reversible and bit-exact"
    networks = NETWORKS


PAPER = Sander2021()
