"""From what is declared to what is computed: each cell once, with all that is wanted of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from rlgen import papers
from rlgen.errors import LevelError, ProtocolError
from rlgen.levels.split import SAME_TASK
from rlgen.networks.lists import resolve as drawn_network
from rlgen.protocol.groups import Evaluation, Monitoring, Training
from rlgen.protocol.merging import BRACKETED
from rlgen.protocol.schema import GRID, Protocol
from rlgen.protocol.suite import Declaration
from rlgen.store import outputs
from rlgen.study import experiments
from rlgen.study import further as pools_of
from rlgen.study.cell import Cell, Task
from rlgen.study.kinds.evaluate import EvaluateCell, check_policies
from rlgen.study.kinds.policy_cell import NAMED, PolicyCell, Pools
from rlgen.study.kinds.train import TrainCell
from rlgen.study.resolve import Resolved, resolve
from rlgen.util.bracketed import two_spellings
from rlgen.util.hashing import digest


@dataclass(frozen=True)
class Plan:
    """What a study computes.

    Attributes:
        tasks: In the order in which they run: part after part, each ordered as its grid.
        parts: The parts of a suite by name, conditions and regularisers spelt out.
        whole: The union of all protocols.
        margins: Of the claims that are decided, by name.
    """

    tasks: tuple[Task[Cell], ...]
    parts: dict[str, Protocol]
    whole: Protocol
    margins: Mapping[str, Sequence[float]]


def plan(declaration: Declaration, trust: Sequence[str] = ()) -> Plan:
    """Plan a study.

    Args:
        declaration: The study.
        trust: Policies' files that may be unpickled or run: each is loaded and shown a level.

    Raises:
        RlgenError: For a name that does not exist or a combination that cannot work, with file,
            key and value at fault; for named levels that are the same task; for a policy that
            cannot be loaded.
    """
    for protocol, where in declaration.parts:
        _check_spellings(protocol, where)
    resolved = [resolve(protocol, where) for protocol, where in declaration.parts]
    spelt_out = tuple(
        (each.protocol, where) for each, (_, where) in zip(resolved, declaration.parts, strict=True)
    )
    named = zip(declaration.names, spelt_out, strict=True)
    planned = tasks(resolved)
    own_cells = [task.cell for task in planned]
    elsewhere = [cell for cell in own_cells if isinstance(cell, EvaluateCell)]
    where = declaration.parts[0][1]
    if elsewhere or trust:
        check_policies(elsewhere, trust, where)
    planned = [_fitted(task, trust, where) for task in planned]
    _check_defaults([task.cell for task in planned], where)
    _check_levels([task.cell for task in planned], where)
    whole = replace(declaration, parts=spelt_out).whole
    further = papers.cells(declaration) if whole.paper else ()
    asking = [each for each in declaration.parts if each[0].experiments]
    measured = [cell for part, where in asking for cell in experiments.cells(part, where)]
    return Plan(
        (*planned, *(Task(cell) for cell in (*_once(measured), *further))),
        {name: protocol for name, (protocol, _) in named if name},
        whole,
        _margins(declaration) if whole.paper else {},
    )


def _check_spellings(protocol: Protocol, where: str) -> None:
    """Refuse a protocol that names the same twice. Stores of older versions may hold such ones."""
    for key in BRACKETED:
        if pair := two_spellings(getattr(protocol, key)):
            raise ProtocolError(
                f"{where}: {key}: {pair[0]} and {pair[1]} are one, in two spellings"
            )


def _check_defaults(cells: Iterable[PolicyCell], where: str) -> None:
    """Refuse two names of one family or agent, of which one writes out what is the default."""
    named: dict[str, Mapping[str, Any]] = {}
    for cell in cells:
        bare = {key: cell.settings[key].partition("[")[0] for key in ("family", "agent")}
        now = cell.settings
        before = named.setdefault(digest({**now, **bare, "agent_options": {}}), now)
        for key in bare:
            if before[key] != now[key]:
                raise ProtocolError(
                    f"{where}: {key}: {before[key]} and {now[key]} are one: an option is written "
                    "out that has this value anyway"
                )


def _margins(declaration: Declaration) -> Mapping[str, Sequence[float]]:
    # Of use to studies of papers only, and as long to import as all else here.
    from rlgen.analysis.claims import margins_of

    return margins_of(declaration)


def _once(cells: Iterable[Cell]) -> Iterable[Cell]:
    """The cells without those that are there already."""
    return {cell.id: cell for cell in cells}.values()


def tasks(parts: Iterable[Resolved]) -> list[Task[PolicyCell]]:
    """The tasks of several protocols: cells that they share once, under all their conditions."""
    by_id: dict[str, Task[PolicyCell]] = {}
    for part in parts:
        for cell in cells(part):
            own = [
                outputs.output(condition, pool)
                for pool in ("", *(source.name for source in cell.further if not source.left_out))
                for condition in part.conditions
            ]
            own += [outputs.of_probe(name, version) for name, version in part.probes.items()]
            if cell.id in by_id:
                before = by_id[cell.id]
                own = [*before.wanted, *own]
                # Parts have the same pools, as far as they have them.
                cell = max(before.cell, cell, key=lambda each: len(each.further))
            by_id[cell.id] = Task(cell, tuple(dict.fromkeys(own)))
    return list(by_id.values())


def _fitted(task: Task[PolicyCell], trust: Sequence[str], where: str) -> Task[PolicyCell]:
    """The task without the pools that the cell's policy, made elsewhere, does not take."""
    cell = task.cell
    if not isinstance(cell, EvaluateCell) or not cell.further:
        return task
    further = pools_of.for_policy(cell.further, cell.policy, trust, where)
    out = {source.name for source in further if source.left_out}
    wanted = tuple(name for name in task.wanted if outputs.parsed(name)[1] not in out)
    return Task(replace(cell, further=further), wanted)


