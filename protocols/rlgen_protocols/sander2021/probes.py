"""The paper's probes of trained networks; importing this module imports no torch."""

from rlgen.probes.base import Probe

_HERE = "rlgen_protocols.sander2021.looking"

PROBES: dict[str, Probe] = {
    "input-reconstruction": Probe(
        "how much of the input the trunk's features still hold, by ridge regression",
        f"{_HERE}:input_reconstruction",
        f"{_HERE}:reconstruction_identity",
        {
            "held_out": "R² on held-out states of the regression that is fitted on training "
            "states, over inputs that vary there",
            "training": "the same on training states",
            "difference": "training minus held-out",
        },
        "held-out observations",
        "two forward passes and a linear system of the size of the features",
        frozenset({"torch"}),
    ),
    "bits-forgotten": Probe(
        "bits that a trunk of momentum blocks forgets",
        f"{_HERE}:bits_forgotten",
        f"{_HERE}:bits_identity",
        {
            "blocks": "number of blocks with momentum",
            "bits": "bits a unit over all of them: blocks times -log2 gamma",
            "buffered": "bits a unit in the information buffer after running the trunk in "
            "integers on training states, mean",
        },
        "training data",
        "one forward pass in integers",
        frozenset({"torch"}),
    ),
}
