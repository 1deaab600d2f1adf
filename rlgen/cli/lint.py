"""``rlgen lint``: mistakes in a training script."""

import sys
from dataclasses import asdict
from pathlib import Path

import click

from rlgen.cli.options import FAILED, NOTHING, USAGE, command, echo_json, json_option, refuse_given
from rlgen.util.terminal import complain, echo


@command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="SCRIPT...")
@click.option("--rules", "list_rules", is_flag=True, help="List the rules, one a line.")
@json_option
def lint(paths: tuple[Path, ...], list_rules: bool, as_json: bool) -> None:
    """Find common mistakes in how a training script judges its agent.

    SCRIPT is a Python file or a notebook that trains with stable-baselines3. It is read, with what
    it imports of its own project, and never imported or run. Only what is certain is reported: a
    fact counts only if it holds whichever way the script took, and of an environment that is made
    elsewhere nothing is known. A line that ends with "# rlgen: ignore[L201]" is not reported.
    Lines of a notebook are named by the cell, counted from 1 and all kinds, and the line in it.

    Exit code 0: no finding; 1: at least one finding; 2: a file cannot be read, whatever is found in
    others; 3: there is nothing to check, since no file uses stable-baselines3.

    \b
    rlgen lint train.py
    rlgen lint train.py evaluate.ipynb --json
    rlgen lint --rules
    """
    from rlgen.lint import RULES
    from rlgen.lint import lint as lint_paths

    if list_rules:
        refuse_given(["paths"], "goes without --rules, which lists them and checks nothing")
        cards = {code: {"name": RULES[code].name, "card": RULES[code].card} for code in RULES}
        if as_json:
            echo_json(cards)
        else:
            width = max(len(rule["name"]) for rule in cards.values())
            for code, rule in cards.items():
                echo(f"{code}  {rule['name']:{width}}  {rule['card']}")
        return
    if not paths:
        raise click.UsageError("name a script or a notebook")
    result = lint_paths(paths)
    for error in result.errors:
        complain(f"rlgen: {error}")
    for script in result.incomplete:
        echo(f"rlgen: {script}: too many branches to analyse completely", err=True)
    if as_json:
        echo_json(asdict(result))
    else:
        for finding in result.findings:
            echo(str(finding))
        for path in result.unchecked:
            echo(f"{path}: nothing to check: it does not use stable-baselines3")
        if not result.findings:
            for path, codes in result.checked.items():
                echo(f"{path}: nothing found of {', '.join(codes)}")
    if result.errors:
        sys.exit(USAGE)
    if result.findings:
        sys.exit(FAILED)
    if not result.checked:
        sys.exit(NOTHING)
