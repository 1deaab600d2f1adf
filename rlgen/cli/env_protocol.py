"""The protocol that the options of ``rlgen evaluate --env`` describe."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import click

#: Values of options that were not given.
DEFAULTS = {
    "steps": 200_000,
    "episodes": 5,
    "curve_points": 5,
    "curve_levels": 10,
    "seeds": "0:3",
}
#: Smallest sides, in cells, for which the network for pictures is used, and for which any
#: convolutional network fits.
PICTURE, CELLS = 36, 5


def resolve(
    protocol: str | None, env: str | None, options: Mapping[str, Any]
) -> "str | dict[str, Any]":
    """The protocol argument of ``api.evaluate``.

    Args:
        protocol: Name or file.
        env: Instead, a family or a Gymnasium id.
        options: The other options, None or empty where not given.

    Raises:
        click.UsageError: Unless exactly one of the two is given, with only its own options.
    """
    filled = {key: value for key, value in options.items() if value}
    if (protocol is None) == (env is None):
        raise click.UsageError("give a PROTOCOL or --env, one of the two")
    if protocol is not None:
        for key in filled:
            name = {"conditions": "condition", "options": "option", "policies": "policy"}.get(
                key, key
            )
            raise click.UsageError(
                f"--{name.replace('_', '-')} goes with --env; a protocol file says it itself"
            )
        return protocol
    assert env is not None
    if "policies" in filled:
        _check_of_policies(filled)
    return from_options(env, filled)


def _check_of_policies(filled: Mapping[str, Any]) -> None:
    """Refuse what only training reads, and levels that nobody has named."""
    for key in ("steps", "network"):
        if key in filled:
            raise click.UsageError(
                f"--{key} goes with training, and the policy of --policy is not trained here"
            )
    if "train_levels" not in filled:
        raise click.UsageError(
            "--policy needs --train-levels, the levels that the policy learned from, such as 0:200:"
            " its return on them is compared with that on --test-levels"
        )


def from_options(env: str, filled: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of the protocol; pools that are not named are drawn."""
    from rlgen.levels import lookup
    from rlgen.levels.spaces import parts_of
    from rlgen.util.validation import parse_options

    options = parse_options(filled.get("options", ()))
    agent = filled.get("agent") or ("policy" if "policies" in filled else "ppo")
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", f"{env}-{agent}").strip("-.")[:64]
    keys: dict[str, Any] = {"name": name, "family": env, "family_options": options, "agent": agent}
    if "policies" in filled:
        keys |= {"policy": list(filled["policies"]), "episodes": DEFAULTS["episodes"]}
        # What rlgen judges by, and what the tools that made the policy report.
        keys["conditions"] = ["plain", "greedy"]
    else:
        space = lookup.family(env).configure(options).observation_space
        shapes = [part.shape for part in parts_of(space)] or [space.shape]
        keys |= {"network": filled.get("network") or fitting(shapes), **DEFAULTS}
    for key in ("steps", "episodes", "conditions"):
        if key in filled:
            value = filled[key]
            keys[key] = list(value) if isinstance(value, tuple) else value
    for pool in ("train", "validation", "test"):
        if f"{pool}_levels" in filled:
            keys[f"{pool}_levels"] = filled[f"{pool}_levels"]
    if "sizes" in filled:
        try:
            keys["n_train_levels"] = [int(size) for size in filled["sizes"].split(",")]
        except ValueError:
            raise click.BadParameter(
                f"{filled['sizes']!r} is not like 10,200", param_hint="--sizes"
            ) from None
    elif "train_levels" not in filled:
        keys["n_train_levels"] = 100
    return keys


def fitting(shapes: Sequence[tuple[int, ...]]) -> str:
    """A network that fits observations with parts of these shapes."""
    from rlgen.protocol import shipped

    sides = [side for shape in shapes if len(shape) == 3 for side in shape[1:]]
    if min(sides, default=0) < CELLS:
        return "mlp-64-64"
    return "nature" if min(sides) >= PICTURE else shipped.defaults().small_pictures
