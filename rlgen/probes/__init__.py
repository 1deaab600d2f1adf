"""Probes by name: measurements of trained networks that may say whether they memorise.

To add one: a module with its function and its identity case, and a line in the table, or in the
``probes`` of the paper that brings it; or under the entry point ``rlgen.probes`` of another
distribution. Importing this package imports no torch.
"""

from rlgen import papers
from rlgen.probes.base import Identity, Measured, Probe, Unsuitable
from rlgen.util.registry import Catalogue

__all__ = ["PROBES", "Identity", "Measured", "Probe", "Unsuitable"]

_MODULE = "rlgen.probes.baselines"
_FIT = {
    "accuracy": "share of states in which the most probable action is optimal",
    "excess_nll": "nats: cross-entropy to the planner's labels, minus their own entropy",
}
_TABULAR = frozenset({"tabular"})
_SMALL = "one forward pass of at most 480 states"

PROBES: Catalogue[Probe] = Catalogue(
    "probe",
    {
        "training-fit": Probe(
            "how well the planner's actions are fitted on training levels",
            f"{_MODULE}:fit",
            f"{_MODULE}:fit_identity",
            _FIT,
            "training data",
            _SMALL,
            _TABULAR,
            baseline=True,
        ),
        "held-out-fit": Probe(
            "how well the planner's actions are met on held-out levels",
            f"{_MODULE}:held_out_fit",
            f"{_MODULE}:fit_identity",
            _FIT,
            "held-out labels",
            _SMALL,
            _TABULAR,
            baseline=True,
        ),
        "held-out-confidence": Probe(
            "how sure the policy is of its actions on held-out levels",
            f"{_MODULE}:confidence",
            f"{_MODULE}:confidence_identity",
            {"confidence": "probability of the most probable action, mean over states"},
            "held-out observations",
            _SMALL,
            baseline=True,
        ),
        "dead-inputs": Probe(
            "how many held-out states light an input that no training state lights",
            f"{_MODULE}:dead_inputs",
            f"{_MODULE}:dead_inputs_identity",
            {"share": "share of held-out states"},
            "held-out observations",
            "one look at each state of all levels",
            _TABULAR,
            baseline=True,
        ),
    },
    group="rlgen.probes",
    further=papers.probes,
)
