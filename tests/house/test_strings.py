"""The machinery names no content: every string constant of it, docstrings included, is read."""

import ast
import re
from pathlib import Path

import pytest

from rlgen.networks.layers import ARCHITECTURES
from rlgen.protocol import shipped
from rlgen_envs import FAMILIES
from rlgen_protocols import PAPERS

ROOT = Path(__file__).parents[2]
#: Names of content that are words of the language, or of the machinery too.
WORDS = {"smoke", "extrapolation", "MLP", "ConvNet"}
NETWORKS = {name for paper in PAPERS.load_own() for name in (*paper.networks, *paper.network_lists)}
PROTOCOLS = {*shipped.protocols(), *shipped.suites()}
CONTENT = {*FAMILIES.own, *PAPERS.own, *(NETWORKS - {*ARCHITECTURES}), *PROTOCOLS} - WORDS
NAMES = re.compile(
    rf"(?<![\w-])(?:{'|'.join(map(re.escape, sorted(CONTENT, key=len)[::-1]))})(?!\w)"
)


def strings(path):
    """Line and text of the constants; parts of f-strings are constants too."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


@pytest.mark.parametrize(
    "path", sorted((ROOT / "rlgen").rglob("*.py")), ids=lambda p: str(p.relative_to(ROOT))
)
def test_a_string_names_no_family_paper_network_or_protocol(path):
    named = [(line, found) for line, text in strings(path) for found in NAMES.findall(text)]
    assert not named


@pytest.mark.parametrize("path", sorted((ROOT / "rlgen").rglob("*.html")), ids=lambda p: p.name)
def test_a_template_names_none_either(path):
    assert not NAMES.findall(path.read_text())


def test_the_names_are_those_of_the_catalogues():
    assert {"maze-tunnel", "zhang2018", "conv-a", "Big-ConvNet", "quickstart"} <= CONTENT
    assert NAMES.findall("rlgen show maze-tunnel, a maze-tunneller, on conv-a-dense.") == [
        "maze-tunnel",
        "conv-a-dense",
    ]
