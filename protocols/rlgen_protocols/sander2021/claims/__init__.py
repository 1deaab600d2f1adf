"""The paper's claims as statements that a study decides.

Margins are those of the project's specification, declared before anything was computed.
"""

from rlgen.analysis.claims import Claim
from rlgen_protocols.sander2021.claims import cloning, exactness, maps

__all__ = ["CLAIMS"]

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
