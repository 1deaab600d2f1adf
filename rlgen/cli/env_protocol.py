"""The protocol that ``rlgen evaluate --env`` spells out in options."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import click

#: What the options are where the command says nothing.
DEFAULTS = {
    "steps": 200_000,
    "episodes": 5,
    "curve_points": 5,
    "curve_levels": 10,
    "seeds": "0:3",
}
#: Cells a side from which a picture is worth the network for pictures, and from which any
#: convolutions fit.
PICTURE, CELLS = 36, 5


def resolve(
    protocol: str | None, env: str | None, told: Mapping[str, Any]
) -> "str | dict[str, Any]":
    """What ``api.evaluate`` is to do.

    Args:
        protocol: Name or file.
        env: Or a family, or an id of Gymnasium.
        told: The other options, None or empty where they were not given.

    Raises:
        click.UsageError: If not one of the two is given, or an option goes with the other.
    """
    given = {key: value for key, value in told.items() if value}
    if (protocol is None) == (env is None):
        raise click.UsageError("give a PROTOCOL or --env, one of the two")
    if protocol is not None:
        for key in given:
            name = {"conditions": "condition", "options": "option", "policies": "policy"}.get(
                key, key
            )
            raise click.UsageError(
                f"--{name.replace('_', '-')} goes with --env; a protocol file says it itself"
            )
        return protocol
    assert env is not None
    return from_options(env, given)


def from_options(env: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of the protocol; levels that are not named are drawn."""
    from rlgen.evaluation import drawing
    from rlgen.levels import lookup
    from rlgen.levels.spaces import parts_of

    options = drawing.parse_options(given.get("options", ()))
    agent = given.get("agent") or ("policy" if "policies" in given else "ppo")
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", f"{env}-{agent}").strip("-.")[:64]
    keys: dict[str, Any] = {"name": name, "family": env, "family_options": options, "agent": agent}
    if "policies" in given:
        keys |= {"policy": list(given["policies"]), "episodes": DEFAULTS["episodes"]}
    else:
        seen = lookup.family(env).configure(options).observation_space
        shapes = [part.shape for part in parts_of(seen)] or [seen.shape]
        keys |= {"network": given.get("network") or fitting(shapes), **DEFAULTS}
    for key in ("steps", "episodes", "conditions"):
        if key in given:
            value = given[key]
            keys[key] = list(value) if isinstance(value, tuple) else value
    for pool in ("train", "validation", "test"):
        if f"{pool}_levels" in given:
            keys[f"{pool}_levels"] = given[f"{pool}_levels"]
    if "sizes" in given:
        try:
            keys["n_train_levels"] = [int(size) for size in given["sizes"].split(",")]
        except ValueError:
            raise click.BadParameter(
                f"{given['sizes']!r} is not like 10,200", param_hint="--sizes"
            ) from None
    elif "train_levels" not in given:
        keys["n_train_levels"] = 100
    return keys


def fitting(shapes: Sequence[tuple[int, ...]]) -> str:
    """The network for observations of this shape, or with parts of these."""
    sides = [side for shape in shapes if len(shape) == 3 for side in shape[1:]]
    if min(sides, default=0) < CELLS:
        return "mlp-64-64"
    return "nature" if min(sides) >= PICTURE else "conv-a"
