"""A probe of another distribution: how many weights of a network are small."""

from rlgen.probes import Identity, Measured, Probe


def run(subject, *, seed):
    import torch

    weights = torch.cat([p.flatten() for p in subject.module().parameters()])
    return {"share": Measured(float((weights.abs() < 1e-2).double().mean()))}


def identity():
    from torch import nn

    from rlgen.probes import cases
    from rlgen.probes.subject import Subject

    split = cases.split()
    size = 1
    for side in split.family.observation_space.shape:
        size *= side
    head = nn.Linear(size, split.family.n_actions)
    nn.init.zeros_(head.weight)
    nn.init.zeros_(head.bias)
    return Identity(Subject.of_layers(nn.Flatten(), head, split), {"share": 1.0})


SMALL = Probe(
    "weights that are small",
    "rlgen_outside_probe:run",
    "rlgen_outside_probe:identity",
    {"share": "share of all weights below 0.01"},
    "training data",
    "none",
    frozenset({"torch"}),
)
