"""Shipped experiments: protocol files, and one folder a paper.

To add a paper: its folder, with ``PAPER`` in it, and its line in the table. Importing this package
imports none of them.
"""

from rlgen.papers import Paper
from rlgen.util.registry import Catalogue, Lazy

__all__ = ["PAPERS"]

PAPERS: Catalogue[Paper] = Catalogue(
    "paper",
    {
        "du2019": Lazy(
            "Du et al. 2019: the kernel of infinitely wide graph networks",
            "rlgen_protocols.du2019:PAPER",
        ),
        "izmailov2021": Lazy(
            "Izmailov et al. 2021: the posterior of a policy network by full-batch HMC",
            "rlgen_protocols.izmailov2021:PAPER",
        ),
        "knyazev2019": Lazy(
            "Knyazev et al. 2019: when attention helps graph networks to generalise",
            "rlgen_protocols.knyazev2019:PAPER",
        ),
        "mackay2018": Lazy(
            "MacKay et al. 2018: reversible recurrent networks that forget a few bits a step",
            "rlgen_protocols.mackay2018:PAPER",
        ),
        "ortizjimenez2021": Lazy(
            "Ortiz-Jiménez et al. 2021: what linearized networks say about generalization",
            "rlgen_protocols.ortizjimenez2021:PAPER",
        ),
        "packer2018": Lazy(
            "Packer et al. 2018: default, interpolation, extrapolation in classic control",
            "rlgen_protocols.packer2018:PAPER",
        ),
        "sander2021": Lazy(
            "Sander et al. 2021: momentum residual networks, reversible and bit-exact",
            "rlgen_protocols.sander2021:PAPER",
        ),
        "sato2020": Lazy(
            "Sato 2020: what graph networks cannot tell apart, and what remedies cost",
            "rlgen_protocols.sato2020:PAPER",
        ),
        "xu2019": Lazy(
            "Xu et al. 2019: what graph networks can tell apart, by their aggregation",
            "rlgen_protocols.xu2019:PAPER",
        ),
        "xu2020": Lazy(
            "Xu et al. 2020: what neural networks can reason about",
            "rlgen_protocols.xu2020:PAPER",
        ),
        "xu2021": Lazy(
            "Xu et al. 2021: how neural networks extrapolate, from feedforward to graph networks",
            "rlgen_protocols.xu2021:PAPER",
        ),
        "zhang2018": Lazy(
            "Zhang et al. 2018: a study on overfitting in deep reinforcement learning",
            "rlgen_protocols.zhang2018:PAPER",
        ),
    },
    group="rlgen.papers",
)
