"""From the text of a protocol to what it names: every name resolved, everything impossible refused.

This happens once. From here on a study is made of objects, which become text again only where a
cell goes to a worker.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from rlgen.agents import agent_named
from rlgen.agents.presets import matching
from rlgen.errors import ProtocolError
from rlgen.levels import lookup
from rlgen.levels.capabilities import as_tabular
from rlgen.levels.family import Family
from rlgen.levels.further import Source
from rlgen.levels.grouping import Grouping
from rlgen.levels.spaces import parts_of
from rlgen.levels.split import check_apart, check_pool_sizes, check_size, draw_split
from rlgen.networks import network_named
from rlgen.networks.lists import drawn_from
from rlgen.perturbations.condition import Condition
from rlgen.policies.sb3.beside import with_statistics
from rlgen.policies.sources import policy_hash
from rlgen.probes import PROBES
from rlgen.protocol import trained_on
from rlgen.protocol.policy_names import policy_texts, with_agent
from rlgen.protocol.schema import Protocol
from rlgen.protocol.trained_on import RECORDED, STATED
from rlgen.study import further
from rlgen.training.agent_spec import AgentSpec
from rlgen.training.regularisers.regularisation import Regularisation
from rlgen.util.bracketed import named_options
from rlgen.util.validation import At

#: Levels of each pool that are tried before anything is computed.
TRIED = 4


@dataclass(frozen=True)
class Elsewhere:
    """A policy made elsewhere.

    Attributes:
        text: Where it is, with its statistics.
        hash: Of what it is made of.
        trained_on: How it is known what it was trained on: ``RECORDED``, ``STATED``, or empty.
    """

    text: str
    hash: str
    trained_on: str


@dataclass(frozen=True)
class Resolved:
    """A protocol and what it names.

    Attributes:
        protocol: With the names of conditions, regularisers and policies spelt out.
        where: What messages about it begin with.
        families: Configured, by the name in the protocol.
        groupings: By which property levels are split, by the name of the family; empty if by none.
        pools: Further pools by the name of the family that is trained on.
        conditions: What policies face, by canonical name.
        regularisations: What agents train with, by canonical name.
        specs: What learns, by agent, network and regulariser; empty for policies made elsewhere.
        policies: Policies made elsewhere, by agent and number.
        probes: Versions of the probes that measure each policy, by name, baselines first.
    """

    protocol: Protocol
    where: str
    families: Mapping[str, Family]
    groupings: Mapping[str, Grouping]
    pools: Mapping[str, tuple[Source, ...]]
    conditions: Mapping[str, Condition]
    regularisations: Mapping[str, Regularisation]
    specs: Mapping[tuple[str, str, str], AgentSpec]
    policies: Mapping[tuple[str, int], Elsewhere]
    probes: Mapping[str, int]


def resolve(protocol: Protocol, where: str) -> Resolved:
    """Resolve a protocol.

    Args:
        protocol: The experiment.
        where: What messages begin with, usually the file.

    Raises:
        RlgenError: For a name that does not exist or a combination that cannot work, with the
            key and value at fault.
    """
    families = {name: _family(protocol, name, where) for name in protocol.family}
    groupings = {
        name: grouping
        for name, family in families.items()
        if (grouping := _grouping(protocol, family)) is not None
    }
    pools = {
        name: further.resolve(protocol, name, family, groupings.get(name), where)
        if protocol.pools
        else ()
        for name, family in families.items()
    }
    conditions = _conditions(protocol, where)
    regularisations = _regularisations(protocol, where)
    played = [source.world for sources in pools.values() for source in sources]
    _check_conditions([*families.values(), *played], "conditions", conditions, where)
    in_training = {text: each.condition for text, each in regularisations.items()}
    _check_conditions(list(families.values()), "regulariser", in_training, where)
    for flip_p, family in product(protocol.flip_p, families.values()):
        with At(where, "flip_p", flip_p):
            family.generate([], flip_p)
    policies = _policies(protocol, where)
    specs = {} if policies else _specs(protocol, families, regularisations, where)
    spelt_out = {
        "conditions": tuple(condition.name for condition in conditions.values()),
        "regulariser": tuple(each.name for each in regularisations.values()),
        "policy": policy_texts({key: each.text for key, each in policies.items()}),
    }
    return Resolved(
        protocol.model_copy(update=spelt_out),
        where,
        families,
        groupings,
        pools,
        {condition.name: condition for condition in conditions.values()},
        {each.name: each for each in regularisations.values()},
        specs,
        policies,
        _probes(protocol, list(families.values()), where),
    )


def _family(protocol: Protocol, name: str, where: str) -> Family:
    with At(where, "family", name):
        member = lookup.family(name)
    with At(where, "family_options", dict(protocol.family_options)):
        _, own = named_options(name)
        family = member.configure({**protocol.family_options, **own})
    named = protocol.named_levels
    with At(where, "test_levels", protocol.test_levels):
        check_apart(named)
    sizes = {"validation": protocol.n_validation_levels, "test": protocol.n_test_levels}
    for n_train in protocol.n_train_levels:
        with At(where, "n_train_levels", n_train):
            if named:
                check_size(named, n_train)
            else:
                check_pool_sizes(family, {"train": n_train, **sizes})
    few = [min(TRIED, size) for size in (max(protocol.n_train_levels), *sizes.values())]
    with At(where, "family", name):
        if named:
            family.check([i for ids in named.values() for i in _spread(ids)])
        else:
            split = draw_split(family, *few)
            family.check([int(i) for _, levels in split.pools() for i in levels.ids])
    grouping = _grouping(protocol, family)
    if grouping is not None and not named:
        with At(where, "levels.axis" if grouping.axis else "levels.group", grouping.name):
            draw_split(family, *few, grouping=grouping)
    return family


def _grouping(protocol: Protocol, family: Family) -> Grouping | None:
    """By which property a family's levels are split, if by any."""
    return Grouping.of(protocol.levels.settings).followed(family) if protocol.levels else None


