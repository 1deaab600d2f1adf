"""Training of recurrent networks: Adam on sequences, the same bits for the same seed."""

from collections.abc import Callable

import torch
from torch import nn

from rlgen_protocols.mackay2018.recurrent import Recurrent, bits_forgotten

#: Largest norm of a gradient.
CLIP = 1.0
#: About how many points the curves of training have.
POINTS = 20
#: From outputs ``(T, B, outputs)`` to a loss.
Loss = Callable[[torch.Tensor], torch.Tensor]


def fit(
    network: Recurrent, steps: int, rate: float, draw: Callable[[int], tuple[torch.Tensor, Loss]]
) -> dict[str, list[float]]:
    """Train a network by backpropagation through time.

    Args:
        network: Changed in place.
        steps: Of Adam.
        rate: Its learning rate.
        draw: From the number of a step to its inputs ``(T, B, inputs)`` and the loss of outputs.

    Returns:
        ``step``, ``loss`` and ``bits`` forgotten a unit and step, at some of the steps.
    """
    optimiser = torch.optim.Adam(network.parameters(), rate)
    curve: dict[str, list[float]] = {"step": [], "loss": [], "bits": []}
    for step in range(steps):
        inputs, loss_of = draw(step)
        hidden, _, factors = network.run(inputs, network.start(inputs.shape[1]))
        loss = loss_of(network.head(hidden))
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), CLIP)
        optimiser.step()
        if step % max(1, steps // POINTS) == 0 or step == steps - 1:
            curve["step"].append(step + 1)
            curve["loss"].append(loss.item())
            curve["bits"].append(bits_forgotten(factors))
    return curve
