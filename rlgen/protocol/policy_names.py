"""How policies made elsewhere are written: ``AGENT=FILE+STATISTICS``, of which FILE is enough."""

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from rlgen.util.validation import listed

#: Stands between the file of a model and the file of its VecNormalize statistics.
WITH = "+"
#: Stands in place of statistics where the model was trained without.
WITHOUT = "none"
#: An agent's name in front of a policy, and the sign after it.
_AGENT = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)=(.+)", re.DOTALL)
_Files = str | list[str]
#: Policies in a protocol: a list, or a table of the lists of several agents.
Policies = Annotated[
    tuple[str, ...],
    BeforeValidator(
        lambda value: listed(written(value)), json_schema_input_type=_Files | dict[str, _Files]
    ),
    Field(strict=False),
]


def parts(text: str) -> tuple[str, str]:
    """Split the name of a policy into its file or function, and the file of its statistics.

    Examples:
        >>> parts("model.zip+statistics.pkl")
        ('model.zip', 'statistics.pkl')
        >>> parts("model.zip+none")
        ('model.zip', 'none')
        >>> parts("model.zip")
        ('model.zip', '')
    """
    end = text.find(f".zip{WITH}")  # folders may have the sign in their names
    at = text.rfind(WITH) if end < 0 else end + len(".zip")
    path, statistics = text[: max(at, 0)], text[at + 1 :]
    if at >= 0 and (statistics == WITHOUT or statistics.endswith((".pkl", ".pickle"))):
        return path, statistics
    return text, ""


def with_agent(text: str, agents: Collection[str]) -> tuple[str, str]:
    """Split a policy of a protocol into the name of its agent, empty if it has none, and the rest.

    Args:
        text: As in the protocol.
        agents: Of the protocol; a text that begins otherwise is all file, whatever is in it.

    Example:
        >>> with_agent("ppo=runs/lr=3.zip", ["ppo", "a2c"]), with_agent("lr=3.zip", ["policy"])
        (('ppo', 'runs/lr=3.zip'), ('', 'lr=3.zip'))
    """
    match = _AGENT.fullmatch(text)
    return (match[1], match[2]) if match and match[1] in agents else ("", text)


def written(value: Any) -> Any:
    """Policies as texts, also where they are paths: those of a table begin with the agent's name.

    Raises:
        ValueError: If a table holds something else than files.
    """
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, list | tuple):
        return [str(each) if isinstance(each, Path) else each for each in value]
    if not isinstance(value, Mapping):
        return value
    texts = []
    for agent, own in value.items():
        listed = list(own) if isinstance(own, list | tuple) else [own]
        if not listed or not all(isinstance(text, str | Path) for text in listed):
            raise ValueError(f"policy: {agent}: must list the files of its policies")
        if with_agent(f"{agent}=x", value)[0] != agent:
            raise ValueError(f"policy: {agent!r} is no name for an agent")
        texts += [f"{agent}={text}" for text in listed]
    return texts


def agents_of(texts: Collection[Any]) -> list[str]:
    """The agents that all of these texts begin with, in their order; empty if one has none.

    A file that is there is never taken apart.
    """
    names: dict[str, None] = {}
    for text in texts:
        match = _AGENT.fullmatch(text) if isinstance(text, str) else None
        if match is None or Path(parts(text)[0]).exists():
            return []
        names[match[1]] = None
    return list(names)


def policy_texts(policies: Mapping[tuple[str, int], str]) -> tuple[str, ...]:
    """Policies as a protocol lists them: with their agents' names where there are several.

    Args:
        policies: By agent, in the order of the protocol's, and number.

    Example:
        >>> policy_texts({("ppo", 0): "a.zip", ("a2c", 0): "b.zip", ("ppo", 1): "c.zip"})
        ('ppo=a.zip', 'ppo=c.zip', 'a2c=b.zip')
    """
    agents = list(dict.fromkeys(agent for agent, _ in policies))
    ordered = sorted(policies, key=lambda key: (agents.index(key[0]), key[1]))
    if len(agents) < 2:
        return tuple(policies[key] for key in ordered)
    return tuple(f"{key[0]}={policies[key]}" for key in ordered)
