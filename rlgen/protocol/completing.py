"""Keys of a protocol that follow from others: what need not be said."""

from collections.abc import Mapping, Sequence, Set
from typing import Any

from rlgen.errors import ProtocolError
from rlgen.protocol.policy_names import agents_of, with_agent, written
from rlgen.protocol.pools import POOLS
from rlgen.util.ranges import parse_seeds, plain, whole
from rlgen.util.toml import toml
from rlgen.util.validation import listed
from rlgen.util.words import exist

#: Keys from which others follow.
IMPLYING = frozenset({"experiments", "policy", *(f"{pool}_levels" for pool in POOLS)})
#: Keys that a protocol with experiments alone has no values of.
EMPTY_GRID = ("family", "n_train_levels", "network", "agent")
#: What only training reads, with what it is where there is none.
OF_TRAINING = {
    "network": "own",
    "steps": 1,
    "curve_points": 1,
    "curve_levels": 50,
    "agent_options": {},
    "regulariser": "none",
}
#: Keys that say that there are agents.
_OF_AGENTS = ("family", "n_train_levels", "network", "steps", "policy", "train_levels")


def seed_list(value: Any) -> Any:
    """``"0:20"`` is the range from 0 up to, not including, 20."""
    return parse_seeds(value) if isinstance(value, str) else listed(whole(value))


def as_written(values: Mapping[str, Any], where: str) -> Mapping[str, Any]:
    """A table of a script's own.

    Raises:
        ProtocolError: If it names no policies where it says some, as a search that found no file
            does: an agent would be trained instead. Files that rlgen writes say ``policy = []``.
    """
    policy = values.get("policy", ())
    if isinstance(policy, list | Mapping | Set) and not policy:
        raise ProtocolError(
            f"{where}: policy = {policy!r}: names no policy: give at least one, or leave the key "
            "out, and agents are trained"
        )
    return {key: plain(value) for key, value in values.items()}


def completed(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """The keys of a file with those that follow from them.

    Raises:
        ValueError: Where they contradict each other.
    """
    return _of_policies(_of_named_pools(_of_experiments(values)))


def _of_experiments(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """A file with experiments alone has an empty grid of agents."""
    if not values.get("experiments") or any(name in values for name in _OF_AGENTS):
        return values
    return {"seeds": (0,), **values, **dict.fromkeys(EMPTY_GRID, ()), "steps": 1}


def _of_named_pools(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Levels that are named need not be counted too."""
    named = {pool: values.get(f"{pool}_levels") for pool in POOLS}
    if not any(named.values()):
        return values
    if not (named["train"] and named["test"]):
        missing = "test" if named["train"] else "train"
        if missing == "test" and values.get("policy"):
            raise ValueError("needs test_levels, such as 1000:1100, which the policies never met")
        present = next(pool for pool, text in named.items() if text)
        raise ValueError(f"{present}_levels are named, but not {missing}_levels")
    sizes = {key: whole(value) for key, value in values.items()}
    for pool, text in named.items():
        size_key = f"n_{pool}_levels"
        try:
            size = len(parse_seeds(text)) if text else 0
        except (ValueError, AttributeError):
            sizes.setdefault(size_key, 1)  # the text's own check says what is wrong
            continue
        if sizes.setdefault(size_key, size) != size and size_key != "n_train_levels":
            own = f"{size_key} = {sizes[size_key]}"
            raise ValueError(f"{own}, but {exist(size, 'level')} named")
    return sizes


def _of_policies(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """What only training asks for need not be said of policies made elsewhere."""
    policies = listed(written(values.get("policy", ())))
    if not policies:
        return values
    every = {**values, "policy": policies}
    every.setdefault("agent", agents_of(policies) or "policy")
    seeds = list(range(_most_of_one_agent(policies, listed(every["agent"]))))
    rest = {name: OF_TRAINING[name] for name in ("network", "steps", "curve_points")}
    for name, value in {"seeds": seeds, **rest}.items():
        every.setdefault(name, value)
    if list(seed_list(every["seeds"])) != seeds:
        raise ValueError(f"seeds: {exist(len(policies), 'policy', 'policies')} numbered from 0")
    for name in ("network", "n_train_levels", "regulariser"):
        if len(listed(every.get(name, ()))) > 1:
            raise ValueError(f"{name}: a policy made elsewhere has one value")
    return every


def _most_of_one_agent(policies: Sequence[Any], agents: Sequence[Any]) -> int:
    """How many policies the agent has that has most.

    Raises:
        ValueError: If there are several agents, and a policy does not say whose it is, or an agent
            has none.
    """
    own = [with_agent(str(text), agents)[0] for text in policies]
    if len(agents) == 1:
        return len(policies)
    if "" in own:
        text = policies[own.index("")]
        raise ValueError(
            f"policy: {text!r} does not say of which agent it is, of {', '.join(map(str, agents))}:"
            f" write {agents[0]}={text}"
        )
    for agent in agents:
        if agent not in own:
            raise ValueError(f"agent: {agent!r} has no policy")
    return max(map(own.count, agents))


def refuse_ignored(values: Mapping[str, Any], where: str) -> None:
    """Refuse what only training reads in a protocol of policies made elsewhere.

    Stores of earlier versions hold it, so that it is asked of what users write alone.

    Raises:
        ProtocolError: Naming the first such key.
    """
    for name, value in OF_TRAINING.items():
        own = values.get(name, value)
        if own != value and listed(own) != listed(value):
            raise ProtocolError(
                f"{where}: {name} = {toml(own)}: goes with training, and the policies of this "
                "protocol are not trained here"
            )
