"""``rlgen lint``: mistakes in a training script."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click

from rlgen.cli.options import FAILED, json_option


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="SCRIPT_OR_RUN...")
@click.option("--rules", "list_rules", is_flag=True, help="List what is looked for, a line each.")
@json_option
def lint(paths: tuple[Path, ...], list_rules: bool, as_json: bool) -> None:
    """Find the usual mistakes in a training script, or in a folder of results.

    SCRIPT_OR_RUN is a Python file that trains with stable-baselines3, the folder of a study, or
    one of the folders in its runs/. A script is read, never imported or run. Only what is certain
    is told: an environment that is made elsewhere is unknown, and nothing is said of it. A line
    that ends with "# rlgen: ignore[L201]" is let pass.

    Exit code 0: nothing found; 1: something found; 2: a file cannot be read.

    \b
    rlgen lint train.py
    rlgen lint train.py results/mine --json
    rlgen lint --rules
    """
    from rlgen.lint import RULES, STORE_NOTE
    from rlgen.lint import lint as look

    if list_rules:
        cards = {code: {"name": RULES[code].name, "card": RULES[code].card} for code in RULES}
        if as_json:
            click.echo(json.dumps(cards, indent=1))
        else:
            width = max(len(told["name"]) for told in cards.values())
            for code, told in cards.items():
                click.echo(f"{code}  {told['name']:{width}}  {told['card']}")
        return
    if not paths:
        raise click.UsageError("name a script or a folder of results")
    result = look(paths)
    for script in result.incomplete:
        click.echo(f"rlgen: {script}: too branched to be followed to its end", err=True)
    if as_json:
        click.echo(json.dumps(asdict(result), indent=1))
    else:
        for finding in result.findings:
            click.echo(str(finding))
        if not result.findings:
            for path, codes in result.checked.items():
                note = f" ({STORE_NOTE})" if "S101" in codes else ""
                click.echo(f"{path}: nothing found of {', '.join(codes)}{note}")
    if result.findings:
        sys.exit(FAILED)
