"""From a protocol to its cells: every name resolved, everything impossible refused."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import product
from typing import Any

from rlgen import content
from rlgen.agents import AGENTS, NETWORKS, matching
from rlgen.agents.presets import LogUniform
from rlgen.agents.sources import policy_hash
from rlgen.architectures import drawn_from, resolve
from rlgen.conditions import Condition
from rlgen.errors import ProtocolError, RlgenError
from rlgen.facts import facts
from rlgen.levels import Family
from rlgen.packed import parts_of
from rlgen.protocol import GRID, Protocol, digest, named_levels
from rlgen.regularisation import Regularisation
from rlgen.splits import NAMESPACES, Split, check_named, check_pool_sizes, chosen_split, draw_split

#: Raised whenever the same settings would give other results for a reason that no setting names.
RESULTS_VERSION = 1


#: Settings of cells whose levels are named.
_NAMED = ("train_levels", "validation_levels", "test_levels")
#: Settings that came later, with empty defaults.
_LATER = (*_NAMED, "policy_hash")
#: Settings that say in another way what others say.
_UNHASHED = ("agent_options", "policy")


@dataclass(frozen=True)
class Cell:
    """One agent trained once on one pool. Its settings are all that its results depend on.

    The attributes are the protocol's keys, each with one value, and what they resolve to.
    """

    family: str
    family_options: Mapping[str, Any]
    family_version: int
    n_train_levels: int
    n_validation_levels: int
    n_test_levels: int
    flip_p: float
    agent: str
    agent_options: Mapping[str, Any]
    agent_settings: Mapping[str, Any]
    agent_version: int
    network: str
    regulariser: str
    steps: int
    seed: int
    pool_seed: int
    evaluated_train_levels: int
    curve_points: int
    curve_levels: int
    episodes: int
    results_version: int = RESULTS_VERSION
    train_levels: str = ""
    validation_levels: str = ""
    test_levels: str = ""
    policy: str = ""
    policy_hash: str = ""

    @cached_property
    def settings(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)

    @cached_property
    def id(self) -> str:
        """Sixteen hex digits of the hash of the settings, the agent's as resolved."""
        told = {key: value for key, value in self.settings.items() if key not in _UNHASHED}
        # Without those that older stores' cells do not have.
        told = {key: value for key, value in told.items() if value or key not in _LATER}
        return digest(told)[:16]

    @property
    def label(self) -> str:
        """A short name for people."""
        extra = f", p={self.flip_p:g}" if self.flip_p else ""
        extra += f", {self.regulariser}" if self.regulariser != "none" else ""
        return (
            f"{self.agent}/{self.network} on {self.n_train_levels} levels of {self.family}"
            f"{extra}, seed {self.seed}"
        )

    def split(self) -> Split:
        """The cell's levels."""
        family = content.family(self.family).configure(self.family_options)
        named = named_levels(self.train_levels, self.validation_levels, self.test_levels)
        if named:
            return chosen_split(family, named, self.n_train_levels, flip_p=self.flip_p)
        return draw_split(
            family,
            self.n_train_levels,
            self.n_validation_levels,
            self.n_test_levels,
            pool_seed=self.pool_seed,
            flip_p=self.flip_p,
        )


def plan(protocol: Protocol, where: str) -> list[Cell]:
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
    if protocol.clones:
        name = protocol.clones_family or protocol.family[0]
        with _At(where, "clones_family", name):
            family = content.family(name)
            if family.tabular(family.generate([0])) is None:
                raise ProtocolError("has no planner to clone")
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
    return [
        Cell(
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
            **{key: getattr(protocol, key) for key in _NAMED},
            **(dict(zip(("policy", "policy_hash"), made[seed], strict=True)) if made else {}),
        )
        for seed, family, n_train, flip_p, agent, network, regulariser in product(
            *(getattr(protocol, key) for key in GRID)
        )
    ]


def entries(cells: Sequence[Cell]) -> list[dict[str, Any]]:
    """What a store's plan says of each cell: ``id``, ``label``, ``settings`` and ``facts``."""
    known: dict[str, dict[str, Any]] = {}
    told = []
    for cell in cells:
        kind = {"family": cell.family, "options": cell.family_options, "flip_p": cell.flip_p}
        name = digest(kind)
        if name not in known:
            family = content.family(cell.family).configure(cell.family_options)
            known[name] = facts(family, cell.flip_p)
        told.append(
            {"id": cell.id, "label": cell.label, "settings": cell.settings, "facts": known[name]}
        )
    return told


def canonical(protocol: Protocol) -> Protocol:
    """The protocol with the names of conditions and regularisers spelt out."""
    return protocol.model_copy(
        update={
            "conditions": tuple(condition.name for condition in conditions(protocol)),
            "regulariser": tuple(Regularisation.parse(text).name for text in protocol.regulariser),
        }
    )


def conditions(protocol: Protocol) -> list[Condition]:
    """The protocol's conditions."""
    return [Condition.parse(text) for text in protocol.conditions]


class _At:
    """Puts file, key and value in front of an error's message."""

    def __init__(self, where: str, key: str, value: object) -> None:
        self._place = f"{where}: {key} = {value!r}"

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if isinstance(error, RlgenError):
            raise type(error)(f"{self._place}: {error}") from None


def _family(protocol: Protocol, name: str, where: str) -> Family:
    with _At(where, "family", name):
        member = content.family(name)
    with _At(where, "family_options", dict(protocol.family_options)):
        _, own = content.named_options(name)
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
