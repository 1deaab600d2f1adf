"""``rlgen submit``: give a study to a scheduler, as tasks that share its cells."""

from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rlgen.cli.options import (
    WholeRange,
    budget_option,
    command,
    device_option,
    flag,
    given,
    jobs_option,
    protocol_argument,
    seeds_option,
)
from rlgen.util.terminal import echo, echo_document
from rlgen.util.words import counted

if TYPE_CHECKING:
    from rlgen.study.cell import Cell, Task
    from rlgen.study.plan import Plan


@command()
@protocol_argument
@click.option("--slurm", is_flag=True, required=True, expose_value=False, help="The scheduler.")
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), help="Folder. [default: results/NAME]"
)
@click.option(
    "--tasks",
    type=WholeRange(1, 1000),
    default=4,
    show_default=True,
    help="Tasks of the array, at most one for each missing cell.",
)
@click.option(
    "--trust", multiple=True, metavar="FILE", help="A policy's file that may be unpickled."
)
@seeds_option
@budget_option
@jobs_option
@device_option
@click.option(
    "--grace",
    type=WholeRange(1, 3600),
    default=60,
    show_default=True,
    help="Seconds before its time is over at which a task ends and is queued again.",
)
@click.option("--dry-run", is_flag=True, help="Show the scripts and commands; submit nothing.")
@click.argument("sbatch_options", nargs=-1, type=click.UNPROCESSED)
def submit(
    protocol: str,
    out: Path | None,
    tasks: int,
    trust: tuple[str, ...],
    seeds: str | None,
    budget: str | None,
    grace: int,
    dry_run: bool,
    sbatch_options: tuple[str, ...],
    **workers: Any,
) -> None:
    """Submit a study to Slurm: an array of tasks that share its cells, and its report after them.

    What follows -- goes to sbatch. A task that is taken away, or whose time is over, is queued
    again and goes on. The same command again submits what is missing.

    \b
    rlgen submit my.toml --slurm --dry-run
    rlgen submit my.toml --slurm --tasks 8 -- --cpus-per-task=16 --time=8:00:00
    rlgen submit my.toml --slurm -o /shared/mine -- --partition=gpu --gres=gpu:1 -c 4
    """
    from rlgen.protocol import suite
    from rlgen.study.extending import extended
    from rlgen.study.numbering import numbered
    from rlgen.study.plan import plan
    from rlgen.study.submitting import sbatch_options as sbatch
    from rlgen.study.submitting import slurm as scheduler
    from rlgen.study.submitting.scripts import Submission

    chosen = sbatch.options(sbatch_options)
    if not dry_run:
        scheduler.require_sbatch()
    study = plan(suite.read(protocol, seeds, budget), trust)
    store = out if out is not None else Path("results") / study.whole.name
    study = extended(numbered(study, store), store).study
    missing = _missing(study, store, enter=not dry_run)
    if not missing:
        echo(f"Nothing to submit: {counted(len(study.tasks), 'cell')} asked for, none missing.")
        return
    passed_on = {"seeds": seeds, "budget": budget, **workers}
    arguments = [(flag(name), str(value)) for name, value in passed_on.items() if given(name)]
    arguments += [(flag("trust"), path) for path in trust]
    submission = Submission(
        study=protocol,
        name=study.whole.name,
        store=store,
        folder=Path.cwd(),
        arguments=list(chain(*arguments)),
        tasks=min(tasks, len(missing)),
        grace=grace,
        options=chosen,
    )
    if dry_run:
        echo_document(scheduler.as_text(submission))
        return
    array, report = scheduler.submit(submission)
    echo(
        f"job {array}: {counted(submission.tasks, 'task')} for {counted(len(missing), 'cell')}, "
        f"logs in {store / '.rlgen' / 'slurm'}"
    )
    echo(f"job {report}: after it, writes {store / 'report.html'}")


def _missing(study: "Plan", folder: Path, *, enter: bool) -> "list[Task[Cell]]":
    """What a store does not have yet; refuses one that holds another study.

    Args:
        study: As planned.
        folder: The store's.
        enter: Whether to make the store and enter the cells, as the tasks will: a file that is
            edited while they wait is then refused by them.
    """
    from rlgen.store.bundle import check_is_folder
    from rlgen.store.run_store import RunStore
    from rlgen.study.attempt import is_done

    check_is_folder(folder)
    cells = [task.cell for task in study.tasks]
    if enter:
        store = RunStore.create(folder, study.whole, cells, study.parts, study.margins)
    elif (folder / "store.json").is_file():
        store = RunStore(folder)
        store.joined(study.whole, study.margins)
    else:
        return list(study.tasks)
    return [task for task in study.tasks if not is_done(store, task.cell.id, task.wanted)]
