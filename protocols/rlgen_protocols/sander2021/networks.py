"""The paper's trunks as members of ``NETWORKS``; importing this module imports no torch.

The paper's residual network is ``residual`` of the catalogue: without momentum the recurrence is
that network, bit for bit (a calibration control of the study).
"""

from rlgen.networks.factory import Factory

_SIZES = {"width": 64, "hidden": 64, "depth": 4}
_LIMITS: dict[str, tuple[float, float]] = {
    "width": (1, 65_536),
    "hidden": (1, 65_536),
    "depth": (1, 1000),
}

NETWORKS: dict[str, Factory] = {
    "momentum": Factory(
        "momentum",
        "dense residual blocks with momentum gamma; exact=true keeps no activations of its blocks",
        "rlgen_protocols.sander2021.trunks:momentum",
        {**_SIZES, "gamma": 0.9, "full_branch": False, "exact": False},
        {**_LIMITS, "gamma": (0.0, 0.9999)},
        hidden=True,
        learning_rate=1e-3,
    ),
    "residual-matched": Factory(
        "residual-matched",
        "residual blocks that weigh as much in the features as those of momentum gamma = like",
        "rlgen_protocols.sander2021.trunks:matched",
        {**_SIZES, "like": 0.9},
        {**_LIMITS, "like": (0.0, 0.9999)},
        hidden=True,
        learning_rate=1e-3,
    ),
}
