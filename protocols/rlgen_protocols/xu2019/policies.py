"""Clones of the planner by aggregation and update: does more power overfit more?"""

from collections.abc import Mapping
from typing import Any

from rlgen.util.bracketed import named_options
from rlgen_protocols.graphs.clones import cloned

#: What a network's name leaves out.
DEFAULTS = {"aggregate": "max", "update": "mlp"}


def run(
    *, seed: int, family: str, network: str, n: int, flip_p: float, tests: int, steps: int
) -> Mapping[str, Any]:
    """Train one graph network by cloning; see the paper's experiments."""
    clone = cloned(family, network, seed, levels=n, flip_p=flip_p, tests=tests, steps=steps)
    _, options = named_options(network)
    return {
        **{name: str(options.get(name, default)) for name, default in DEFAULTS.items()},
        "train": clone.train,
        "test": clone.test,
        "gap": clone.train - clone.test,
    }
