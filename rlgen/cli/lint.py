"""``rlgen lint``: mistakes in a training script."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click

from rlgen.cli.options import FAILED, json_option


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="SCRIPT_OR_RUN...")
@click.option("--rules", "list_rules", is_flag=True, help="List the rules, one a line.")
@json_option
def lint(paths: tuple[Path, ...], list_rules: bool, as_json: bool) -> None:
    """Find common mistakes in a training script or in a folder of results.

    SCRIPT_OR_RUN is a Python file that trains with stable-baselines3, the folder of a study, one
    of the folders in its runs/, or a bundle. A script is read, never imported or run. Only
    certain findings are reported: of an environment that is made elsewhere nothing is known, and
    nothing is reported. A line that ends with "# rlgen: ignore[L201]" is not reported.

    Exit code 0: no finding; 1: at least one finding; 2: a file cannot be read.

    \b
    rlgen lint train.py
    rlgen lint train.py results/mine --json
    rlgen lint --rules
    """
    from rlgen.lint import RULES, STORE_NOTE
    from rlgen.lint import lint as lint_paths

    if list_rules:
        cards = {code: {"name": RULES[code].name, "card": RULES[code].card} for code in RULES}
        if as_json:
            click.echo(json.dumps(cards, indent=1))
        else:
            width = max(len(rule["name"]) for rule in cards.values())
            for code, rule in cards.items():
                click.echo(f"{code}  {rule['name']:{width}}  {rule['card']}")
        return
    if not paths:
        raise click.UsageError("name a script or a folder of results")
    result = lint_paths(paths)
    for script in result.incomplete:
        click.echo(f"rlgen: {script}: too many branches to analyse completely", err=True)
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
