"""Checkpoints of trained networks; they hold no code."""

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from safetensors.torch import load as load_weights
from safetensors.torch import save as dump
from torch import nn

from rlgen.errors import DamagedStoreError, ProtocolError, StoreError, UnknownNameError, one_line
from rlgen.levels.capabilities import GraphView
from rlgen.levels.spaces import Part
from rlgen.networks import Network, box_head, network_named
from rlgen.networks.factory import Factory
from rlgen.networks.layers import Conv, Layers
from rlgen.networks.stack import layers
from rlgen.policies import box_policy, network_policy
from rlgen.policies.bounded import Bounded
from rlgen.policies.box_policy import BoxPolicy
from rlgen.policies.network_policy import NetworkPolicy
from rlgen.policies.spec import BoxSpec, ContinuousSpec, PolicySpec, RecurrentSpec
from rlgen.util import files, segments, sums

#: The policies that training returns; they have a specification.
TrainedPolicy = NetworkPolicy | BoxPolicy

WEIGHTS = "policy.safetensors"

#: The first format that can hold each kind of policy: older versions of rlgen refuse newer formats.
FORMATS: dict[type[PolicySpec], int] = {PolicySpec: 1, RecurrentSpec: 2, ContinuousSpec: 3}
#: The first format that can hold policies of dictionary observations.
WITH_PARTS = 4
#: The first format that can hold networks that a function makes.
WITH_FACTORY = 5
#: The first format that can hold policies that were trained with masks.
WITH_MASKS = 6
NEWEST = WITH_MASKS


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
    # Not ``save_file``, whose file nobody else may read.
    (folder / WEIGHTS).write_bytes(dump(weights))
    spec = policy.spec
    assert spec is not None, "trained here"
    number = WITH_PARTS if spec.parts else FORMATS[type(spec)]
    described = asdict(spec)
    if isinstance(spec.network, Factory):
        number = WITH_FACTORY
        described["network"] = {"name": spec.network.name, **spec.network.settings}
        if spec.network.graph is not None:
            described["network"]["graph"] = asdict(spec.network.graph)
    else:
        del described["observations"]
    if spec.masked:
        number = WITH_MASKS
    else:
        del described["masked"]
    card = {"format": number, "policy": described, **notes}
    (folder / "agent.json").write_text(
        json.dumps(card, sort_keys=True, separators=(",", ":")) + "\n"
    )


def load(
    folder: Path, device: str = "cpu", *, network: Network | None = None, trusted: bool = False
) -> TrainedPolicy:
    """Load the policy that ``save`` wrote, without executing anything in the files.

    A network that a function makes is looked up by its name among those that are installed here.

    Args:
        folder: The folder.
        device: Torch's name of the device that it computes on.
        network: The network of the policy, where it is known.
        trusted: Whether a network that is named by its module may be imported from there.

    Raises:
        DamagedStoreError: If a file is missing or cannot be read.
        StoreError: If it was written by a later version of rlgen, or its network is not installed,
            has another version here, is not ``network``, or may not be imported.
    """
    if segments.is_file(folder / "agent.json") and not segments.is_file(folder / WEIGHTS):
        raise DamagedStoreError(
            f"{folder}: its weights have not been kept, so it cannot be evaluated any more; "
            "move the folder away, and the same rlgen evaluate trains that run again"
        )
    try:
        card = files.read_table(folder / "agent.json")
        if card["format"] > NEWEST:
            raise StoreError(
                f"{folder}: checkpoint format {card['format']} is newer than this version of rlgen "
                f"can read ({NEWEST})"
            )
        weights = load_weights(sums.read(folder / WEIGHTS))
        sizes = [weight.numel() for weight in weights.values()]
        own = _network(card["policy"], folder, network, trusted)
        with Bounded(max(sizes, default=0), sum(sizes)):
            policy = _built(card["policy"], own, device)
        for part, module in policy.parts.items():
            before = f"{part}."
            module.load_state_dict(
                {k.removeprefix(before): v for k, v in weights.items() if k.startswith(before)}
            )
    except StoreError:
        raise
    except Exception as error:
        reason = one_line(error)[:300]
        raise DamagedStoreError(f"{folder}: cannot read the checkpoint: {reason}") from None
    return policy