def cells(part: Resolved) -> list[PolicyCell]:
    """The cells of one protocol in the order in which they run."""
    protocol = part.protocol
    grid = product(*(getattr(protocol, key) for key in GRID))
    groups = (
        protocol.group(Training),
        protocol.group(Monitoring),
        protocol.group(Evaluation),
    )
    # Once a preset, and not once a cell.
    saved = {key: groups[0].saved(spec.preset.checkpoint_every) for key, spec in part.specs.items()}
    planned = [_cell(part, groups, saved, *values) for values in grid]
    return [cell for cell in planned if cell is not None]


def _cell(
    part: Resolved,
    groups: tuple[Training, Monitoring, Evaluation],
    saved: Mapping[tuple[str, str, str], Training],
    seed: int,
    family: str,
    n_train: int,
    flip_p: float,
    agent: str,
    network: str,
    regulariser: str,
) -> PolicyCell | None:
    """The cell at one point of the grid; arguments after ``saved`` in the order of ``GRID``.

    None where an agent has fewer policies made elsewhere than others have; ``saved`` says of each
    spec how long it trains, and how often its runs are saved.
    """
    protocol = part.protocol
    own_pool = protocol.train_pool == "per_run" and not protocol.named_levels
    pools = Pools(
        family=family,
        world=part.families[family],
        n_train=n_train,
        n_validation=protocol.n_validation_levels,
        n_test=protocol.n_test_levels,
        flip_p=flip_p,
        pool_seed=seed if own_pool else 0,
        named={key: getattr(protocol, key) for key in NAMED},
        grouping=part.groupings.get(family),
    )
    training, watched = groups[0], groups[1:]
    sources = part.pools[family]
    if part.policies:
        policy = part.policies.get((agent, seed))
        if policy is None:
            return None
        return EvaluateCell(
            pools,
            agent,
            network,
            regulariser,
            seed,
            training,
            *watched,
            policy.text,
            policy.hash,
            protocol.agent_options,
            policy.trained_on,
            further=sources,
        )
    architecture = drawn_network(network, seed)
    named = agent, architecture, regulariser
    if sources:
        sources = pools_of.for_network(sources, architecture, pools.world, part.where)
    return TrainCell(
        pools, *named, seed, saved[named], *watched, part.specs[named], further=sources
    )


def _check_levels(cells: Sequence[PolicyCell], where: str) -> None:
    """Refuse named levels of which two are the same task; of drawn ones none are.

    ``where`` is what messages begin with.
    """
    named = {
        (cell.family, cell.pools.named["train_levels"], cell.n_train_levels, cell.flip_p): cell
        for cell in cells
        if any(cell.pools.named.values()) or any(source.named for source in cell.further)
    }
    for cell in named.values():
        try:
            cell.further_pools(cell.split())
        except LevelError as error:
            hint = "; levels that are drawn, not named, all differ" * (SAME_TASK in str(error))
            raise LevelError(f"{where}: family = {cell.family!r}: {error}{hint}") from None
