"""The command line. Heavy modules are imported by the command that needs them."""

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from rlgen import __version__
from rlgen.errors import RlgenError, nearest

#: Exit codes: done; a cell failed, or a store is damaged; usage (click's own); interrupted.
FAILED, USAGE, INTERRUPTED = 1, 2, 130
KINDS = ("families", "agents", "networks", "perturbations", "protocols")


class _Commands(click.Group):
    """Answers a wrong command with the nearest right one, and our errors with one line."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            raise click.UsageError(
                f"no command {args[0]!r}{nearest(args[0], self.commands)}"
            ) from error


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="rlgen")
def cli() -> None:
    """Has a reinforcement-learning agent learnt to play, or memorised its training levels?

    \b
    rlgen evaluate quickstart            train, measure, and write results/quickstart/report.html
    rlgen evaluate my.toml --seeds 0:20  your own protocol with twenty seeds
    rlgen plan my.toml                   what that will cost
    rlgen list networks                  what there is
    rlgen show maze-tunnel --level 7     what a level looks like
    """


def _parse_shard(text: str) -> tuple[int, int]:
    number, slash, total = text.partition("/")
    try:
        i, n = int(number), int(total)
    except ValueError:
        raise click.BadParameter(f"{text!r} is not like 0/4", param_hint="--shard") from None
    if not slash or not 0 <= i < n:
        raise click.BadParameter(
            f"{text!r}: the part must be from 0 to {max(n - 1, 0)}", param_hint="--shard"
        )
    return i, n


def _jobs(jobs: int | None) -> int:
    return jobs or os.cpu_count() or 1


_protocol_argument = click.argument("protocol")
_seeds_option = click.option(
    "--seeds", metavar="RANGE", help="Training seeds instead of the file's: 3, 0:20 or 0,2,5:8."
)
_jobs_option = click.option(
    "-j", "--jobs", type=click.IntRange(1, 1024), help="Worker processes. [default: processors]"
)
_json_option = click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")


@cli.command()
@_protocol_argument
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), help="Folder. [default: results/NAME]"
)
@_seeds_option
@_jobs_option
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
@_json_option
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
def evaluate(
    protocol: str,
    out: Path | None,
    seeds: str | None,
    jobs: int | None,
    device: str,
    shard: str,
    as_json: bool,
    quiet: bool,
) -> None:
    """Train the protocol's agents, measure them, and write the report.

    PROTOCOL is the name of a shipped protocol or the path of a TOML file. What the folder holds
    already is kept; the same command continues, extends, or does nothing.

    \b
    rlgen evaluate quickstart
    rlgen evaluate my.toml -o results/mine --seeds 0:20 --jobs 8
    rlgen evaluate my.toml --shard 2/4       on the third of four machines with one folder
    """
    from rlgen import api

    part = _parse_shard(shard)
    result = api.evaluate(
        protocol,
        out,
        seeds=seeds,
        jobs=_jobs(jobs),
        device=device,
        shard=part,
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
        _print_answers(result.summary, result.report)
    if result.failed:
        sys.exit(FAILED)


def _print_answers(summary: dict[str, Any], page: Path) -> None:
    for cell in summary["cells"]:
        click.echo(cell["sentence"])
    if summary["missing"]:
        click.echo(f"{len(summary['missing'])} cells are missing.")
    click.echo(f"Report: {page}")


@cli.command()
@_protocol_argument
@click.option("-o", "--out", type=click.Path(path_type=Path), help="Leave out what is there.")
@_seeds_option
@_jobs_option
@_json_option
def plan(
    protocol: str, out: Path | None, seeds: str | None, jobs: int | None, as_json: bool
) -> None:
    """Say what a protocol will cost on this machine: cells, steps, time, disk.

    Each agent and network is tried for some seconds; nothing is kept.

    \b
    rlgen plan quickstart
    rlgen plan my.toml --seeds 0:20 --jobs 8 --json
    """
    from rlgen import api, cells
    from rlgen.pricing import price
    from rlgen.store import RunStore

    asked, where = api.read_protocol(protocol, seeds)
    wanted = cells.plan(asked, where)
    if out is not None and out.exists():
        store = RunStore(out)
        wanted = [cell for cell in wanted if not store.has(cell.id)]
    told = price(asked, wanted, _jobs(jobs))
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


@cli.command()
@click.argument("store", type=click.Path(path_type=Path))
@_json_option
def report(store: Path, as_json: bool) -> None:
    """Write report.html and summary.json of a STORE anew.

    \b
    rlgen report results/quickstart
    """
    from rlgen import files
    from rlgen import report as reports
    from rlgen.store import RunStore

    page = reports.write(RunStore(store))
    summary = files.read_json(store / "summary.json")
    if as_json:
        click.echo(json.dumps(summary, indent=1))
    else:
        _print_answers(summary, page)


@cli.command("list")
@click.argument("kind", type=click.Choice(KINDS), required=False)
@_json_option
def list_(kind: str | None, as_json: bool) -> None:
    """List what there is, a line each.

    \b
    rlgen list
    rlgen list networks --json
    """
    told = {each: _cards(each) for each in ([kind] if kind else KINDS)}
    if as_json:
        click.echo(json.dumps(told[kind] if kind else told, indent=1))
        return
    for each, cards in told.items():
        if not kind:
            click.echo(f"{each}:")
        width = max(map(len, cards), default=0)
        for name, card in cards.items():
            click.echo(f"{'' if kind else '  '}{name:{width}}  {card}")


def _cards(kind: str) -> dict[str, str]:
    from rlgen import content
    from rlgen.agents import AGENTS, NETWORKS
    from rlgen.perturbations import PERTURBATIONS

    if kind == "families":
        return content.family_cards()
    if kind == "protocols":
        return content.protocol_cards()
    catalogue: Any = {"agents": AGENTS, "networks": NETWORKS, "perturbations": PERTURBATIONS}[kind]
    return {name: catalogue.card(name) for name in catalogue}


@cli.command()
@click.argument("family")
@click.option("--level", type=click.IntRange(0), required=True, help="Level id.")
@click.option("--solution", is_flag=True, help="Draw the planner's path.")
@click.option("--flip-p", type=click.FloatRange(0, 1), default=0.0, help="Flip probability.")
@click.option(
    "--option", "options", multiple=True, metavar="KEY=VALUE", help="Of the family: size=5."
)
@click.option("--png", type=click.Path(path_type=Path), help="Write a picture instead of text.")
def show(
    family: str,
    level: int,
    solution: bool,
    flip_p: float,
    options: Sequence[str],
    png: Path | None,
) -> None:
    """Draw a level of a FAMILY in the terminal or as a picture.

    \b
    rlgen show maze-tunnel --level 17 --solution
    rlgen show maze-basic --level 3 --option size=7 --png level.png
    """
    from rlgen import content, showing

    member = content.families()[family].configure(showing.parse_options(options))
    shown = showing.show(member, level, flip_p=flip_p, solution=solution, png=png)
    click.echo(shown)


def main() -> None:
    """The console script."""
    try:
        code = cli.main(standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except RlgenError as error:
        for line in str(error).splitlines():
            click.echo(f"rlgen: {line}", err=True)
        sys.exit(error.exit_code)
    except click.Abort:  # what click makes of an interrupt
        click.echo(
            "\nrlgen: interrupted; finished cells are kept, the same command goes on", err=True
        )
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        # The reader has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


if __name__ == "__main__":
    main()