def _network(
    spec: Mapping[str, Any], folder: Path, expected: Network | None, trusted: bool
) -> Network:
    """The network of a specification; see ``load``."""
    described = spec["network"]
    if "name" not in described:
        convs = tuple(Conv(**conv) for conv in described["convs"])
        return Layers(convs, tuple(described["dense"]))
    name, options, version = (described[key] for key in ("name", "options", "version"))
    if isinstance(expected, Factory):
        if (expected.name, expected.options) != (name, options):
            raise StoreError(f"{folder}: its network is {name} with {options}, not {expected.name}")
        network = expected
    elif ":" in name and not trusted:
        raise StoreError(
            f"{folder}: its network is made by code of the module {name.partition(':')[0]}: if you "
            f"trust its author, say --trust {folder}"
        )
    else:
        network = _installed(name, options, folder)
    if version not in (network.settings["version"], *network.reads):
        raise StoreError(
            f"{folder}: was trained with version {version} of the network {name}; here it has "
            f"version {network.settings['version']}"
        )
    if network.settings.get("source") != described.get("source"):
        raise StoreError(f"{folder}: the code of its network {name} has changed since")
    if "graph" in described:
        graph = described["graph"]
        moves = tuple((row, column) for row, column in graph["moves"])
        network = replace(network, graph=GraphView(graph["walls"], graph["agent"], moves))
    return network


def _installed(name: str, options: Mapping[str, Any], folder: Path) -> Factory:
    try:
        network = network_named(name)
        if not isinstance(network, Factory):
            raise StoreError(f"{folder}: its network {name} is layers as data here, no module")
        return network.configured(options)
    except (UnknownNameError, ProtocolError) as error:
        raise StoreError(f"{folder}: its network is not installed here: {error}") from None


def _built(spec: Mapping[str, Any], network: Network, device: str) -> TrainedPolicy:
    """An untrained policy; the keys of its specification decide which kind."""
    shape, n_actions = tuple(spec["observation_shape"]), spec["n_actions"]
    # Written since there are dictionaries.
    parts = tuple(
        Part(part["name"], part["start"], tuple(part["shape"])) for part in spec.get("parts", ())
    )
    look: dict[str, Any] = {"parts": parts}
    masked = spec.get("masked", False)
    if isinstance(network, Layers):
        trunk, width = layers(network, shape, parts), network.n_features(shape, parts)
    else:
        look = {"observations": _box(spec["observations"])}
        trunk, width = network.build(look["observations"].box)
    trunk.to(device)
    if "box" in spec:
        box = _box(spec["box"])
        continuous = ContinuousSpec(network, shape, n_actions, spec["head"], box, **look)
        head = box_head.untrained(continuous.head, width, n_actions).to(device)
        return box_policy.trained(continuous, trunk, head)
    if "lstm_hidden_size" not in spec:
        plain = PolicySpec(network, shape, n_actions, spec["head"], masked=masked, **look)
        return network_policy.trained(plain, trunk, trunk.head(width, n_actions).to(device))
    size, depth = spec["lstm_hidden_size"], spec["n_lstm_layers"]
    recurrent = RecurrentSpec(network, shape, n_actions, spec["head"], size, depth, **look)
    lstm = nn.LSTM(width, size, num_layers=depth).to(device)
    return network_policy.trained(recurrent, trunk, nn.Linear(size, n_actions).to(device), lstm)


def _box(described: Mapping[str, Any]) -> BoxSpec:
    return BoxSpec(**{key: tuple(value) for key, value in described.items()})
