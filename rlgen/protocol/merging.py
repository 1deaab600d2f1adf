"""The protocol of a store that holds several: unions of grids, and levels of parts."""

from collections.abc import Sequence
from typing import Any

from rlgen.errors import ProtocolError
from rlgen.protocol import experiments
from rlgen.protocol.schema import GRID, Protocol, parse
from rlgen.util.bracketed import two_spellings
from rlgen.util.hashing import digest
from rlgen.util.ranges import parse_seeds
from rlgen.util.toml import toml

#: Keys in which parts of a store may differ that train on all levels they name, no two on the same
#: number of them: by that number their runs are told apart.
BY_SIZE = ("train_levels", "validation_levels")
#: Keys whose names may have options in brackets.
BRACKETED = ("family", "agent", "network")


def merged(
    old: Protocol, new: Protocol, where: str = "the store", *, longer: bool = False
) -> Protocol:
    """The protocol of a store after a command with ``new``: the grids' unions.

    Args:
        old: The protocol so far.
        new: Of the command.
        where: Says in a message where ``old`` stands.
        longer: Whether the new one may have more steps, which are then all runs'.

    Raises:
        ProtocolError: Naming the first key in which they cannot be one study.
    """
    if old.trains == new.trains:
        values = _one_study(old, new, where, longer=longer)
    else:
        # One of them has no agents, and nothing to say of how agents are trained.
        values = (old if old.trains else new).model_dump()
        values |= {name: getattr(new, name) for name in ("name", "description")}
    if old.paper and new.paper and old.paper != new.paper:
        raise ProtocolError(f"key 'paper' is {old.paper!r} in {where} and {new.paper!r} now")
    values["paper"] = old.paper or new.paper
    values["probes"] = _union(old.probes, new.probes)
    values["pools"] = _joined_pools(old, new, where)
    values["experiments"] = experiments.joined(old.experiments, new.experiments)
    return parse(values, where)


def _one_study(old: Protocol, new: Protocol, where: str, *, longer: bool) -> dict[str, Any]:
    """What agents are trained, where both protocols train some, or neither does."""
    levels = _joined_levels(old, new)
    for name in (*BY_SIZE, *new.fixed):
        before, now = old.fixed[name], new.fixed[name]
        if longer and name == "steps" and now > before:
            continue
        if before != now and name not in levels:
            raise ProtocolError(f"key {name!r} is {toml(before)} in {where} and {toml(now)} now")
        if before == now and digest({name: before}) != digest({name: now}):
            raise ProtocolError(
                f"key {name!r} is {toml(before)} in {where} and {toml(now)} now: equal numbers "
                "that are written otherwise; unless they are written as before, each run would be "
                "computed and counted twice"
            )
    values = new.model_dump() | levels
    for name in (*GRID, "conditions"):
        values[name] = _union(getattr(old, name), values[name])
    for key in BRACKETED:
        if pair := two_spellings(getattr(new, key), getattr(old, key)):
            raise ProtocolError(
                f"key {key!r} has {pair[0]} in {where}, and {pair[1]} is the same in another "
                "spelling; write it as it was"
            )
    return values


def with_policies(before: Protocol, now: Protocol) -> Protocol:
    """What was declared before, with the policies of now, among which those of before are.

    Who plans has numbered them by their content (``study.numbering``), whatever they are called.
    """
    if not (before.policy and now.policy):
        return before
    return before.model_copy(update={"policy": now.policy})


def _joined_pools(old: Protocol, new: Protocol, where: str) -> dict[str, Any]:
    """The further pools of both, of which the longer list begins with the shorter.

    A pool skips the levels of those before it, so that its own follow from the list up to it.
    """
    before, now = (each.model_dump()["pools"] for each in (old, new))
    for name in before:
        if digest({name: now.get(name, before[name])}) != digest({name: before[name]}):
            old_text, new_text = toml(before[name]), toml(now[name])
            raise ProtocolError(
                f"key 'pools.{name}' is {old_text} in {where} and {new_text} now; give the new "
                "pool a name of its own"
            )
    shorter, longer = sorted((before, now), key=len)
    if list(longer)[: len(shorter)] != list(shorter):
        raise ProtocolError(
            f"key 'pools' is {', '.join(before)} in {where} and {', '.join(now)} now; new pools "
            "follow those that are there, whose levels they skip"
        )
    return dict(longer)


def _joined_levels(old: Protocol, new: Protocol) -> dict[str, Any]:
    """The levels that either names and how many of them validate, where the two may differ in them.

    Empty where they name the same, and where their runs could not be told apart.
    """
    if all(getattr(old, name) == getattr(new, name) for name in BY_SIZE):
        return {}
    for protocol in (old, new):
        levels = protocol.named_levels.get("train", ())
        if not levels or sum(protocol.n_train_levels) != len(levels):
            return {}
    for part, whole in ((new, old), (old, new)):
        if _inside(part.train_levels, whole.train_levels):
            fits = set(part.n_train_levels) <= set(whole.n_train_levels)
            if fits and _inside(part.validation_levels, whole.validation_levels):
                return {name: getattr(whole, name) for name in (*BY_SIZE, "n_validation_levels")}
            return {}
    joined = {
        name: ",".join(filter(None, (getattr(p, name) for p in (old, new)))) for name in BY_SIZE
    }
    ids = {name: parse_seeds(text) if text else () for name, text in joined.items()}
    if set(new.n_train_levels) & set(old.n_train_levels) or any(
        len(set(named)) < len(named) for named in ids.values()
    ):
        return {}
    return joined | {"n_validation_levels": len(ids["validation_levels"])}


def _inside(one: str, other: str) -> bool:
    """Whether a text of ids is a piece of another."""
    return f",{one}," in f",{other},"


def _union(old: Sequence[Any], new: Sequence[Any]) -> list[Any]:
    return [*old, *(value for value in new if value not in old)]
