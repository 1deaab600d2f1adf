"""Networks: trunks as data, by name.

To add one: its line in ``layers.ARCHITECTURES``, or in the ``networks`` of the paper that names it.
Importing this package imports no torch.
"""

from rlgen import papers
from rlgen.networks.base import Network
from rlgen.networks.layers import ARCHITECTURES
from rlgen.util.registry import Catalogue

__all__ = ["NETWORKS"]

NETWORKS: Catalogue[Network] = Catalogue(
    "network", ARCHITECTURES, group="rlgen.networks", further=papers.networks
)
