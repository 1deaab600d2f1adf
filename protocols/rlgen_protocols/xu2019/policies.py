"""Clones of the planner by aggregation and update: does more power overfit more?"""

from collections.abc import Mapping
from typing import Any

from rlgen_protocols.graphs.clones import cloned


def run(
    *,
    seed: int,
    family: str,
    aggregate: str,
    update: str,
    width: int,
    rounds: int,
    n: int,
    flip_p: float,
    tests: int,
    steps: int,
) -> Mapping[str, Any]:
    """Train one graph network by cloning; see the paper's experiments."""
    sizes = f"aggregate={aggregate},update={update},width={width},rounds={rounds}"
    clone = cloned(
        family,
        f"message-passing[{sizes}]",
        seed,
        levels=n,
        flip_p=flip_p,
        tests=tests,
        steps=steps,
    )
    return {"train": clone.train, "test": clone.test, "gap": clone.train - clone.test}
