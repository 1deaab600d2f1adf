"""A trained network as a policy, and its checkpoint, which holds nothing that executes."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import nn

from rlgen.agents import box_head
from rlgen.agents.networks import Conv, Network
from rlgen.agents.trunk import Trunk, layers
from rlgen.continuous import Actions, ContinuousPolicy
from rlgen.errors import DamagedStoreError, StoreError
from rlgen.policy import MemorylessPolicy

#: Observations passed through the network at once: on a CPU larger batches leave the cache.
BATCH = {"cpu": 1024, "cuda": 65_536}
#: Of the checkpoint, and of that of a policy whose actions are vectors of numbers.
FORMAT, BOX_FORMAT = 1, 2


@dataclass(frozen=True)
class BoxSpec:
    """A box of actions: its shape, and its ends in the order of its numbers."""

    shape: tuple[int, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]

    @classmethod
    def of(cls, box: gym.spaces.Box) -> "BoxSpec":
        """The box as plain values."""
        low, high = (tuple(map(float, edge.ravel())) for edge in (box.low, box.high))
        return cls(box.shape, low, high)

    @property
    def box(self) -> gym.spaces.Box:
        """The box."""
        low, high = (np.array(e, np.float32).reshape(self.shape) for e in (self.low, self.high))
        return gym.spaces.Box(low, high, self.shape, np.float32)


@dataclass(frozen=True)
class PolicySpec:
    """What is needed to build the network again.

    Attributes:
        network: The trunk.
        observation_shape: Of one observation.
        n_actions: Number of actions, or of the numbers in one.
        head: "softmax": logits of action probabilities; "argmax": action values; or one of
            ``box_head.SQUASHED``.
        box: Of the actions, if they are vectors of numbers.
    """

    network: Network
    observation_shape: tuple[int, ...]
    n_actions: int
    head: str
    box: BoxSpec | None = None


def _box(told: Mapping[str, Any]) -> BoxSpec:
    return BoxSpec(**{key: tuple(value) for key, value in told.items()})


class Checkpointed:
    """A trunk and a head, whose weights may still be learning, and their checkpoint.

    Args:
        spec: What the network is.
        trunk: Observations to features.
        head: Features to scores ``(B, n_actions)``, or a ``BoxHead``.
    """

    def __init__(self, spec: PolicySpec, trunk: Trunk, head: nn.Module) -> None:
        self.spec = spec
        self._trunk, self._head = trunk, head
        self._device = next(head.parameters()).device
        self._batch = BATCH.get(self._device.type, BATCH["cpu"])

    def _outputs(self, observations: torch.Tensor) -> Any:
        return self._head(self._trunk(observations.to(self._device)))

    @contextmanager
    def _as_it_acts(self) -> Iterator[None]:
        """In float32, and not in training."""
        modes = self._trunk.training, self._head.training
        self._trunk.eval(), self._head.eval()
        learning, self._trunk.precision = self._trunk.precision, torch.float32
        with torch.inference_mode():
            yield
        self._trunk.precision = learning
        self._trunk.train(modes[0]), self._head.train(modes[1])

    def save(self, folder: Path, notes: Mapping[str, Any]) -> None:
        """Write ``policy.safetensors`` and ``agent.json`` into the folder."""
        weights = {
            f"{part}.{name}": tensor.detach().cpu().contiguous()
            for part, module in (("trunk", self._trunk), ("head", self._head))
            for name, tensor in module.state_dict().items()
        }
        save_file(weights, folder / "policy.safetensors")
        told = {key: value for key, value in asdict(self.spec).items() if value is not None}
        card = {"format": FORMAT if self.spec.box is None else BOX_FORMAT, "policy": told, **notes}
        (folder / "agent.json").write_text(json.dumps(card, indent=1, sort_keys=True) + "\n")

    @staticmethod
    def load(folder: Path, device: str = "cpu") -> "Trained":
        """The policy that ``save`` wrote. Runs nothing that the files contain.

        Raises:
            DamagedStoreError: If a file is missing or cannot be read.
            StoreError: If it was written by a later version of rlgen.
        """
        try:
            card = json.loads((folder / "agent.json").read_text())
            if card["format"] > BOX_FORMAT:
                raise StoreError(f"{folder}: checkpoint format {card['format']} is newer than mine")
            told = card["policy"]
            network = Network(
                tuple(Conv(**conv) for conv in told["network"]["convs"]),
                tuple(told["network"]["dense"]),
            )
            shape = tuple(told["observation_shape"])
            box = _box(told["box"]) if "box" in told else None
            spec = PolicySpec(network, shape, told["n_actions"], told["head"], box)
            trunk, width = layers(network, shape), network.n_features(shape)
            head: nn.Module = nn.Linear(width, spec.n_actions)
            if box is not None:
                head = box_head.made(spec.head, width, spec.n_actions)
            weights = load_file(folder / "policy.safetensors")
            for part, module in (("trunk.", trunk), ("head.", head)):
                module.load_state_dict(
                    {k.removeprefix(part): v for k, v in weights.items() if k.startswith(part)}
                )
        except StoreError:
            raise
        except Exception as error:
            raise DamagedStoreError(f"{folder}: cannot read the checkpoint: {error}") from None
        kind = TorchPolicy if box is None else ContinuousTorchPolicy
        return kind(spec, trunk.to(device), head.to(device))


class TorchPolicy(Checkpointed, MemorylessPolicy):
    """Action probabilities of a trunk and a linear head."""

    def __init__(self, spec: PolicySpec, trunk: Trunk, head: nn.Module) -> None:
        super().__init__(spec, trunk, head)
        self.stochastic = spec.head == "softmax"

    def probabilities(self, observations: NDArray[Any]) -> NDArray[np.float64]:
        """See ``MemorylessPolicy.probabilities``; the softmax is taken in float64."""
        out = np.empty((len(observations), self.spec.n_actions))
        with self._as_it_acts():
            for first in range(0, len(observations), self._batch):
                part = torch.from_numpy(observations[first : first + self._batch])
                scores = self._outputs(part).double()
                if self.stochastic:
                    scores = scores.softmax(dim=1)
                else:
                    scores = nn.functional.one_hot(scores.argmax(dim=1), self.spec.n_actions)
                out[first : first + self._batch] = scores.cpu().numpy()
        return out


class ContinuousTorchPolicy(Checkpointed, ContinuousPolicy):
    """Actions that are vectors of numbers, of a trunk and a ``BoxHead``."""

    def __init__(self, spec: PolicySpec, trunk: Trunk, head: nn.Module) -> None:
        super().__init__(spec, trunk, head)
        assert spec.box is not None
        self._box, self._squashed = spec.box.box, box_head.SQUASHED[spec.head]
        self.stochastic = spec.head in (box_head.PARAMETER, box_head.LAYER)

    def act(
        self, observations: NDArray[Any], memory: Any, rng: np.random.Generator | None
    ) -> tuple[Actions, Any]:
        """See ``ContinuousPolicy.act``."""
        with self._as_it_acts():
            actions = box_head.play(
                self._outputs,
                observations,
                rng,
                self._box,
                squashed=self._squashed,
                batch=self._batch,
            )
        return actions, memory


#: What training gives.
Trained = TorchPolicy | ContinuousTorchPolicy
