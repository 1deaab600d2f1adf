"""Examples in docstrings run, and show what they say."""

import doctest
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WITH_EXAMPLES = [
    ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
    for root, package in [(ROOT, "rlgen"), (ROOT / "envs", "rlgen_envs")]
    for path in sorted((root / package).rglob("*.py"))
    if ">>> " in path.read_text()
]


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_examples_show_what_they_say(name):
    assert not doctest.testmod(import_module(name)).failed
