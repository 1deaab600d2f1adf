"""How much the seed decides: a policy against a twin that learnt the same actions.

The twin has the same layers with fresh initial weights, and learns the policy's own action
probabilities in training states. Where these states say what to do, both agree; elsewhere each
does as its seed has it. Nothing of a level's rewards or optimal actions is looked at.
"""

import math
from collections.abc import Mapping
from copy import deepcopy

import torch
from torch import Tensor, nn

from rlgen.agents.cloning import reproducible
from rlgen.probes import cases
from rlgen.probes.base import Identity, Measured
from rlgen.probes.subject import Subject
from rlgen.util.seeding import library_seed, stream

STEPS, BATCH, RATE = 600, 128, 0.003
NUMBERS = ("held_out", "training", "difference")


def run(subject: Subject, *, seed: int) -> Mapping[str, Measured]:
    """The probe ``seed-disagreement``.

    Args:
        subject: Any torch policy without memory that draws its actions.
        seed: Of the twin's initial weights and minibatches.

    Raises:
        Unsuitable: For layers whose weights cannot be drawn anew.
    """
    module = subject.module(torch.float32)
    if not subject.gives_logits:
        reason = "the policy is greedy: it has no probabilities that a twin could learn"
        return dict.fromkeys(NUMBERS, Measured.none(reason))
    states = {
        "training": subject.states("train").tensor(torch.float32),
        "held_out": subject.states("test").tensor(torch.float32),
    }
    with torch.no_grad():
        goals = {name: torch.softmax(module(x), 1) for name, x in states.items()}
    with reproducible(library_seed(seed, "seed-disagreement")):
        twin = _untrained(module, subject)
        _teach(twin, states["training"], goals["training"], seed)
    with torch.no_grad():
        apart = {
            name: float((torch.softmax(twin(x), 1) - goals[name]).abs().sum(1).mean()) / 2
            for name, x in states.items()
        }
    apart["difference"] = apart["held_out"] - apart["training"]
    return {name: Measured(apart[name]) for name in NUMBERS}


def _untrained(module: nn.Module, subject: Subject) -> nn.Module:
    """A copy with fresh initial weights, as each layer draws them."""
    twin = deepcopy(module)
    for name, layer in twin.named_modules():
        reset = getattr(layer, "reset_parameters", None)
        if callable(reset):
            reset()
        elif any(True for _ in layer.parameters(recurse=False)):
            where = f"{name} ({type(layer).__name__})"
            raise subject.unsuitable(f"the weights of its layer {where} cannot be drawn anew")
    return twin


def _teach(twin: nn.Module, inputs: Tensor, goals: Tensor, seed: int) -> None:
    """Fit the twin's probabilities to others by Adam, whose rate falls as half a cosine."""
    rng = stream(seed, "seed-disagreement", "minibatches")
    optimiser = torch.optim.Adam(twin.parameters(), RATE)
    for step in range(STEPS):
        optimiser.param_groups[0]["lr"] = RATE * (1 + math.cos(math.pi * step / STEPS)) / 2
        drawn = torch.from_numpy(rng.integers(len(inputs), size=min(BATCH, len(inputs))))
        optimiser.zero_grad(set_to_none=True)
        loss = nn.functional.cross_entropy(twin(inputs[drawn]), goals[drawn])
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()


def identity() -> Identity:
    """A network that does everything equally often, on training levels that light every input.

    A twin learns as much everywhere.
    """
    split = cases.split(n_train=cases.MANY)
    width = math.prod(split.family.observation_space.shape or ())
    head = nn.Linear(width, split.family.n_actions)
    nn.init.zeros_(head.weight)
    nn.init.zeros_(head.bias)
    subject = Subject.of_layers(nn.Flatten(), head, split)
    return Identity(subject, dict.fromkeys(NUMBERS, 0.0), tolerance=0.02)
