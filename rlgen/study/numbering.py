"""Policies made elsewhere in a store that holds some: each is the run that its content says.

Policies are compared by their content, whatever their files are called and from which folder they
are named. A file that has changed takes the place of what it held; others follow those there.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rlgen.errors import ProtocolError
from rlgen.policies.sources import located
from rlgen.protocol.policy_names import policy_texts, with_agent
from rlgen.protocol.schema import Protocol
from rlgen.store.run_store import RunStore
from rlgen.study.cell import Task
from rlgen.study.kinds.evaluate import EvaluateCell
from rlgen.study.plan import Plan


def numbered(study: Plan, folder: Path) -> Plan:
    """The study with its policies numbered as, and after, those that a store holds.

    Args:
        study: As planned, its policies numbered from 0.
        folder: Of the store; there need not be one yet.

    Raises:
        ProtocolError: If the policies cannot be added to those of the store.
    """
    cells = [task.cell for task in study.tasks if isinstance(task.cell, EvaluateCell)]
    if not cells or not (folder / "protocol.toml").is_file():
        return study
    before = RunStore(folder).protocol()
    if not before.policy:
        return study  # refused, where the two are joined
    entries = [e["settings"] for e in RunStore(folder).plan() if e["settings"].get("policy_hash")]
    numbers = _numbers(cells, entries)
    if study.whole.train_pool == "per_run" and not study.whole.named_levels:
        _check_pools(cells, numbers, before.policy, folder)
    texts = _there(before)
    for cell in cells:
        own, text = numbers[cell.agent, cell.seed], cell.policy
        taken = {other for key, other in texts.items() if key != (cell.agent, own)}
        # A relative path may be another file in another folder.
        texts[cell.agent, own] = text if text not in taken else cell.policy_file
    named = {
        "policy": policy_texts(texts),
        "seeds": tuple(sorted({number for _, number in texts})),
        "agent": tuple(dict.fromkeys(agent for agent, _ in texts)),
    }
    tasks = tuple(
        Task(replace(task.cell, seed=numbers[task.cell.agent, task.cell.seed]), task.wanted)
        if isinstance(task.cell, EvaluateCell)
        else task
        for task in study.tasks
    )
    parts = {name: part.model_copy(update=named) for name, part in study.parts.items()}
    return replace(study, tasks=tasks, parts=parts, whole=study.whole.model_copy(update=named))


def _there(protocol: Protocol) -> dict[tuple[str, int], str]:
    """The policies of a store by agent and number."""
    texts: dict[tuple[str, int], str] = {}
    counts = Counter[str]()
    for text in protocol.policy:
        agent, own = with_agent(text, protocol.agent)
        agent = agent or protocol.agent[0]
        texts[agent, counts[agent]] = own
        counts[agent] += 1
    return texts


def _numbers(
    cells: Sequence[EvaluateCell], entries: Sequence[Mapping[str, Any]]
) -> dict[tuple[str, int], int]:
    """Numbers of policies in the store, by agent and number in the command."""
    numbers: dict[tuple[str, int], int] = {}
    for agent in {cell.agent for cell in cells}:
        own = [cell for cell in cells if cell.agent == agent]
        theirs = [entry for entry in entries if entry["agent"] == agent]
        numbers |= {(agent, seed): number for seed, number in _seeds(own, theirs).items()}
    return numbers


def _seeds(
    cells: Sequence[EvaluateCell], entries: Sequence[Mapping[str, Any]]
) -> Mapping[int, int]:
    """Numbers of one agent's policies in the store, by those in the command."""
    policies = {cell.seed: cell for cell in cells}
    numbers: dict[int, int] = {}

    def match(*keys: str) -> None:
        """Give policies the numbers of entries that are equal in these settings."""
        for own, cell in policies.items():
            for entry in entries:
                if own in numbers or entry["seed"] in numbers.values():
                    continue
                if all(_setting(entry, key) == cell.settings[key] for key in keys):
                    numbers[own] = entry["seed"]

    match("policy_hash", "policy_file")
    match("policy_hash")
    match("policy_file")
    free = 1 + max((entry["seed"] for entry in entries), default=-1)
    for own in policies:
        if own not in numbers:
            numbers[own], free = free, free + 1
    return numbers


def _setting(entry: Mapping[str, Any], key: str) -> Any:
    """A setting; where older versions did not keep the file, it is found by what was typed."""
    if key == "policy_file" and key not in entry:
        return located(entry["policy"])
    return entry.get(key)


def _check_pools(
    cells: Sequence[EvaluateCell],
    numbers: Mapping[tuple[str, int], int],
    texts: Sequence[str],
    folder: Path,
) -> None:
    """Refuse to renumber policies whose numbers draw their training levels."""
    for cell in cells:
        number = numbers[cell.agent, cell.seed]
        if number != cell.seed:
            raise ProtocolError(
                f"{folder}: policy = {cell.policy!r}: is number {number} beside "
                f"{', '.join(texts)}, and {cell.seed} here, and each has the training levels that "
                'its number draws: list those too, in their order, or say train_pool = "shared"'
            )
