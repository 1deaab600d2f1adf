"""Clones of the planner: does the copy gap, which needs no held-out level, tell the real gap?"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from rlgen.util.seeding import stream
from rlgen_protocols.graphs.clones import cloned
from rlgen_protocols.sato2020.probes import agreements


def run(
    *, seed: int, family: str, network: str, n: int, flip_p: float, tests: int, steps: int
) -> Mapping[str, Any]:
    """Train one clone; see the paper's experiments."""
    clone = cloned(family, network, seed, levels=n, flip_p=flip_p, tests=tests, steps=steps)
    own, *images = agreements(clone.subject, "train", None)
    held_out = agreements(clone.subject, "test", None)[0]
    return {
        "train": clone.train,
        "test": clone.test,
        "gap": clone.train - clone.test,
        "agreement": own,
        "copies": float(np.mean(images)),
        "copy_gap": own - float(np.mean(images)),
        "held_out": held_out,
        "agreement_gap": own - held_out,
        "chance": float(stream(seed, "sato2020", "chance", network, n).random()),
    }