def _spread(ids: Sequence[int]) -> list[int]:
    """Some ids from the first to the last."""
    places = np.linspace(0, len(ids) - 1, min(TRIED, len(ids))).round().astype(int)
    return [ids[place] for place in places]


def _conditions(protocol: Protocol, where: str) -> dict[str, Condition]:
    """What policies face, by the text in the protocol."""
    parsed: dict[str, Condition] = {}
    texts: dict[str, str] = {}
    for text in protocol.conditions:
        with At(where, "conditions", text):
            condition = Condition.parse(text)
            if condition.name in texts:
                raise ProtocolError(f"is the same condition as {texts[condition.name]!r}")
        texts[condition.name] = text
        parsed[text] = condition
    return parsed


def _regularisations(protocol: Protocol, where: str) -> dict[str, Regularisation]:
    """What agents train with, by the text in the protocol."""
    parsed: dict[str, Regularisation] = {}
    for text in protocol.regulariser:
        with At(where, "regulariser", text):
            regularisation = Regularisation.parse(text)
            for other, same in parsed.items():
                if same == regularisation:
                    raise ProtocolError(f"is the same regulariser as {other!r}")
        parsed[text] = regularisation
    return parsed


def _check_conditions(
    families: Sequence[Family], key: str, by_text: Mapping[str, Condition], where: str
) -> None:
    """Refuse what levels cannot be played under; ``key`` of the protocol says it."""
    for (text, condition), family in product(by_text.items(), families):
        reason = condition.why_not(family)
        if reason is not None:
            raise ProtocolError(f"{where}: {key} = {text!r}: {reason}")


def _probes(protocol: Protocol, families: Sequence[Family], where: str) -> dict[str, int]:
    """Versions of the probes by name, with the baselines that they have to beat."""
    for name in protocol.probes:
        with At(where, "probes", name):
            probe = PROBES[name]
            for family in families:
                if "tabular" in probe.needs:
                    as_tabular(family, "such probes")
                if family.box is not None and probe.looks_inside:
                    raise ProtocolError(
                        f"looks at scores of discrete actions, and those of {family.name} are "
                        "continuous"
                    )
    baselines = [name for name in PROBES if PROBES[name].baseline] if protocol.probes else []
    return {name: PROBES[name].version for name in dict.fromkeys([*baselines, *protocol.probes])}


def _policies(protocol: Protocol, where: str) -> dict[tuple[str, int], Elsewhere]:
    policies: dict[tuple[str, int], Elsewhere] = {}
    numbers = Counter[str]()
    for text in protocol.policy:
        agent, own = with_agent(text, protocol.agent)
        agent = agent or protocol.agent[0]
        with At(where, "policy", own):
            named = with_statistics(own)
            how = RECORDED if trained_on.read(own) else STATED if protocol.trained_on else ""
            policies[agent, numbers[agent]] = Elsewhere(named, policy_hash(named), how)
        numbers[agent] += 1
    return policies


def _specs(
    protocol: Protocol,
    families: Mapping[str, Family],
    regularisations: Mapping[str, Regularisation],
    where: str,
) -> dict[tuple[str, str, str], AgentSpec]:
    """What learns, by agent, network and canonical regulariser."""
    presets = {}
    for agent in protocol.agent:
        with At(where, "agent", agent):
            presets[agent] = agent_named(agent)[0]
    # What one agent does not read may be there for another.
    unread = set.intersection(*({*each.unread} for each in presets.values())) if presets else ()
    for agent in presets:
        _check_agent(protocol, agent, families.values(), unread, where)
    networks = dict.fromkeys(each for name in protocol.network for each in drawn_from(name))
    for network, family in product(networks, families.values()):
        with At(where, "network", network):
            space = family.observation_space
            network_named(network).for_family(family).check(space.shape, parts_of(space))
            for agent in protocol.agent:
                matching.check_network(agent, network, family)
    specs = {}
    combinations = product(protocol.agent, networks, regularisations.items())
    for agent, network, (text, regularisation) in combinations:
        for family in families.values():
            if reason := regularisation.why_not(agent, network, family):
                raise ProtocolError(f"{where}: regulariser = {text!r}: {reason}")
        specs[agent, network, regularisation.name] = AgentSpec.of(
            agent, protocol.agent_options, network_named(network), regularisation
        )
    return specs


def _check_agent(
    protocol: Protocol, name: str, families: Iterable[Family], unread: Collection[str], where: str
) -> None:
    with At(where, "agent", name):
        preset, own = agent_named(name)
        preset.require()
        preset.check(own, name.partition("[")[0])
        for family in families:
            matching.check(name, family)
    idle = {*preset.unread} - {*unread}
    common = {k: v for k, v in protocol.agent_options.items() if k not in idle}
    with At(where, "agent_options", dict(protocol.agent_options)):
        preset.check({**common, **own}, name)
    for text in protocol.conditions:
        if not preset.stochastic and "temperature" in text:
            why = f"{name} has no action probabilities to flatten"
            raise ProtocolError(f"{where}: conditions = {text!r}: {why}")
