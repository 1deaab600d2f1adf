"""What the paper's probes compute (``probes``)."""

from collections.abc import Mapping
from math import log2

import torch
from torch import nn

from rlgen.networks.exact_integers import InformationBuffer, to_fixed
from rlgen.probes import Identity, Measured, cases
from rlgen.probes.subject import Subject
from rlgen.util.seeding import library_seed
from rlgen_protocols.sander2021 import reversible
from rlgen_protocols.sander2021.trunks import MomentumTrunk

#: Ridge penalty a state, of standardised features.
RIDGE = 1e-3


def input_reconstruction(subject: Subject, *, seed: int) -> Mapping[str, Measured]:
    """Regress the inputs on the trunk's features; see ``probes``."""
    del seed
    features = subject.features()
    states = [subject.states("train").tensor(), subject.states("test").tensor()]
    with torch.no_grad():
        hidden = [features(observations).flatten(1) for observations in states]
    inputs = [observations.flatten(1) for observations in states]
    varying = inputs[0].std(dim=0) > 0
    if not bool(varying.any()):
        return dict.fromkeys(
            ("held_out", "training", "difference"), Measured.none("all training states are alike")
        )
    training, held_out = r_squared(
        hidden[0], inputs[0][:, varying], [hidden[0], hidden[1]], [i[:, varying] for i in inputs]
    )
    return {
        "held_out": Measured(held_out),
        "training": Measured(training),
        "difference": Measured(training - held_out),
    }


def r_squared(
    features: torch.Tensor,
    targets: torch.Tensor,
    on: list[torch.Tensor],
    of: list[torch.Tensor],
) -> list[float]:
    """Shares of variance that a ridge regression explains, all targets together.

    Args:
        features: Those that it is fitted on, float64 ``(N, F)``.
        targets: Likewise ``(N, D)``, not all constant.
        on: Features of the sets that it is judged by.
        of: Targets of these; distances are from the mean of ``targets``.
    """
    centre, spread = features.mean(dim=0), features.std(dim=0)
    spread = torch.where(spread > 0, spread, torch.ones_like(spread))
    middle = targets.mean(dim=0)
    inputs = (features - centre) / spread
    gram = inputs.T @ inputs + RIDGE * len(inputs) * torch.eye(inputs.shape[1], dtype=inputs.dtype)
    weights = torch.linalg.solve(gram, inputs.T @ (targets - middle))
    shares = []
    for own, truth in zip(on, of, strict=True):
        left = truth - middle - (own - centre) / spread @ weights
        shares.append(1 - float(left.square().sum() / (truth - middle).square().sum()))
    return shares


def bits_forgotten(subject: Subject, *, seed: int) -> Mapping[str, Measured]:
    """Bits that the momentum blocks of a trunk forget; see ``probes``."""
    del seed
    trunks = [m for m in subject.features().modules() if isinstance(m, MomentumTrunk)]
    own = [trunk for trunk in trunks if trunk.gamma]
    if len(own) != 1:
        none = Measured.none("the trunk has no blocks with momentum")
        return {"blocks": Measured(0.0), "bits": none, "buffered": none}
    (trunk,) = own
    return {
        "blocks": Measured(float(len(trunk.blocks))),
        "bits": Measured(trunk.bits_forgotten),
        "buffered": _buffered(trunk, subject.states("train").tensor()),
    }


@torch.no_grad()
def _buffered(trunk: MomentumTrunk, observations: torch.Tensor) -> Measured:
    """Mean bits a unit that the buffer holds after the last block."""
    start = trunk.embed(observations)
    try:
        x = to_fixed(start, reversible.RADIX_BITS)
        state, buffer = (x, torch.zeros_like(x)), InformationBuffer(x)
        n = reversible.numerator(trunk.gamma)
        for block in trunk.blocks:
            state = reversible.advance(state, buffer, block, n, trunk.scale, dtype=start.dtype)
    except OverflowError as error:
        return Measured.none(str(error))
    return Measured(sum(float((word.double() + 1).log2().mean()) for word in buffer.tensors))


def reconstruction_identity() -> Identity:
    """A trunk that is the input; levels that light every input are 1 but for the ridge."""
    split = cases.split(n_train=cases.MANY)
    size = _inputs(split.family.observation_space.shape)
    with torch.random.fork_rng():
        torch.manual_seed(library_seed(0, "reconstruction"))
        head = nn.Linear(size, split.family.n_actions)
    subject = Subject.of_layers(nn.Flatten(), head, split)
    return Identity(subject, {"held_out": 1.0, "training": 1.0, "difference": 0.0}, 1e-2)


def bits_identity() -> Identity:
    """Three blocks of momentum 1/2: a bit each."""
    split = cases.split()
    size = _inputs(split.family.observation_space.shape)
    with torch.random.fork_rng():
        torch.manual_seed(library_seed(0, "bits"))
        trunk = MomentumTrunk(size, width=8, hidden=8, depth=3, gamma=0.5)
        head = nn.Linear(8, split.family.n_actions)
    subject = Subject.of_layers(trunk, head, split)
    return Identity(subject, {"blocks": 3.0, "bits": 3 * log2(2)})


def _inputs(shape: tuple[int, ...]) -> int:
    return int(torch.Size(shape).numel())
