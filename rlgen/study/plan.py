"""From a protocol to its cells: every name resolved, everything impossible refused."""

from collections.abc import Iterable, Iterator
from itertools import product
from typing import Any

from rlgen.agents import AGENTS
from rlgen.agents.presets import matching
from rlgen.agents.presets.preset import LogUniform
from rlgen.errors import ProtocolError, RlgenError
from rlgen.levels import lookup
from rlgen.levels.family import Family
from rlgen.levels.spaces import parts_of
from rlgen.levels.split import NAMESPACES, check_named, check_pool_sizes
from rlgen.networks import NETWORKS
from rlgen.networks.lists import drawn_from, resolve
from rlgen.perturbations.condition import Condition
from rlgen.policies.sources import policy_hash
from rlgen.protocol.schema import GRID, Protocol
from rlgen.study.kinds.evaluate import EvaluateCell
from rlgen.study.kinds.policy_cell import NAMED, PolicyCell
from rlgen.study.kinds.train import TrainCell
from rlgen.training.regularisers.regularisation import Regularisation


def plan(protocol: Protocol, where: str) -> list[PolicyCell]:
    """The cells of a protocol in the order in which they run.

    Args:
        protocol: The experiment.
        where: What messages begin with, usually the file.

    Raises:
        RlgenError: For a name that does not exist or a combination that cannot work, with the
            key and value at fault.
    """
    families = {name: _family(protocol, name, where) for name in protocol.family}
    regularisations = _regularisations(protocol, where)
    met = [("regulariser", text, told.condition) for text, told in regularisations.items()]
    for key, text, condition in (*_conditions(protocol, where), *met):
        for family in families.values():
            reason = condition.why_not(family)
            if reason is not None:
                raise ProtocolError(f"{where}: {key} = {text!r}: {reason}")
    for flip_p in protocol.flip_p:
        for family in families.values():
            with _At(where, "flip_p", flip_p):
                family.generate([], flip_p)
    made = [(text, _hash(text, where)) for text in protocol.policy]
    settings = {
        name: {} if made else _agent(protocol, name, families.values(), where)
        for name in protocol.agent
    }
    named_networks = () if made else protocol.network
    networks = dict.fromkeys(each for name in named_networks for each in drawn_from(name))
    for network, family in product(networks, families.values()):
        with _At(where, "network", network):
            seen = family.observation_space
            NETWORKS[network].n_features(seen.shape, parts_of(seen))
    for agent, network, family in product(protocol.agent, networks, families.values()):
        for text, told in regularisations.items():
            reason = told.why_not(agent, network, family)
            if reason is not None:
                raise ProtocolError(f"{where}: regulariser = {text!r}: {reason}")
    named = protocol.named_levels
    kind = EvaluateCell if made else TrainCell
    return [
        kind(
            family=family,
            family_options=dict(families[family].options),
            family_version=families[family].version,
            n_train_levels=n_train,
            n_validation_levels=protocol.n_validation_levels,
            n_test_levels=protocol.n_test_levels,
            flip_p=flip_p,
            agent=agent,
            agent_options=dict(protocol.agent_options),
            agent_settings=settings[agent],
            agent_version=0 if made else AGENTS[agent].version,
            network=network if made else resolve(network, seed),
            regulariser=regularisations[regulariser].name,
            steps=protocol.steps,
            seed=seed,
            pool_seed=seed if protocol.train_pool == "per_run" and not named else 0,
            evaluated_train_levels=protocol.evaluated_train_levels,
            curve_points=protocol.curve_points,
            curve_levels=protocol.curve_levels,
            episodes=protocol.episodes,
            **{key: getattr(protocol, key) for key in NAMED},
            **(dict(zip(("policy", "policy_hash"), made[seed], strict=True)) if made else {}),
        )
        for seed, family, n_train, flip_p, agent, network, regulariser in product(
            *(getattr(protocol, key) for key in GRID)
        )
    ]


class _At:
    """Puts file, key and value in front of an error's message."""

    def __init__(self, where: str, key: str, value: object) -> None:
        self._place, self._value = f"{where}: {key} = {value!r}", value

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if isinstance(error, RlgenError):
            # Families begin with their own name, which is the value then.
            told = str(error).removeprefix(f"{self._value}: ")
            raise type(error)(f"{self._place}: {told}") from None


def _family(protocol: Protocol, name: str, where: str) -> Family:
    with _At(where, "family", name):
        member = lookup.family(name)
    with _At(where, "family_options", dict(protocol.family_options)):
        _, own = lookup.named_options(name)
        family = member.configure({**protocol.family_options, **own})
    named = protocol.named_levels
    with _At(where, "family", name):
        starts = [[start] for start in NAMESPACES.values()]
        family.check([i for pool in named.values() or starts for i in (pool[0], pool[-1])])
    for n_train in protocol.n_train_levels:
        with _At(where, "n_train_levels", n_train):
            if named:
                check_named(named, n_train)
                continue
            check_pool_sizes(
                family,
                {
                    "train": n_train,
                    "validation": protocol.n_validation_levels,
                    "test": protocol.n_test_levels,
                },
            )
    return family


def _agent(protocol: Protocol, name: str, families: Iterable[Family], where: str) -> dict[str, Any]:
    with _At(where, "agent", name):
        preset = AGENTS[name]
        preset.require()
        for family in families:
            matching.check(name, family)
    with _At(where, "agent_options", dict(protocol.agent_options)):
        settings = preset.configured(protocol.agent_options, name)
    for text in protocol.conditions:
        if not preset.stochastic and "temperature" in text:
            raise ProtocolError(
                f"{where}: conditions = {text!r}: {name} has no action probabilities to flatten"
            )
    return {
        key: f"log-uniform[{value.low:g}, {value.high:g}]"
        if isinstance(value, LogUniform)
        else value
        for key, value in settings.items()
    }


def _hash(text: str, where: str) -> str:
    """Of what a policy's file holds, or of the name of a function."""
    with _At(where, "policy", text):
        return policy_hash(text)


def _conditions(protocol: Protocol, where: str) -> Iterator[tuple[str, str, Condition]]:
    """All conditions with the key they stand under."""
    seen: dict[str, str] = {}
    for text in protocol.conditions:
        with _At(where, "conditions", text):
            condition = Condition.parse(text)
            if condition.name in seen:
                raise ProtocolError(f"is the same condition as {seen[condition.name]!r}")
        seen[condition.name] = text
        yield "conditions", text, condition


def _regularisations(protocol: Protocol, where: str) -> dict[str, Regularisation]:
    """What the agents train with, by the text it stands as."""
    found: dict[str, Regularisation] = {}
    for text in protocol.regulariser:
        with _At(where, "regulariser", text):
            regularisation = Regularisation.parse(text)
            for other, known in found.items():
                if known == regularisation:
                    raise ProtocolError(f"is the same regulariser as {other!r}")
        found[text] = regularisation
    return found
