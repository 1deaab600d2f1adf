"""The paper's claims as statements that a study decides (method 1.12), with what counts as enough.

To add one: a function from ``Evidence`` and the values of the margins to its parts, and its line in
the table. Margins are declared here, before anything is trained.
"""

from rlgen.analysis.claims import Claim
from rlgen_protocols.zhang2018.claims import detection, returns, training

__all__ = ["CLAIMS"]

CLAIMS: dict[str, Claim] = {
    "C-01": returns.OPTIMAL,
    "C-02": returns.RISES,
    "C-03": returns.FALLS,
    "C-04": returns.FEW,
    "C-05": returns.SPREAD,
    "C-06": returns.RANDOM,
    "C-07": returns.CAPACITY,
    "C-08": training.HELPS,
    "C-09": detection.STICKY,
    "C-10": detection.SPAWN,
    "C-11": training.MLP,
    "C-12": training.BIG,
    "C-13": training.CURVES,
    "C-14": training.OVERTRAINED,
}
