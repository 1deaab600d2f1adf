"""Further pools of a protocol: what they name, and which policies play them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import gymnasium as gym

from rlgen.errors import LevelError, PolicyError, ProtocolError
from rlgen.levels import lookup
from rlgen.levels.family import MAX_POOL, Family
from rlgen.levels.further import Source
from rlgen.levels.grouping import Grouping, Only
from rlgen.levels.spaces import parts_of
from rlgen.networks import network_named
from rlgen.protocol.pools import KINDS, Pool
from rlgen.protocol.schema import Protocol
from rlgen.util.bracketed import named_options
from rlgen.util.ranges import parse_ids
from rlgen.util.toml import toml
from rlgen.util.validation import At
from rlgen.util.words import exist


def resolve(
    protocol: Protocol, name: str, member: Family, grouping: Grouping | None, where: str
) -> tuple[Source, ...]:
    """The further pools of a protocol's family, with all that cannot be refused.

    Args:
        protocol: The protocol.
        name: Of the family, as in the protocol.
        member: The family, configured.
        grouping: By which property its levels are split, if by any.
        where: What messages begin with.

    Raises:
        RlgenError: For a family or option that does not exist, levels that cannot be played,
            actions or channels that are not those of training, or a kind that has to be said.
    """
    sources: list[Source] = []
    for pool, keys in protocol.pools.items():
        key = f"pools.{pool}"
        family, world = _world(protocol, name, keys, where, key)
        same = _alike(world, member)
        same_groups = keys.only in (None, "train")
        if (keys.levels or not same_groups) and same and not keys.kind:
            which = "its levels are named" if keys.levels else f"only = {toml(keys.only)}"
            raise ProtocolError(
                f"{where}: {key}.kind: {which}, and family and options are those of "
                f"training: say what they are to the training levels, one of {', '.join(KINDS)}"
            )
        with At(where, key, name):
            _check_spaces(member, world)
        kind = keys.kind or ("in_distribution" if same else "extrapolation")
        source = Source(
            pool,
            family,
            world,
            keys.n_levels,
            keys.levels,
            kind,
            keys.optional,
            grouping=_taking(grouping, pool, keys.only),
        )
        if not keys.levels:
            with At(where, f"{key}.n_levels", keys.n_levels):
                _check_size(world, keys.n_levels, _others(protocol, member, sources, world))
                # Some options leave no level that can be solved, which only a trial shows.
                source.drawn(keys.n_levels, set())
        ids = parse_ids(keys.levels) if keys.levels else source.drawn(1, set()).ids
        with At(where, f"{key}.levels" if keys.levels else key, keys.levels or name):
            world.check([int(ids[0]), int(ids[-1])])
        sources.append(source)
    _check_named(protocol, member, sources, where)
    return tuple(sources)


def _taking(grouping: Grouping | None, pool: str, only: Any) -> Grouping | None:
    """The study's grouping with what a pool takes of it."""
    if grouping is None or only is None:
        return grouping
    return replace(grouping, pools={**grouping.pools, pool: Only.of(only)})


def _world(protocol: Protocol, name: str, keys: Pool, where: str, key: str) -> tuple[str, Family]:
    """The pool's family with its options, and its name."""
    bare = keys.family or name
    options = {} if keys.family else dict(protocol.family_options)
    with At(where, f"{key}.family", bare):
        member = lookup.family(bare)
        _, own = named_options(bare)
    with At(where, f"{key}.family_options", dict(keys.family_options)):
        return bare, member.configure({**options, **own, **keys.family_options})


def _check_spaces(own: Family, world: Family) -> None:
    """Refuse actions or observations that mean something else than in training."""
    if own.action_space != world.action_space:
        raise LevelError(
            f"its actions are {world.action_space}, and those of training {own.action_space}"
        )
    ours, theirs = (_channels(each.observation_space) for each in (own, world))
    if ours != theirs:
        raise LevelError(f"its observations are {theirs}, and those of training {ours}")


def _channels(space: gym.spaces.Box) -> str:
    """What an observation holds, whatever the height and width of a picture."""
    parts = parts_of(space)
    if parts:
        return ", ".join(f"{part.name} {part.shape}" for part in parts)
    picture = len(space.shape) == 3
    return f"{space.shape[0]} channels" if picture else f"of shape {space.shape}"


def _others(protocol: Protocol, member: Family, sources: Sequence[Source], world: Family) -> int:
    """How many levels of the same family and options other pools have."""
    sizes = (
        *((member, n) for n in (protocol.n_validation_levels, protocol.n_test_levels)),
        (member, max(protocol.n_train_levels)),
        *((source.world, source.n_levels) for source in sources),
    )
    return sum(n for family, n in sizes if _alike(family, world))


def _alike(one: Family, other: Family) -> bool:
    return one.name == other.name and dict(one.options) == dict(other.options)


def _check_size(world: Family, size: int, others: int) -> None:
    if size > MAX_POOL:
        raise LevelError(f"must be at most {MAX_POOL:,}")
    capacity = world.capacity()
    if capacity is not None and size + others > capacity:
        beside = f", and other pools have {others:,}" if others else ""
        raise LevelError(
            f"{world.name} has at most {capacity:,} distinct levels with its options{beside}"
        )


def _check_named(protocol: Protocol, member: Family, sources: Sequence[Source], where: str) -> None:
    """Refuse names that stand in two pools of one family with the same options."""
    pools = [(pool, member, set(ids)) for pool, ids in protocol.named_levels.items()]
    for source in sources:
        ids = set(parse_ids(source.named)) if source.named else set()
        for other, family, theirs in pools:
            common = ids & theirs if _alike(family, source.world) else set()
            if common:
                raise ProtocolError(
                    f"{where}: pools.{source.name}.levels = {source.named!r}: level {min(common)} "
                    f"is in the {other} pool too ({exist(len(common), 'level')})"
                )
        pools.append((source.name, source.world, ids))


def for_network(
    sources: Sequence[Source], network: str, member: Family, where: str
) -> tuple[Source, ...]:
    """The pools of a cell that trains a network, each with the reason if it is left out.

    Raises:
        ProtocolError: If the network does not take a pool's observations, and the pool is not
            optional.
    """

    def reason(source: Source) -> str:
        own, theirs = member.observation_space.shape, source.world.observation_space.shape
        if own == theirs:
            return ""
        unfit = network_named(network).fits(theirs, trained_on=own)
        return "" if unfit is None else f"the network {network} {unfit}"

    return tuple(_fitted(source, reason(source), where) for source in sources)


def for_policy(
    sources: Sequence[Source], policy: str, trust: Sequence[str], where: str
) -> tuple[Source, ...]:
    """The pools of a cell that evaluates a policy made elsewhere; see ``for_network``."""
    from rlgen.policies import fitting, loading

    fitted = []
    for source in sources:
        reason = ""
        try:
            loaded = loading.load(policy, source.world, trusted=trust)
            fitting.check(loaded, source.world, source.first(1), policy)
        except PolicyError as error:
            reason = str(error)
        fitted.append(_fitted(source, reason, where))
    return tuple(fitted)


def left_out(pools: Mapping[str, Any]) -> dict[str, str]:
    """By further pool that a cell leaves out the reason, from the cell's setting ``pools``."""
    return {name: keys["left_out"] for name, keys in pools.items() if keys["left_out"]}


def _fitted(source: Source, reason: str, where: str) -> Source:
    if reason and not source.optional:
        raise ProtocolError(
            f"{where}: pools.{source.name}: {reason}; optional = true leaves out what does not fit"
        )
    return replace(source, left_out=reason)
