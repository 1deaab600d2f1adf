"""The protocol that the options of ``rlgen evaluate --env`` describe."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from rlgen.cli.options import flag, refuse_given
from rlgen.errors import RlgenError
from rlgen.util.terminal import echo

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
#: What only training reads.
OF_TRAINING = ("steps", "network", "seeds", "device")
#: Options by the key of a protocol that they set, where they have another name.
_OPTIONS = {
    "family": "--env",
    "family_options": "--option",
    "n_train_levels": "--sizes",
    "conditions": "--condition",
}


def protocol(env: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of the protocol.

    Args:
        env: A family or a Gymnasium id.
        options: The other options, None or empty where not given.

    Raises:
        RlgenError: For options that do not go together, or a family that does not exist.
    """
    refuse_given(["budget"], "goes with a PROTOCOL that has budgets, and --env has none")
    for key, value in options.items():
        if "" in (value if isinstance(value, tuple) else (value,)):
            # As from a variable of the shell that is not set: nothing is to be taken in its place.
            raise click.UsageError(f"{_OPTIONS.get(key) or flag(key)} is empty")
    filled = {key: value for key, value in options.items() if value}
    if "policies" in filled:
        _check_of_policies(filled)
    else:
        refuse_given(["trust"], "goes with --policy, whose file it names")
    return from_options(env, filled)


def _check_of_policies(filled: Mapping[str, Any]) -> None:
    """Refuse what only training reads, and levels that nobody has named."""
    from rlgen.protocol import trained_on
    from rlgen.protocol.hub import PREFIX
    from rlgen.protocol.policy_names import agents_of, parts, with_agent

    refuse_given(OF_TRAINING, "goes with training, and the policy of --policy is not trained here")
    if {"train_levels", "trained_on"} & filled.keys():
        return
    agents = agents_of(filled["policies"])
    files = [Path(parts(with_agent(text, agents)[1])[0]) for text in filled["policies"]]
    for path in files:
        # What is missing altogether is said before what is missing beside it.
        is_file = path.suffix in trained_on.POLICIES and path.parts[0] != PREFIX.rstrip("/")
        if is_file and not path.exists():
            raise click.UsageError(f"--policy {str(path)!r}: there is no such file")
    there = any(trained_on.path_beside(path).is_file() for path in files)
    if not there and not any(PREFIX in text for text in filled["policies"]):
        raise click.UsageError(
            "--policy needs --train-levels, the levels that the policy learned from, such as 0:200:"
            " its return on them is compared with that on --test-levels (--trained-on, where they "
            f"are known and not assumed; {trained_on.path_beside(files[0])}, which "
            "rlgen.save_levels writes, says them too)"
        )


@contextmanager
def naming_options() -> Iterator[None]:
    """Let errors about the protocol name the options that were typed."""
    try:
        yield
    except RlgenError as error:
        raise type(error)(_with_options(str(error))) from None


def _with_options(message: str) -> str:
    """A message with options in place of the protocol's keys.

    Examples:
        >>> _with_options("protocol: conditions = 'x': unknown perturbation 'x'")
        "--condition 'x': unknown perturbation 'x'"
        >>> _with_options("protocol: train_levels are named, but not test_levels")
        '--train-levels are named, but not --test-levels'
    """
    lines = []
    for line in message.splitlines():
        match = re.match(r"protocol: (\w+)(?: = |: )", line)
        if match:
            key = match.group(1)
            line = f"{_OPTIONS.get(key) or flag(key)} {line[match.end() :]}"
        line = re.sub(r"\b(train|validation|test)_levels\b", r"--\1-levels", line)
        line = re.sub(r"(?<!\.)\btrained_on\b", "--trained-on", line)
        lines.append(line.removeprefix("protocol: "))
    return "\n".join(lines)


#: From here on a number of a level looks like a number of levels.
MANY = 100


def _warn_of_one(pool: str, text: str) -> None:
    """Say that a number is one level, where it may have been meant to be so many."""
    if text.isdigit() and int(text) >= MANY:
        echo(f"--{pool}-levels {text} is one level; 0:{text} are {int(text):,}", err=True)


def from_options(env: str, filled: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of the protocol; pools that are not named are drawn."""
    from rlgen.levels import lookup
    from rlgen.levels.spaces import parts_of
    from rlgen.protocol.policy_names import agents_of
    from rlgen.util.bracketed import parse_options
    from rlgen.util.validation import At

    options = parse_options(filled.get("options", ()))
    usual = filled.get("agent") or ("policy" if "policies" in filled else "ppo")
    agents = [] if "agent" in filled else agents_of(filled.get("policies", ()))
    # Without the agents' names, so that others can be added to the store.
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", f"{env}-{usual}").strip("-.")[:64]
    keys: dict[str, Any] = {"name": name, "family": env, "family_options": options}
    keys["agent"] = agents or usual
    if "policies" in filled:
        keys |= {"policy": list(filled["policies"]), "episodes": DEFAULTS["episodes"]}
        # What rlgen judges by, and what the tools that made the policy report.
        keys["conditions"] = ["plain", "greedy"]
    else:
        with At("protocol", "family", env):
            family = lookup.family(env)
        with At("protocol", "family_options", options):
            space = family.configure(options).observation_space
        shapes = [part.shape for part in parts_of(space)] or [space.shape]
        keys |= {"network": filled.get("network") or fitting(shapes), **DEFAULTS}
    for key in ("steps", "episodes", "conditions"):
        if key in filled:
            value = filled[key]
            keys[key] = list(value) if isinstance(value, tuple) else value
    for pool in ("train", "validation", "test"):
        if f"{pool}_levels" in filled:
            keys[f"{pool}_levels"] = filled[f"{pool}_levels"]
            _warn_of_one(pool, filled[f"{pool}_levels"])
    if "trained_on" in filled:
        keys["trained_on"] = filled["trained_on"]
    if "sizes" in filled:
        try:
            keys["n_train_levels"] = [int(size) for size in filled["sizes"].split(",")]
        except ValueError:
            raise click.BadParameter(
                f"{filled['sizes']!r} is not like 10,200", param_hint="--sizes"
            ) from None
    elif not {"train_levels", "policies"} & filled.keys():
        keys["n_train_levels"] = 100
    return keys


def fitting(shapes: Sequence[tuple[int, ...]]) -> str:
    """A network that fits observations with parts of these shapes."""
    from rlgen.protocol import shipped

    sides = [side for shape in shapes if len(shape) == 3 for side in shape[1:]]
    if min(sides, default=0) < CELLS:
        return "mlp-64-64"
    return "nature" if min(sides) >= PICTURE else shipped.defaults().small_pictures
