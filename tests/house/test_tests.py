"""The tests' own order, which mirrors the tree, and what CONTRIBUTING says of both."""

import ast
import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
ROOT = TESTS.parent
FILES = sorted(TESTS.rglob("*.py"))
#: Folders of tests that no package of the machinery has.
OTHER = {"docs", "envs", "papers", "house", "support", "golden", "outside", "benchmarks"}


def roots(path):
    """First names of the modules that a file imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module.split(".")[0]


def test_no_test_imports_another_test_file():
    names = {path.stem for path in FILES if path.stem.startswith("test_")}
    assert len(names) > 50
    for path in FILES:
        own = set(roots(path))
        assert not own & (names | {"tests", "conftest"}), path


def test_folders_of_tests_are_packages():
    packages = {path.name for path in (ROOT / "rlgen").iterdir() if path.is_dir()}
    folders = {path.name for path in TESTS.iterdir() if path.is_dir()} - {"__pycache__"}
    assert folders <= packages | OTHER
    assert {path.name for path in TESTS.glob("*.py")} == {"conftest.py"}


def test_a_plain_pytest_starts_no_workers():
    """The number of workers is said on the command line, by the README's command for one."""
    assert '"-n"' not in (ROOT / "pyproject.toml").read_text()
    assert ".venv/bin/pytest -n auto" in (ROOT / "README.md").read_text()


def test_what_contributing_names_is_there():
    text = (ROOT / "CONTRIBUTING.md").read_text()
    places = re.findall(r"`((?:rlgen|envs|protocols|tests|\.ci)/[^` ]*)`", text)
    assert len(places) > 20
    for place in places:
        assert (ROOT / place).exists(), place
    named = re.findall(r"`([A-Z_]+)` in `([^`]+\.py)`", text)
    named += [
        (name, f"{folder}__init__.py")
        for folder, name in re.findall(r"\| `([^`]+/)`[^|]*\| `([A-Z]+)` in its", text)
    ]
    assert len(named) > 8
    for name, place in named:
        assert re.search(rf"^{name}\b", (ROOT / place).read_text(), re.MULTILINE), (name, place)
    assert len(text.splitlines()) <= 75
    for group in re.findall(r"\[`(rlgen\.[a-z]+)`\]", text):
        assert any(f'"{group}"' in path.read_text() for path in ROOT.glob("*/**/__init__.py")) or (
            f'"{group}"' in (ROOT / "rlgen" / "agents" / "recipes.py").read_text()
        ), group
