"""Numbers of any trained network: how much the seed decides, and how far it is from the average."""

from rlgen.probes.base import Probe

_HERE = "rlgen_protocols.izmailov2021.probes"
_SETS = {
    "held_out": "total variation, mean over held-out states",
    "training": "the same over training states",
}

PROBES: dict[str, Probe] = {
    "seed-disagreement": Probe(
        "how far a network is from a twin that learnt the same actions from another seed",
        f"{_HERE}.disagreement:run",
        f"{_HERE}.disagreement:identity",
        {**_SETS, "difference": "held-out minus training"},
        "held-out observations",
        "600 gradient steps of a network like the policy's",
        frozenset({"torch"}),
    ),
    "tv-to-bma": Probe(
        "how far a policy is from the Bayesian model average of its training levels",
        f"{_HERE}.distance:run",
        f"{_HERE}.distance:identity",
        _SETS,
        "held-out observations",
        "about 10,000 gradients of three small networks on at most 480 states, for each pool",
        frozenset({"tabular"}),
    ),
}
