"""``rlgen probe``: look into trained networks."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rlgen.cli.options import command, echo_json, json_option, parse_levels
from rlgen.util.terminal import echo
from rlgen.util.words import counted

if TYPE_CHECKING:
    from rlgen.probes.measuring import Measurement
    from rlgen.study.probing import Probed


@command()
@click.argument("target", metavar="RUN_OR_STORE_OR_POLICY")
@click.option(
    "--probe",
    "probes",
    multiple=True,
    metavar="NAME",
    help="Of rlgen list probes; may be repeated. [default: all]",
)
@click.option(
    "--env", metavar="ID", help="Of a policy made elsewhere: its family, or Gymnasium id."
)
@click.option(
    "--train-levels",
    metavar="RANGE",
    help="With --env: ids that it learnt from. [default: as POLICY.levels.json says]",
)
@click.option("--test-levels", metavar="RANGE", help="With --env: ids that it has never met.")
@click.option(
    "--option",
    "options",
    multiple=True,
    metavar="KEY=VALUE",
    help="With --env: an option of the family.",
)
@click.option(
    "--trust", multiple=True, metavar="PATH", help="What may be unpickled, run, or imported from."
)
@json_option
def probe(
    target: str,
    probes: tuple[str, ...],
    env: str | None,
    train_levels: str | None,
    test_levels: str | None,
    options: tuple[str, ...],
    trust: tuple[str, ...],
    as_json: bool,
) -> None:
    """Measure trained networks with probes.

    The target is a run's folder, a store, or a policy made elsewhere: whatever rlgen evaluate
    --policy reads. Probes look into networks of torch; other policies are refused by name.

    \b
    rlgen probe results/mine/runs/0123456789abcdef
    rlgen probe results/mine --probe training-fit --json
    rlgen probe my.zip --env FAMILY --train-levels 0:200 --test-levels 1000:1100
    """
    from rlgen.probes import PROBES
    from rlgen.study import probing

    for name in probes:
        _ = PROBES[name]
    with ExitStack() as stack:
        named = {"--train-levels": train_levels, "--test-levels": test_levels, "--option": options}
        if env is None:
            for option, value in named.items():
                if value:
                    raise click.UsageError(f"{option} goes with --env")
            subjects = _stored(Path(target), trust, stack)
        else:
            subjects = iter([_elsewhere(target, env, train_levels, test_levels, options, trust)])
        documents = []
        for subject in subjects:
            measured = probing.measured(subject, probes)
            if as_json:
                documents.append(_document(subject, measured))
            else:
                _print(subject, measured)
    if as_json:
        echo_json(documents)


def _stored(path: Path, trust: Sequence[str], stack: ExitStack) -> "Iterator[Probed]":
    """The policies of a run, a store or a bundle."""
    from rlgen.store.bundle import is_bundle
    from rlgen.study import probing

    if not (path.is_dir() or is_bundle(path)) and (path.exists() or ":" in str(path)):
        raise click.UsageError(
            f"{path} says nothing of the levels that it learnt from: --env, --train-levels and "
            "--test-levels do"
        )
    return probing.stored(path, trust, stack)


def _elsewhere(
    source: str,
    env: str,
    train_levels: str | None,
    test_levels: str | None,
    options: Sequence[str],
    trust: Sequence[str],
) -> "Probed":
    from rlgen.protocol import trained_on

    record = trained_on.read(source)
    train_levels = train_levels or (record.levels if record and record.is_of(env) else None)
    if not train_levels or not test_levels:
        raise click.UsageError(
            "--env needs --train-levels, which the policy learnt from, and --test-levels, which it "
            "has never met"
        )
    if record and not trained_on.same_levels([record.levels, train_levels]):
        raise click.UsageError(
            f"--train-levels {train_levels}: {record.path} says that {source} was trained on others"
        )
    train = parse_levels(train_levels, "--train-levels")
    test = parse_levels(test_levels, "--test-levels")
    from rlgen.levels import lookup
    from rlgen.study.probing import of_policy
    from rlgen.util.bracketed import parse_options

    family = lookup.family(env).configure(parse_options(options))
    return of_policy(source, family, train, test, trust)


def _document(subject: "Probed", measured: "Sequence[Measurement]") -> dict[str, Any]:
    from rlgen.util import files

    probes: Mapping[str, Any] = {
        one.name: one.plain | {"seconds": round(one.seconds, 3)} for one in measured
    }
    return {
        "policy": subject.subject.name,
        "run": subject.run,
        "probes": files.without_nan(probes),
    }


def _print(subject: "Probed", measured: "Sequence[Measurement]") -> None:
    split = subject.subject.split
    sizes = (
        counted(len(split.train), "training level"),
        counted(len(split.test), "held-out level"),
    )
    echo(f"{subject.subject.name}: {' and '.join(sizes)} of {split.family.name}")
    for one in measured:
        echo(f"  {one.name} ({one.probe.looks_at}; {one.seconds:.1f} s)")
        if one.refused:
            echo(f"    not measured: {one.refused}")
            continue
        width = max(map(len, one.numbers))
        for name, number in one.numbers.items():
            value = f"not measured: {number.reason}" if number.reason else f"{number.value:.4g}"
            echo(f"    {name:{width}}  {value}  ({one.probe.numbers[name]})")
