"""The checkpoint of a trained network, which holds nothing that executes."""

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
from rlgen.networks.layers import Conv, Network
from rlgen.networks.trunk import layers
from rlgen.policies.box_policy import BoxSpec, ContinuousSpec, ContinuousTorchPolicy
from rlgen.policies.recurrent_policy import RecurrentPolicy, RecurrentSpec
from rlgen.policies.torch_policy import PolicySpec, TorchPolicy

#: What training gives.
TrainedPolicy = TorchPolicy | RecurrentPolicy | ContinuousTorchPolicy

WEIGHTS = "policy.safetensors"

#: The first format that knows a kind of policy: an older rlgen refuses what it would misread.
FORMATS: dict[type[PolicySpec], int] = {PolicySpec: 1, RecurrentSpec: 2, ContinuousSpec: 3}
#: The first that knows observations which are dictionaries.
WITH_PARTS = 4
NEWEST = WITH_PARTS


def save(policy: TrainedPolicy, folder: Path, notes: Mapping[str, Any]) -> None:
    """Write ``policy.safetensors`` and ``agent.json`` into the folder."""
    weights = {
        f"{part}.{name}": tensor.detach().cpu().contiguous()
        for part, module in policy.parts.items()
        for name, tensor in module.state_dict().items()
    }
    save_file(weights, folder / WEIGHTS)
    spec = policy.spec
    number = WITH_PARTS if spec.parts else FORMATS[type(spec)]
    card = {"format": number, "policy": asdict(spec), **notes}
    (folder / "agent.json").write_text(
        json.dumps(card, sort_keys=True, separators=(",", ":")) + "\n"
    )


def load(folder: Path, device: str = "cpu") -> TrainedPolicy:
    """The policy that ``save`` wrote. Runs nothing that the files contain.

    Raises:
        DamagedStoreError: If a file is missing or cannot be read.
        StoreError: If it was written by a later version of rlgen.
    """
    if (folder / "agent.json").is_file() and not (folder / WEIGHTS).exists():
        raise DamagedStoreError(
            f"{folder}: its weights have not been kept, so they cannot be evaluated any more; "
            "move the folder away, and the same rlgen evaluate trains that run again"
        )
    try:
        card = json.loads((folder / "agent.json").read_text())
        if card["format"] > NEWEST:
            raise StoreError(f"{folder}: checkpoint format {card['format']} is newer than mine")
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


def _built(told: Mapping[str, Any], device: str) -> TrainedPolicy:
    """The policy with new weights; what is told of it decides which it is."""
    network = Network(
        tuple(Conv(**conv) for conv in told["network"]["convs"]), tuple(told["network"]["dense"])
    )
    shape, n_actions = tuple(told["observation_shape"]), told["n_actions"]
    # Written since there are dictionaries.
    parts = tuple(
        Part(part["name"], part["start"], tuple(part["shape"])) for part in told.get("parts", ())
    )
    trunk = layers(network, shape, parts).to(device)
    width = network.n_features(shape, parts)
    if "box" in told:
        box = BoxSpec(**{key: tuple(value) for key, value in told["box"].items()})
        drawn = ContinuousSpec(network, shape, n_actions, told["head"], box, parts=parts)
        head = box_head.made(drawn.head, width, n_actions).to(device)
        return ContinuousTorchPolicy(drawn, trunk, head)
    if "lstm_hidden_size" not in told:
        spec = PolicySpec(network, shape, n_actions, told["head"], parts=parts)
        return TorchPolicy(spec, trunk, nn.Linear(width, n_actions).to(device))
    size, depth = told["lstm_hidden_size"], told["n_lstm_layers"]
    recurrent = RecurrentSpec(network, shape, n_actions, told["head"], size, depth, parts=parts)
    lstm = nn.LSTM(width, size, num_layers=depth).to(device)
    return RecurrentPolicy(recurrent, trunk, lstm, nn.Linear(size, n_actions).to(device))
