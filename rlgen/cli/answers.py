"""The answers of a study in the terminal."""

from pathlib import Path
from typing import Any

from rlgen.util.terminal import echo
from rlgen.util.words import counted

#: Comparisons that are printed; the page and the summary have all.
MOST_PAIRS = 12
#: In the order in which people read them.
POOLS = ("train", "validation", "test")


def print_answers(summary: dict[str, Any], page: Path) -> None:
    """Print a line for each claim and each cell, the answer first, and the path of the report."""
    for claim in (summary.get("claims") or {}).get("decisions", ()):
        echo(claim["answer"])
    for control in (summary.get("claims") or {}).get("controls", ()):
        if control["as_expected"] is False:
            said = f"{control['name']} must be {control['expected']} and is {control['verdict']}"
            echo(f"These verdicts are not to be believed: the control {said}.")
    if "answer" in summary:
        echo(summary["answer"])
    for cell in summary["cells"]:
        echo(cell["sentence"])
        for pool in cell.get("pools", {}).values():
            echo(f"  {pool['sentence']}")
    for going in summary.get("under_way", ()):
        means = going["returns"]
        pools = [pool for pool in POOLS if means.get(pool) is not None]
        returns = ", ".join(f"{pool} {means[pool]:.2f}" for pool in pools)
        steps = f"{going['step']:,} of {going['steps']:,} steps"
        echo(f"Under way: {going['label']}, {steps}: {returns}.")
    pairs = (summary.get("comparison") or {}).get("pairs", ())
    for pair in pairs[:MOST_PAIRS]:
        echo(pair["sentence"])
    if more := max(len(pairs) - MOST_PAIRS, 0):
        echo(f"{counted(more, 'more pair')} {'is' if more == 1 else 'are'} in the report.")
    for line in summary.get("not_counted", ()):
        echo(f"Not counted: a run is kept, but {line}.")
    if summary["missing"]:
        n = len(summary["missing"])
        echo(f"{counted(n, 'cell')} {'is' if n == 1 else 'are'} missing.")
    echo(f"Report: {page}")
