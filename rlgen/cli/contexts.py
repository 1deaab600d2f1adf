"""The command that puts two studies of contexts together."""

import json
from pathlib import Path
from typing import Any

import click

from rlgen.cli.options import json_option
from rlgen.errors import StoreError


@click.command()
@click.argument("default", type=click.Path(path_type=Path))
@click.argument("random", type=click.Path(path_type=Path))
@json_option
def contexts(default: Path, random: Path, as_json: bool) -> None:
    """Default, interpolation and extrapolation after Packer et al. 2018.

    DEFAULT is the store of agents trained on levels of range D, with validation levels of range R
    and test levels of range E; RANDOM that of agents trained on range R, validated on others of
    range R and tested on range E. Shares of solved episodes, in percent.

    \b
    rlgen contexts results/packer2018-cartpole-d results/packer2018-cartpole-r
    """
    from rlgen.analysis.stats.contexts import MADE_OF, summarised

    shares = _shares(default, ("DD", "DR", "DE")) | _shares(random, ("", "RR", "RE"))
    told = summarised(shares)
    parts = {name: summarised_part(shares[name]) for name in ("DD", "DR", "DE", "RR", "RE")}
    if as_json:
        click.echo(json.dumps({"shares": parts, **{k: vars(v) for k, v in told.items()}}, indent=1))
        return
    click.echo("trained, tested: " + ", ".join(f"{k} {100 * v:.1f} %" for k, v in parts.items()))
    for name, estimate in told.items():
        interval = f" [{100 * estimate.low:.1f}, {100 * estimate.high:.1f}]"
        made = " x ".join(MADE_OF[name])
        known = f"{100 * estimate.mean:.1f} %" if estimate.mean == estimate.mean else "unknown"
        click.echo(
            f"{name:13} {known}{interval if estimate.low == estimate.low else ''}  ({made})"
            f"{': ' + estimate.reason if estimate.reason else ''}"
        )


def summarised_part(shares: dict[int, float]) -> float:
    """The mean over seeds."""
    return sum(shares.values()) / len(shares)


def _shares(path: Path, names: tuple[str, str, str]) -> dict[str, dict[int, float]]:
    """Share of solved episodes by name and seed; a pool whose name is empty is not read."""
    from rlgen.analysis.results import Results
    from rlgen.analysis.stats.estimates import POOLS
    from rlgen.store.run_store import RunStore

    rows: Any = Results.load(RunStore(path)).main_records
    told: dict[str, dict[int, float]] = {}
    for pool, name in zip(POOLS, names, strict=True):
        if not name:
            continue
        found = rows[rows["split"] == pool]
        if found.empty:
            raise StoreError(f"{path}: no run has been evaluated on {pool} levels")
        told[name] = {
            int(seed): float(solved.mean())
            for seed, solved in zip(found["seed"], found["p_solved"], strict=True)
        }
        if len(told[name]) < len(found):
            raise StoreError(f"{path}: several settings; a table needs one agent on one pool size")
        if any(share != share for share in told[name].values()):
            raise StoreError(f"{path}: its environment does not tell which episodes are solved")
    return told
