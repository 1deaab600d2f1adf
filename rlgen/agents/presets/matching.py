"""Match agents with action spaces."""

from rlgen.agents import AGENTS
from rlgen.errors import ProtocolError
from rlgen.levels.family import Family
from rlgen.policies.base import kind


def check(agent: str, family: Family) -> None:
    """Refuse an agent whose algorithm does not learn the family's kind of actions.

    Args:
        agent: Name in ``AGENTS``.
        family: Family of the training levels.

    Raises:
        ProtocolError: Naming the agents that do.
    """
    wanted = kind(family)
    if wanted not in AGENTS[agent].actions:
        can = [name for name in AGENTS if wanted in AGENTS[name].actions]
        raise ProtocolError(
            f"the actions of {family.name} are {wanted}, which {agent} does not learn "
            f"(but: {', '.join(can)})"
        )
