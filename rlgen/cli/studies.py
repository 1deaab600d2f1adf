"""The commands that make, price and show studies."""

import json
import sys
from pathlib import Path
from typing import Any

import click

from rlgen.cli.options import (
    FAILED,
    budget_option,
    jobs_option,
    json_option,
    parse_shard,
    protocol_argument,
    seeds_option,
    worker_count,
)


@click.command()
@click.argument("protocol", required=False)
@click.option("--env", metavar="ID", help="Instead of a protocol: a family or Gymnasium id.")
@click.option("--agent", help="With --env; with --policy its name. [default: ppo]")
@click.option(
    "--policy", "policies", multiple=True, metavar="FILE", help="With --env: no training."
)
@click.option("--trust", multiple=True, metavar="FILE", help="A --policy that may be unpickled.")
@click.option("--network", help="With --env. [default: one that fits its observations]")
@click.option("--train-levels", metavar="RANGE", help="With --env: ids (seeds) like 0:200.")
@click.option("--test-levels", metavar="RANGE", help="With --env: ids that nothing else reads.")
@click.option("--validation-levels", metavar="RANGE", help="With --env.")
@click.option("--sizes", metavar="N,N", help="With --env: train on the first N. [default: all]")
@click.option("--steps", type=click.IntRange(1), help="With --env. [default: 200,000]")
@click.option("--condition", "conditions", multiple=True, help="With --env. [default: plain]")
@click.option("--episodes", type=click.IntRange(1), help="With --env: on each level. [default: 5]")
@click.option(
    "--option", "options", multiple=True, metavar="KEY=VALUE", help="With --env: of the family."
)
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), help="Folder. [default: results/NAME]"
)
@seeds_option
@budget_option
@jobs_option
@click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda"]),
    default="auto",
    show_default=True,
    help="auto is a GPU where there is one.",
)
@click.option(
    "--shard", default="0/1", metavar="I/N", help="Compute every N-th cell from the I-th."
)
@json_option
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
def evaluate(
    protocol: str | None,
    env: str | None,
    out: Path | None,
    seeds: str | None,
    budget: str | None,
    jobs: int | None,
    device: str,
    shard: str,
    as_json: bool,
    quiet: bool,
    trust: tuple[str, ...],
    **told: Any,
) -> None:
    """Train the protocol's agents, measure them, and write the report.

    PROTOCOL is the name of a shipped protocol or suite, or the path of a TOML file; or --env says
    what to train on in its stead. What the folder holds already is kept; the same command
    continues, extends, or does nothing.

    \b
    rlgen evaluate quickstart
    rlgen evaluate my.toml -o results/mine --seeds 0:20 --jobs 8
    rlgen evaluate zhang2018 --budget cpu
    rlgen evaluate my.toml --shard 2/4       on the third of four machines with one folder
    rlgen evaluate --env CartPole-v1 --train-levels 0:10 --test-levels 1000:1100
    rlgen evaluate --env CartPole-v1 --train-levels 0:10 --test-levels 1000:1100 --policy my.zip
    """
    from rlgen import api
    from rlgen.cli import quick

    part = parse_shard(shard)
    result = api.evaluate(
        quick.asked(protocol, env, told),
        out,
        seeds=seeds,
        budget=budget,
        jobs=worker_count(jobs),
        device=device,
        shard=part,
        trust=trust,
        quiet=quiet or as_json,
    )
    for line in result.failed.values():
        click.echo(f"failed: {line}", err=True)
    if as_json:
        told = {
            "store": str(result.store),
            "report": str(result.report),
            "computed": result.computed,
            "already": result.already,
            "failed": result.failed,
            "summary": result.summary,
        }
        click.echo(json.dumps(told, indent=1))
    else:
        if not result.computed and not result.failed:
            click.echo(f"Nothing to compute: all {len(result.already)} cells are there.")
        print_answers(result.summary, result.report)
    if result.failed:
        sys.exit(FAILED)


def print_answers(summary: dict[str, Any], page: Path) -> None:
    """A line for each claim and each cell, and where the report is."""
    for claim in (summary.get("claims") or {}).get("decisions", ()):
        click.echo(claim["answer"])
    for cell in summary["cells"]:
        click.echo(cell["sentence"])
    if summary["missing"]:
        click.echo(f"{len(summary['missing'])} cells are missing.")
    click.echo(f"Report: {page}")


@click.command()
@protocol_argument
@click.option("-o", "--out", type=click.Path(path_type=Path), help="Leave out what is there.")
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
    """Say what a protocol will cost on this machine: cells, steps, time, disk.

    Each agent and network is tried for some seconds; nothing is kept.

    \b
    rlgen plan quickstart
    rlgen plan my.toml --seeds 0:20 --jobs 8 --json
    rlgen plan zhang2018 --budget cpu
    """
    from rlgen.diagnostics.calibration.population import strata
    from rlgen.protocol import suite
    from rlgen.store.run_store import RunStore
    from rlgen.study.agenda import agenda
    from rlgen.study.cell import canonical
    from rlgen.study.cost import price

    study = suite.read(protocol, seeds, budget)
    wanted = agenda(study.parts)
    if out is not None and out.exists():
        store = RunStore(out)
        store.joined(canonical(study.whole))
        wanted = [task for task in wanted if not store.has(task.cell.id)]
    told = price(wanted, worker_count(jobs))
    told["clones"] = len(strata(study.whole.clones))
    if as_json:
        click.echo(json.dumps(told, indent=1))
        return
    for kind in told["kinds"]:
        click.echo(
            f"{kind['agent']}/{kind['network']} on {kind['family']}: {kind['cells']} cells, "
            f"{kind['steps_per_second']:,.0f} steps/s, {kind['training_seconds']:,.0f} s training "
            f"and {kind['evaluation_seconds']:,.0f} s evaluation each"
        )
    minutes, seconds = divmod(round(told["seconds"]), 60)
    hours, minutes = divmod(minutes, 60)
    click.echo(
        f"{told['cells']} cells, {told['steps']:,} steps, about {hours}:{minutes:02}:{seconds:02} "
        f"(h:mm:ss) on {told['jobs']} workers, about {told['bytes'] / 1e6:,.1f} MB on disk"
    )
    if told["clones"]:
        click.echo(
            f"{told['clones']} networks to clone for the claims, which are not in this price"
        )


@click.command()
@click.argument("store", type=click.Path(path_type=Path))
@json_option
def report(store: Path, as_json: bool) -> None:
    """Write report.html and summary.json of a STORE anew.

    \b
    rlgen report results/quickstart
    """
    from rlgen import report as reports
    from rlgen.store.run_store import RunStore
    from rlgen.util import files

    page = reports.write(RunStore(store))
    summary = files.read_json(store / "summary.json")
    if as_json:
        click.echo(json.dumps(summary, indent=1))
    else:
        print_answers(summary, page)
