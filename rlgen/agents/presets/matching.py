"""Match agents with action spaces, and with networks."""

from rlgen.agents import AGENTS, agent_named
from rlgen.errors import ProtocolError
from rlgen.levels.capabilities import as_tabular
from rlgen.levels.family import Family
from rlgen.networks import network_named
from rlgen.policies.base import kind


def check(agent: str, family: Family) -> None:
    """Refuse an agent whose algorithm does not learn the family's kind of actions.

    Args:
        agent: As ``agents.agent_named`` takes it.
        family: Family of the training levels.

    Raises:
        ProtocolError: Naming the agents that do.
        LevelError: If it learns from the planner, and states cannot be listed.
    """
    wanted, (preset, _) = kind(family), agent_named(agent)
    if wanted not in preset.actions:
        can = [name for name in AGENTS if wanted in AGENTS[name].actions]
        raise ProtocolError(
            f"the actions of {family.name} are {wanted}, which {agent} does not learn "
            f"(but: {', '.join(can)})"
        )
    if not preset.plays:
        as_tabular(family, "agents that learn from the planner")


def check_network(agent: str, network: str, family: Family) -> None:
    """Refuse a network with a head of its own where the agent's head is another.

    Args:
        agent: As ``agents.agent_named`` takes it.
        network: As ``networks.network_named`` takes it.
        family: Family of the training levels.

    Raises:
        ProtocolError: With the reason.
    """
    if not network_named(network).own_head:
        return
    if family.box is not None:
        raise ProtocolError(
            f"{network} has a head of its own, for discrete actions; those of {family.name} are "
            "continuous"
        )
    if not agent_named(agent)[0].heads:
        can = [name for name in AGENTS if AGENTS[name].heads]
        raise ProtocolError(
            f"{network} has a head of its own, with which {agent} does not learn "
            f"(but: {', '.join(can)})"
        )
