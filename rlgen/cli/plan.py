"""``rlgen plan``: the cost of a protocol on this machine."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rlgen.cli.options import (
    budget_option,
    command,
    echo_json,
    jobs_option,
    json_option,
    protocol_argument,
    seeds_option,
)
from rlgen.util.terminal import echo
from rlgen.util.words import counted

if TYPE_CHECKING:
    from rlgen.study.cell import Cell, Task
    from rlgen.study.plan import Plan


@command()
@protocol_argument
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), help="Leave out what this store holds."
)
@seeds_option
@budget_option
@jobs_option
@json_option
def plan(
    protocol: str,
    out: Path | None,
    seeds: str | None,
    budget: str | None,
    jobs: int | None,
    as_json: bool,
) -> None:
    """Estimate the cost of a protocol on this machine: cells, steps, time, disk.

    Each agent and network is run for a few seconds; nothing is kept.

    \b
    rlgen plan my.toml
    rlgen plan my.toml --seeds 0:20 --jobs 8 --json
    rlgen plan my-suite/ --budget cpu
    """
    from rlgen.errors import ProtocolError
    from rlgen.protocol import suite
    from rlgen.study import plan as plans
    from rlgen.study.cost import price
    from rlgen.util.cores import usable_cores

    declaration = suite.read(protocol, seeds, budget)
    for part, where in declaration.parts:
        if part.policy:  # before it is loaded, which would need trust
            raise ProtocolError(
                f"{where}: cannot estimate the cost: externally trained policies are not trained "
                "here"
            )
    study = plans.plan(declaration)
    tasks, lines, trained = study.tasks, tuple[str, ...](), frozenset[str]()
    if out is not None and out.exists():
        study, tasks, lines, trained = _missing(study, out)
    tables = [each.levels for each in (study.whole, *study.parts.values()) if each.levels]
    held_out = list(dict.fromkeys(table.words for table in tables))
    cost = price(tasks, jobs or usable_cores(), trained)
    if as_json:
        echo_json(cost | {"continued": list(lines), "held_out": held_out})
        return
    for line in (*lines, *(f"held out: {words}" for words in held_out)):
        echo(line)
    _print_cost(cost)


def _missing(
    study: "Plan", out: Path
) -> "tuple[Plan, tuple[Task[Cell], ...], tuple[str, ...], frozenset[str]]":
    """What a store does not have yet of a study.

    Returns:
        The study as it goes on there; what is missing; lines about runs that are continued; and
        the ids of those that have been trained.
    """
    from rlgen.store.opening import opened
    from rlgen.study.attempt import is_done, missing
    from rlgen.study.extending import extended
    from rlgen.study.numbering import numbered

    with opened(out) as store:
        joined = extended(numbered(study, store.path), store.path)
        store.joined(joined.study.whole, joined.study.margins)
        there = store.inventory()
        tasks = tuple(
            replace(task, wanted=tuple(missing(there, task.cell.id, task.wanted)))
            for task in joined.study.tasks
            if not is_done(there, task.cell.id, task.wanted)
        )
        return joined.study, tasks, joined.lines, frozenset(there.runs)


def _print_cost(cost: dict[str, Any]) -> None:
    from rlgen.study.kinds import KINDS

    for kind in cost["kinds"]:
        probing = kind["probing_seconds"]
        echo(
            f"{kind['agent']}/{kind['network']} on {kind['family']}: "
            f"{counted(kind['cells'], 'cell')}, "
            f"{kind['steps_per_second']:,.0f} steps/s, {kind['training_seconds']:,.0f} s training "
            f"and {kind['evaluation_seconds']:,.0f} s evaluation each"
            + (f", and {probing:,.1f} s of probes" if probing else "")
        )
    for name, sums in cost["measured"].items():
        echo(
            f"{KINDS.card(name)}: {counted(sums['cells'], 'cell')}, "
            f"{sums['seconds']:,.0f} s in all on one core"
        )
    minutes, seconds = divmod(round(cost["seconds"]), 60)
    hours, minutes = divmod(minutes, 60)
    echo(
        f"{counted(cost['cells'], 'cell')}, {counted(cost['steps'], 'step')}, "
        f"about {hours}:{minutes:02}:{seconds:02} (h:mm:ss) on {counted(cost['jobs'], 'worker')}, "
        f"about {cost['bytes'] / 1e6:,.1f} MB on disk"
    )
    for kind, number in cost["further"].items():
        echo(
            f"{counted(number, 'further cell')} of the paper ({KINDS.card(kind)}), which are not "
            "in this price"
        )
