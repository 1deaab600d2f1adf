"""One network on one of the paper's tasks."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from rlgen.agents.cloning import reproducible
from rlgen.util.seeding import library_seed, stream
from rlgen_protocols.graphs.choices import one_of
from rlgen_protocols.xu2020 import models
from rlgen_protocols.xu2020.tasks import task as _task
from rlgen_protocols.xu2020.training import NAME, Pool, fit

#: "true", or permuted among the examples: then there is nothing to learn but chance.
LABELS = ("true", "permuted")
#: How weights are drawn at first: as torch does by itself, or see ``models.he``.
INITS = ("torch", "he")


def run(
    *,
    seed: int,
    task: str,
    form: str,
    model: str,
    n: int,
    labels: str,
    copy: int,
    steps: int,
    width: int,
    batch: int,
    rate: float,
    init: str,
    held_out: int,
) -> Mapping[str, Any]:
    """Train a network on ``n`` examples; see ``training.Fit`` for what is returned.

    Networks of one seed and task learn from the same examples.
    """
    own = _task(task, form)
    one_of("labels", labels, LABELS)
    one_of("init", init, INITS)
    pools = {}
    for name, size in (("train", n), ("validation", held_out), ("test", held_out)):
        pool = own.draw(stream(seed, NAME, task, form, name), size)
        if labels == "permuted" and name != "test":
            order = stream(seed, NAME, "permuted", name).permutation(size)
            pool = replace(pool, labels=pool.labels[order])
        pools[name] = pool
    _, objects, features = pools["train"].inputs.shape
    with reproducible(library_seed(seed, NAME, model, copy)):
        net = models.build(model, objects, features, own.classes, width)
        if init == "he":
            models.he(net)
        out = fit(
            net,
            *(Pool.of(pool.inputs, pool.labels) for pool in pools.values()),
            seed=seed,
            steps=steps,
            batch=batch,
            rate=rate,
        )
    return {**out.plain, "weights": models.size(net)}
