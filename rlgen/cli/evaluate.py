"""``rlgen evaluate``: train a protocol's agents, measure them, and write the report."""

import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import click

from rlgen.cli.answers import print_answers
from rlgen.cli.options import (
    FAILED,
    WholeRange,
    budget_option,
    command,
    device_option,
    echo_json,
    executor_options,
    given,
    jobs_option,
    json_option,
    on_option,
    parse_shard,
    refuse_given,
    seeds_option,
)
from rlgen.util.terminal import echo
from rlgen.util.words import counted


@command()
@click.argument("protocol", required=False)
@click.option("--env", metavar="ID", help="Instead of a protocol: a family or Gymnasium id.")
@click.option("--agent", help="With --env; with --policy, its name. [default: ppo]")
@click.option(
    "--policy",
    "policies",
    multiple=True,
    metavar="[AGENT=]FILE",
    help="With --env: evaluate this policy instead of training.",
)
@click.option(
    "--trust", multiple=True, metavar="FILE", help="A --policy file that may be unpickled."
)
@click.option("--network", help="With --env. [default: one that fits the observations]")
@click.option("--train-levels", metavar="RANGE", help="With --env: ids (seeds) like 0:200.")
@click.option(
    "--trained-on",
    metavar="RANGE",
    help="With --policy: --train-levels that are known. [default: as FILE.levels.json says]",
)
@click.option("--test-levels", metavar="RANGE", help="With --env: ids used for nothing else.")
@click.option("--validation-levels", metavar="RANGE", help="With --env.")
@click.option("--sizes", metavar="N,N", help="With --env: train on the first N. [default: all]")
@click.option("--steps", type=WholeRange(1), help="With --env. [default: 200,000]")
@click.option("--condition", "conditions", multiple=True, help="With --env. [default: plain]")
@click.option("--episodes", type=WholeRange(1), help="With --env: per level. [default: 5]")
@click.option(
    "--option",
    "options",
    multiple=True,
    metavar="KEY=VALUE",
    help="With --env: an option of the family.",
)
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), help="Folder. [default: results/NAME]"
)
@click.option(
    "--continue-from",
    type=click.Path(path_type=Path),
    metavar="BUNDLE",
    help="Unpack a bundle into the folder and go on from there.",
)
@seeds_option
@budget_option
@jobs_option
@device_option
@click.option(
    "--shard", default="0/1", metavar="I/N", help="Compute every N-th cell from the I-th."
)
@on_option
@click.option(
    "--no-wait",
    is_flag=True,
    help="Leave cells that others on this folder compute to them; the last writes the report.",
)
@click.option(
    "--track",
    multiple=True,
    metavar="NAME",
    help="Tell a tracker while cells are computed: tensorboard, module:CLASS.",
)
@json_option
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
def evaluate(
    protocol: str | None,
    env: str | None,
    out: Path | None,
    continue_from: Path | None,
    seeds: str | None,
    budget: str | None,
    jobs: int | None,
    device: str,
    shard: str,
    executor: str,
    address: str | None,
    memory: float | None,
    gpu: float | None,
    no_wait: bool,
    track: tuple[str, ...],
    as_json: bool,
    quiet: bool,
    trust: tuple[str, ...],
    **env_options: Any,
) -> None:
    """Train the protocol's agents, measure them, and write the report.

    PROTOCOL is the name of a shipped protocol or suite, or the path of a TOML file; --env describes
    one with options instead. Results that the folder already holds are kept; the same command
    continues, extends, or does nothing.

    \b
    rlgen evaluate NAME                      of rlgen list protocols
    rlgen evaluate my.toml -o results/mine --seeds 0:20 --jobs 8
    rlgen evaluate my-suite/ --budget cpu
    rlgen evaluate my.toml --shard 2/4       on the third of four machines with one folder
    rlgen evaluate my.toml --on ray --address HEAD:6379
    rlgen evaluate my.toml --continue-from mine.tar.xz
    rlgen evaluate --env CartPole-v1 --train-levels 0:10 --test-levels 1000:1100
    rlgen evaluate --env CartPole-v1 --train-levels 0:10 --test-levels 1000:1100 --policy my.zip
    rlgen evaluate --env CartPole-v1 --test-levels 1000:1100 --policy ppo=a.zip --policy a2c=b.zip
    """
    from rlgen import api

    if (protocol is None) == (env is None):
        raise click.UsageError("give a PROTOCOL or --env, one of the two")
    part = parse_shard(shard)
    source: str | dict[str, Any] = protocol or ""
    words: AbstractContextManager[None] = nullcontext()
    if env is None:
        refuse_given(env_options, "goes with --env; a protocol file says it itself")
    else:
        from rlgen.cli import env_protocol

        words = env_protocol.naming_options()
    with words:
        if env is not None:
            source = env_protocol.protocol(env, env_options)
        result = api.evaluate(
            source,
            out,
            seeds=seeds,
            budget=budget,
            jobs=jobs,
            device=device,
            shard=part,
            trust=trust,
            continue_from=continue_from,
            executor=executor,
            executor_options=executor_options(address, memory, gpu),
            wait=not no_wait,
            track=track,
            quiet=quiet or as_json,
        )
    policies = result.summary.get("certificates", [])
    if given("episodes") and policies and all(policy["exact"] for policy in policies):
        echo("--episodes is not read: the returns are computed, and no episode is played", err=True)
    for line in result.failed.values():
        echo(f"failed: {line}", err=True)
    if as_json:
        document = {
            "store": str(result.store),
            "report": str(result.report),
            "computed": result.computed,
            "already": result.already,
            "failed": result.failed,
            "elsewhere": result.elsewhere,
            "summary": result.summary,
        }
        echo_json(document)
    else:
        if not result.computed and not result.failed and not result.elsewhere:
            n = len(result.already)
            there = "the only cell is there." if n == 1 else f"all {counted(n, 'cell')} are there."
            echo(f"Nothing to compute: {there}")
        if result.elsewhere:
            left = counted(len(result.elsewhere), "cell")
            echo(f"{left} left to the other commands on {result.store}; the last writes the report")
        else:
            print_answers(result.summary, result.report)
    if result.failed:
        sys.exit(FAILED)
