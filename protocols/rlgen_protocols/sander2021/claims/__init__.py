"""The paper's claims as statements that a study decides, and controls whose truth is known.

Margins are those of the project's specification, declared before anything was computed.
"""

from rlgen.analysis.claims import Claim, Control
from rlgen_protocols.sander2021.claims import cloning, controls, exactness, maps

__all__ = ["CLAIMS", "CONTROLS"]

CLAIMS: dict[str, Claim] = {
    "SA-01": exactness.MEMORY,
    "SA-02": exactness.INVERTIBLE,
    "SA-03": maps.REPRESENTATION,
    "SA-04": maps.OPTIMISING,
    "SA-05": cloning.DROP_IN,
    "SA-06": cloning.FULL_BRANCH,
    "SA-07": cloning.AS_FAST,
    "SA-08": cloning.FORGETTING,
}

CONTROLS: dict[str, Control] = {
    "SA-K1": controls.IDENTITY,
    "SA-K2": controls.FLOATS,
    "SA-K3": controls.BOUNDED,
    "SA-K4": controls.CROSSES,
    "SA-K5": controls.STAYS,
}
