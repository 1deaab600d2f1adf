"""A trained network as a policy, and its checkpoint, which holds nothing that executes."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import nn

from rlgen.agents.networks import Conv, Network
from rlgen.agents.trunk import Trunk, layers
from rlgen.errors import DamagedStoreError, StoreError
from rlgen.policy import MemorylessPolicy

#: Observations passed through the network at once: on a CPU larger batches leave the cache.
BATCH = {"cpu": 1024, "cuda": 65_536}
FORMAT = 1


@dataclass(frozen=True)
class PolicySpec:
    """What is needed to build the network again.

    Attributes:
        network: The trunk.
        observation_shape: Of one observation.
        n_actions: Number of actions.
        head: "softmax": logits of action probabilities; "argmax": action values.
    """

    network: Network
    observation_shape: tuple[int, ...]
    n_actions: int
    head: str


class TorchPolicy(MemorylessPolicy):
    """Action probabilities of a trunk and a linear head.

    Args:
        spec: What the network is.
        trunk: Observations to features.
        head: Features to ``(B, n_actions)``.
    """

    def __init__(self, spec: PolicySpec, trunk: Trunk, head: nn.Module) -> None:
        self.spec = spec
        self.stochastic = spec.head == "softmax"
        self._trunk, self._head = trunk, head
        self._device = next(head.parameters()).device

    def probabilities(self, observations: NDArray[Any]) -> NDArray[np.float64]:
        """See ``MemorylessPolicy.probabilities``; the softmax is taken in float64."""
        out = np.empty((len(observations), self.spec.n_actions))
        batch = BATCH.get(self._device.type, BATCH["cpu"])
        modes = self._trunk.training, self._head.training
        self._trunk.eval(), self._head.eval()
        with self._trunk.evaluating(), torch.inference_mode():
            for first in range(0, len(observations), batch):
                part = torch.from_numpy(observations[first : first + batch])
                scores = self._head(self._trunk(part.to(self._device))).double()
                if self.stochastic:
                    scores = scores.softmax(dim=1)
                else:
                    scores = nn.functional.one_hot(scores.argmax(dim=1), self.spec.n_actions)
                out[first : first + batch] = scores.cpu().numpy()
        self._trunk.train(modes[0]), self._head.train(modes[1])
        return out

    def save(self, folder: Path, notes: Mapping[str, Any]) -> None:
        """Write ``policy.safetensors`` and ``agent.json`` into the folder."""
        weights = {
            f"{part}.{name}": tensor.detach().cpu().contiguous()
            for part, module in (("trunk", self._trunk), ("head", self._head))
            for name, tensor in module.state_dict().items()
        }
        save_file(weights, folder / "policy.safetensors")
        card = {"format": FORMAT, "policy": asdict(self.spec), **notes}
        (folder / "agent.json").write_text(json.dumps(card, indent=1, sort_keys=True) + "\n")

    @classmethod
    def load(cls, folder: Path, device: str = "cpu") -> "TorchPolicy":
        """The policy that ``save`` wrote. Runs nothing that the files contain.

        Raises:
            DamagedStoreError: If a file is missing or cannot be read.
            StoreError: If it was written by a later version of rlgen.
        """
        try:
            card = json.loads((folder / "agent.json").read_text())
            if card["format"] > FORMAT:
                raise StoreError(f"{folder}: checkpoint format {card['format']} is newer than mine")
            told = card["policy"]
            network = Network(
                tuple(Conv(**conv) for conv in told["network"]["convs"]),
                tuple(told["network"]["dense"]),
            )
            shape = tuple(told["observation_shape"])
            spec = PolicySpec(network, shape, told["n_actions"], told["head"])
            trunk = layers(network, shape)
            head = nn.Linear(network.n_features(shape), spec.n_actions)
            weights = load_file(folder / "policy.safetensors")
            for part, module in (("trunk.", trunk), ("head.", head)):
                module.load_state_dict(
                    {k.removeprefix(part): v for k, v in weights.items() if k.startswith(part)}
                )
        except StoreError:
            raise
        except Exception as error:
            raise DamagedStoreError(f"{folder}: cannot read the checkpoint: {error}") from None
        return cls(spec, trunk.to(device), head.to(device))
