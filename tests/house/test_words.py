"""One of a thing is not called several: what is printed goes through ``util.words``."""

import ast
import re
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NOUNS = (
    "cells|policies|runs|seeds|levels|files|rows|agents|workers|actions|steps|episodes|returns|parts"
    "|pools|conditions|columns|draws|comparisons|fields|jobs|checks|splits|tables|networks"
)
PLURAL = re.compile(rf" (?:[a-z-]+ )?(?:{NOUNS})\b")
#: Expressions that are numbers, by how they are written.
NUMBER = re.compile(r"len\(|^n$|^n_|\.n_|count$|total|drawn|capacity|number$")
#: Numbers that are never one: constants and limits, and what is said of several only.
SEVERAL = {
    "rlgen/analysis/one_policy.py": "the one level has words of its own",
    "rlgen/analysis/stats/association.py": "three agents and more",
    "rlgen/analysis/stats/certificates.py": "",
    "rlgen/analysis/stats/paired.py": "more than 20 runs",
    "rlgen/analysis/stats/areas.py": "",
    "rlgen/analysis/stats/selection.py": "",
    "rlgen/analysis/stats/overlaps.py": "",
    "rlgen/levels/drawing.py": "thousands of draws",
    "rlgen/levels/split.py": "capacities",
    "rlgen/study/further.py": "capacities",
    "rlgen/store/importing/sb3_files.py": "more than the last ones",
    "envs/rlgen_envs/maze/families.py": "more than a million",
    "envs/rlgen_envs/registered/trying.py": "four and more",
    "protocols/rlgen_protocols/zhang2018/claims/training.py": "the paper's sizes",
}


def counts(path):
    """Numbers in the texts of a module that stand before the plural of a noun."""
    for node in ast.walk(ast.parse(path.read_text())):
        parts = node.values if isinstance(node, ast.JoinedStr) else []
        for one, after in pairwise(parts):
            text = after.value if isinstance(after, ast.Constant) else ""
            if isinstance(one, ast.FormattedValue) and PLURAL.match(text):
                yield f"{ast.unparse(one.value)}{text[:30]}"


@pytest.mark.parametrize("package", ["rlgen", "envs", "protocols"])
def test_numbers_and_nouns_agree(package):
    loose = {}
    for path in sorted((ROOT / package).rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        own = [text for text in counts(path) if NUMBER.search(text.split(" ")[0])]
        if own and name not in SEVERAL:
            loose[name] = own
    assert not loose


#: They say that something was, and not what.
EMPTY = {"told", "asked", "found", "known", "given", "shown", "seen", "made"}


@pytest.mark.parametrize("package", ["rlgen", "envs", "protocols"])
def test_variables_are_called_what_they_hold(package):
    empty = [
        f"{path.relative_to(ROOT)}:{node.lineno}: {node.id}"
        for path in sorted((ROOT / package).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id in EMPTY
    ]
    assert not empty
