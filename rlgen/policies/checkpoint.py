"""Checkpoints of trained networks; they hold no code."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file
from torch import nn

from rlgen.errors import DamagedStoreError, StoreError
from rlgen.levels.spaces import Part
from rlgen.networks import box_head
from rlgen.networks.layers import Conv, Layers
from rlgen.networks.stack import layers
from rlgen.policies import box_policy, network_policy
from rlgen.policies.box_policy import BoxPolicy
from rlgen.policies.network_policy import NetworkPolicy
from rlgen.policies.spec import BoxSpec, ContinuousSpec, PolicySpec, RecurrentSpec

#: The policies that training returns; they have a specification.
TrainedPolicy = NetworkPolicy | BoxPolicy

WEIGHTS = "policy.safetensors"

#: The first format that can hold each kind of policy: older versions of rlgen refuse newer formats.
FORMATS: dict[type[PolicySpec], int] = {PolicySpec: 1, RecurrentSpec: 2, ContinuousSpec: 3}
#: The first format that can hold policies of dictionary observations.
WITH_PARTS = 4
NEWEST = WITH_PARTS


def save(policy: TrainedPolicy, folder: Path, notes: Mapping[str, Any]) -> None:
    """Write ``policy.safetensors`` and ``agent.json``.

    Args:
        policy: The policy.
        folder: An existing folder.
        notes: Further keys of ``agent.json``.
    """
    weights = {
        f"{part}.{name}": tensor.detach().cpu().contiguous()
        for part, module in policy.parts.items()
        for name, tensor in module.state_dict().items()
    }
    save_file(weights, folder / WEIGHTS)
    spec = policy.spec
    assert spec is not None, "trained here"
    number = WITH_PARTS if spec.parts else FORMATS[type(spec)]
    card = {"format": number, "policy": asdict(spec), **notes}
    (folder / "agent.json").write_text(
        json.dumps(card, sort_keys=True, separators=(",", ":")) + "\n"
    )


def load(folder: Path, device: str = "cpu") -> TrainedPolicy:
    """Load the policy that ``save`` wrote, without executing anything in the files.

    Args:
        folder: The folder.
        device: Torch's name of the device that it computes on.

    Raises:
        DamagedStoreError: If a file is missing or cannot be read.
        StoreError: If it was written by a later version of rlgen.
    """
    if (folder / "agent.json").is_file() and not (folder / WEIGHTS).exists():
        raise DamagedStoreError(
            f"{folder}: its weights have not been kept, so it cannot be evaluated any more; "
            "move the folder away, and the same rlgen evaluate trains that run again"
        )
    try:
        card = json.loads((folder / "agent.json").read_text())
        if card["format"] > NEWEST:
            raise StoreError(
                f"{folder}: checkpoint format {card['format']} is newer than this version of rlgen "
                f"can read ({NEWEST})"
            )
        policy = _built(card["policy"], device)
        weights = load_file(folder / WEIGHTS)
        for part, module in policy.parts.items():
            before = f"{part}."
            module.load_state_dict(
                {k.removeprefix(before): v for k, v in weights.items() if k.startswith(before)}
            )
    except StoreError:
        raise
    except Exception as error:
        raise DamagedStoreError(f"{folder}: cannot read the checkpoint: {error}") from None
    return policy


def _built(spec: Mapping[str, Any], device: str) -> TrainedPolicy:
    """An untrained policy; the keys of its specification decide which kind."""
    network = Layers(
        tuple(Conv(**conv) for conv in spec["network"]["convs"]), tuple(spec["network"]["dense"])
    )
    shape, n_actions = tuple(spec["observation_shape"]), spec["n_actions"]
    # Written since there are dictionaries.
    parts = tuple(
        Part(part["name"], part["start"], tuple(part["shape"])) for part in spec.get("parts", ())
    )
    trunk = layers(network, shape, parts).to(device)
    width = network.n_features(shape, parts)
    if "box" in spec:
        box = BoxSpec(**{key: tuple(value) for key, value in spec["box"].items()})
        continuous = ContinuousSpec(network, shape, n_actions, spec["head"], box, parts=parts)
        head = box_head.untrained(continuous.head, width, n_actions).to(device)
        return box_policy.trained(continuous, trunk, head)
    if "lstm_hidden_size" not in spec:
        plain = PolicySpec(network, shape, n_actions, spec["head"], parts=parts)
        return network_policy.trained(plain, trunk, nn.Linear(width, n_actions).to(device))
    size, depth = spec["lstm_hidden_size"], spec["n_lstm_layers"]
    recurrent = RecurrentSpec(network, shape, n_actions, spec["head"], size, depth, parts=parts)
    lstm = nn.LSTM(width, size, num_layers=depth).to(device)
    return network_policy.trained(recurrent, trunk, nn.Linear(size, n_actions).to(device), lstm)
