"""Probes: where the kernel of a trained network has turned to, and how far it has moved.

A trained network does not say from what weights it came. It is compared with copies of itself whose
weights are drawn anew, as its modules draw them.
"""

from collections.abc import Iterator, Mapping

import numpy as np
import torch
from torch import nn

from rlgen.probes import cases
from rlgen.probes.base import Identity, Measured
from rlgen.probes.subject import Pool, Subject
from rlgen.util.seeding import library_seed, stream
from rlgen_protocols.ortizjimenez2021 import kernel
from rlgen_protocols.ortizjimenez2021.rotation import Ruler
from rlgen_protocols.ortizjimenez2021.tasks import Sample

NAME = "ortizjimenez2021"
#: Copies with weights drawn anew.
COPIES = 3
#: States of which Gram matrices are made.
GRAM_STATES = 64


def rotation(subject: Subject, *, seed: int) -> Mapping[str, Measured]:
    """How much more the kernel turned to training labels than to held-out ones."""
    pools: tuple[Pool, Pool] = ("train", "test")
    size = min(len(subject.states(pool)) for pool in pools)
    nets = [subject.module(), *_redrawn(subject, seed)]
    turned = {}
    for pool in pools:
        states = subject.states(pool, size)
        assert states.labels is not None, "it needs tabular levels"
        rng = stream(seed, NAME, "probe", pool)
        ruler = Ruler.of(Sample(states.tensor(), torch.from_numpy(states.labels)), rng)
        with np.errstate(divide="ignore", invalid="ignore"):
            trained, *first = np.log([ruler.aligned(net) for net in nets])
        turned[pool] = float(trained - np.mean(first))
    numbers = {
        "rotation": turned["train"] - turned["test"],
        "turned_train": turned["train"],
        "turned_test": turned["test"],
    }
    return {name: _measured(value) for name, value in numbers.items()}


def velocity(subject: Subject, *, seed: int) -> Mapping[str, Measured]:
    """How far the kernel on training states is from that of weights drawn anew."""
    inputs = subject.states("train", GRAM_STATES).tensor()
    grams = [_gram(net, inputs) for net in (subject.module(), *_redrawn(subject, seed))]
    trained, *first = grams
    pairs = [(a, b) for k, a in enumerate(first) for b in first[:k]]
    numbers = {
        "velocity": [kernel.velocity(own, trained) for own in first],
        "velocity_centred": [kernel.velocity(own, trained, centred=True) for own in first],
        "untrained": [kernel.velocity(a, b) for a, b in pairs],
    }
    return {name: _measured(float(np.mean(values))) for name, values in numbers.items()}


def _gram(net: nn.Module, inputs: torch.Tensor) -> torch.Tensor:
    return kernel.gram(net, kernel.weights_of(net), inputs)


def _measured(value: float) -> Measured:
    if np.isfinite(value):
        return Measured(value)
    return Measured.none("the kernel is 0 on these states")


def _redrawn(subject: Subject, seed: int) -> Iterator[nn.Module]:
    """Copies of the network whose weights are drawn anew by its modules.

    Raises:
        Unsuitable: If a module has weights that it cannot draw.
    """
    for copy in range(COPIES):
        net = subject.module()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(library_seed(seed, NAME, "redrawn", copy))
            for module in net.modules():
                if not list(module.parameters(recurse=False)):
                    continue
                redraw = getattr(module, "reset_parameters", None)
                if redraw is None:
                    kind = type(module).__name__
                    raise subject.unsuitable(f"its {kind} has no method reset_parameters")
                redraw()
        yield net


def _still() -> Subject:
    """A network without hidden units: its kernel is the same whatever its weights."""
    split = cases.split()
    size = int(np.prod(split.family.observation_space.shape))
    return Subject.of_layers(nn.Flatten(), nn.Linear(size, split.family.n_actions), split)


def rotation_identity() -> Identity:
    """A network without hidden units."""
    return Identity(_still(), {"rotation": 0.0, "turned_train": 0.0, "turned_test": 0.0})


def velocity_identity() -> Identity:
    """A network without hidden units."""
    return Identity(_still(), {"velocity": 0.0, "velocity_centred": 0.0, "untrained": 0.0})
