"""The probe of recurrent policies: bits that an LSTM forgets a unit and step on training levels.

A unit that is multiplied by a forget gate f < 1 loses -log2 f bits (method A, 4.12); as in the
paper's integers no gate is less than 1 / 1,024. The policy plays its training levels; its own gates
say how much of what it knew it lets go.
"""

from collections.abc import Mapping

import torch
from torch import nn

from rlgen.policies import network_policy
from rlgen.probes import Identity, Measured, cases
from rlgen.probes.subject import Subject
from rlgen_protocols.mackay2018 import memory
from rlgen_protocols.mackay2018.recurrent import bits_forgotten


def run(subject: Subject, *, seed: int) -> Mapping[str, Measured]:
    """Measure one recurrent policy; see ``rlgen.probes.base.Run``."""
    del seed  # episodes have streams of their own
    own = subject.layered()
    if own.lstm is None:
        raise subject.unsuitable("its memory is no LSTM")
    gates = []
    with torch.no_grad():
        for observations in subject.episodes("train"):
            inputs = own.inputs(torch.from_numpy(observations).float())
            gates += forget_gates(own.lstm, own.trunk(inputs))
    # Of all steps alike, however long an episode was.
    bits = bits_forgotten([torch.cat(gates)])
    if not bits:
        return {"bits": Measured(0.0), "saving": Measured.none("nothing is forgotten")}
    return {"bits": Measured(bits), "saving": Measured(memory.ideal_saving(bits))}


def forget_gates(lstm: nn.LSTM, features: torch.Tensor) -> list[torch.Tensor]:
    """The forget gates of one episode, of each layer ``(T, size)``.

    Args:
        lstm: Of one direction, without projections.
        features: Its inputs ``(T, entries)``; the state before them is zero.
    """
    gates, inputs = [], features
    for inward, onward, *biases in lstm.all_weights:
        hidden = cell = features.new_zeros(lstm.hidden_size)
        bias = sum(biases, start=features.new_zeros(4 * lstm.hidden_size))
        forgotten, outputs = [], []
        for step in inputs @ inward.T + bias:
            # torch's order: input, forget, candidate, output.
            i, f, g, o = (step + onward @ hidden).chunk(4)
            forgotten.append(torch.sigmoid(f))
            cell = forgotten[-1] * cell + torch.sigmoid(i) * torch.tanh(g)
            hidden = torch.sigmoid(o) * torch.tanh(cell)
            outputs.append(hidden)
        gates.append(torch.stack(forgotten))
        inputs = torch.stack(outputs)
    return gates


def identity() -> Identity:
    """An LSTM without weights: all its forget gates are one half, which is one bit."""
    split = cases.split()
    entries = int(torch.tensor(split.family.observation_space.shape).prod())
    lstm, head = nn.LSTM(entries, 3), nn.Linear(3, split.family.n_actions)
    for parameter in lstm.parameters():
        nn.init.zeros_(parameter)
    policy = network_policy.of_layers(Flat(), head, lstm, softmax=True)
    return Identity(Subject(policy, split, "an LSTM of zeros"), {"bits": 1.0, "saving": 32.0})


class Flat(nn.Module):
    """Observations as vectors of floats."""

    def forward(self, observations: torch.Tensor) -> torch.Tensor:
        """From ``(B, *shape)`` to ``(B, entries)``."""
        return observations.flatten(1).float()
