"""``rlgen tune``: the settings of an agent that do best on validation levels."""

from pathlib import Path

import click

from rlgen.cli.options import (
    FAILED,
    WholeRange,
    budget_option,
    command,
    device_option,
    echo_json,
    jobs_option,
    json_option,
    protocol_argument,
)
from rlgen.util.terminal import echo
from rlgen.util.words import counted


@command()
@protocol_argument
@click.option(
    "--search",
    "searches",
    multiple=True,
    required=True,
    metavar="KEY=VALUES",
    help="agent, network, regulariser or an option of the agent: LOW:HIGH (whole if both ends are "
    "written so), LOW:HIGH:log or A,B,C.",
)
@click.option("--trials", type=WholeRange(1, 10_000), default=20, show_default=True)
@click.option(
    "--seeds", metavar="RANGE", help="Of the runs of a trial. [default: 3 after the protocol's]"
)
@click.option("--seed", type=WholeRange(0), default=0, show_default=True, help="Of the search.")
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), help="Folder. [default: results/NAME-tune]"
)
@budget_option
@jobs_option
@device_option
@json_option
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
def tune(
    protocol: str,
    searches: tuple[str, ...],
    trials: int,
    seeds: str | None,
    seed: int,
    out: Path | None,
    budget: str | None,
    jobs: int | None,
    device: str,
    as_json: bool,
    quiet: bool,
) -> None:
    """Search for the settings of an agent with the highest return on validation levels.

    Each trial trains several seeds; the test pool is never played, and the access to the validation
    pool is logged in the folder. The same command goes on; more --trials are added. The best
    settings are written as a protocol, which rlgen evaluate then judges on the test pool. Exit code
    1 if every trial failed, or one was broken off. Needs the extra rlgen[tune].

    \b
    rlgen tune my.toml --search learning_rate=1e-5:1e-2:log --search ent_coef=0:0.05
    rlgen tune my.toml --search network=linear,mlp-64-64 --trials 10 --seeds 100:105
    """
    from rlgen.study.tuning.tune import tune as run

    search = {}
    for text in searches:
        key, equals, values = text.partition("=")
        if not (key and equals and values):
            raise click.BadParameter(f"{text!r} is not like KEY=VALUES", param_hint="--search")
        if key in search:
            raise click.BadParameter(f"{key!r} is given twice", param_hint="--search")
        search[key] = values
    tuned = run(
        protocol,
        search,
        out,
        trials=trials,
        seeds=seeds,
        seed=seed,
        budget=budget,
        jobs=jobs,
        device=device,
        quiet=quiet or as_json,
    )
    if as_json:
        document = {
            "best": None if tuned.best is None else tuned.best.plain,
            "trials": [trial.plain for trial in tuned.trials],
            "protocol": None if tuned.protocol is None else str(tuned.protocol),
            "broken_off": tuned.broken_off,
        }
        echo_json(document)
    elif tuned.best is not None:
        best = tuned.best
        own = ", ".join(f"{key} = {value}" for key, value in best.settings.items())
        failed = sum(bool(trial.failed) for trial in tuned.trials)
        of = f"{counted(len(tuned.trials), 'trial')}{f', {failed} of which failed' * bool(failed)}"
        echo(f"Best of {of}: {own}")
        echo(f"Validation return {best.value:.4g}, mean of {counted(len(best.returns), 'run')}")
        echo(f"To be judged on the test pool: rlgen evaluate {tuned.protocol}")
    if tuned.broken_off:
        echo(f"{tuned.broken_off}; the same command computes it again", err=True)
        raise SystemExit(FAILED)
    if tuned.best is None:
        echo(f"every trial failed, the first: {tuned.trials[0].failed}", err=True)
        raise SystemExit(FAILED)
