"""The identity of code that is named as ``module:name``."""

import subprocess
import sys
from importlib.metadata import version

import pytest

from rlgen.util.named_code import importable, source_hash, versions


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A folder with a module, what it imports, and what it does not; on the path."""
    files = {
        "mine.py": "import math\nimport helper_of_mine\nfrom parts_of_mine import one\n",
        "helper_of_mine.py": "from parts_of_mine.deep.two import value\n",
        "parts_of_mine/__init__.py": "",
        "parts_of_mine/one.py": "from . import three\nfrom .deep import two\n",
        "parts_of_mine/three.py": "X = 1\n",
        "parts_of_mine/deep/__init__.py": "",
        "parts_of_mine/deep/two.py": "value = 1\n",
        "unrelated.py": "X = 1\n",
        "parts_of_mine/unrelated.py": "X = 1\n",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "follows"),
    [
        ("mine.py", True),
        ("helper_of_mine.py", True),
        ("parts_of_mine/__init__.py", True),
        ("parts_of_mine/one.py", True),
        ("parts_of_mine/three.py", True),
        ("parts_of_mine/deep/__init__.py", True),
        ("parts_of_mine/deep/two.py", True),
        ("unrelated.py", False),
        ("parts_of_mine/unrelated.py", False),
    ],
)
def test_what_is_imported_from_the_folder_is_part_of_the_hash(name, follows, package):
    before = source_hash("mine")
    assert before == source_hash("mine")
    path = package / name
    path.write_text(path.read_text() + "# edited\n")
    assert (source_hash("mine") != before) == follows
    assert "mine" not in sys.modules, "nothing is imported"


def test_a_module_within_a_package_is_hashed_with_the_package(package):
    before = source_hash("parts_of_mine.one")
    (package / "parts_of_mine" / "three.py").write_text("X = 2\n")
    assert source_hash("parts_of_mine.one") != before
    before = source_hash("parts_of_mine.one")
    (package / "mine.py").write_text("")
    assert source_hash("parts_of_mine.one") == before


@pytest.mark.parametrize("module", ["math", "sys", "no_such_module_here", "", "a..b"])
def test_what_cannot_be_followed_has_no_hash(module):
    assert source_hash(module) is None


def test_a_broken_source_has_no_hash(package):
    (package / "parts_of_mine" / "three.py").write_text("def (")
    assert source_hash("mine") is None


def test_the_neighbours_of_an_installed_module_are_not_its_own():
    # ``click`` stands beside every other package of the environment, and is imported from none.
    assert source_hash("click.core") is not None
    assert source_hash("typing_extensions") is not None


def test_the_working_folder_is_searched_last_and_only_for_what_is_named(tmp_path):
    (tmp_path / "only_here.py").write_text("X = 1\n")
    (tmp_path / "json.py").write_text("raise SystemExit('shadowed')\n")
    (tmp_path / "optional_extra.py").write_text("X = 1\n")
    script = (
        "import sys; from rlgen.util.named_code import importable; before = list(sys.path);"
        "importable('json'); importable('nowhere_at_all'); assert sys.path == before;"
        "importable('only_here'); assert sys.path[:-1] == before; import only_here, json;"
        "assert json.dumps(1) == '1'"
    )
    # As the console script runs, whose folder is not searched.
    subprocess.run([sys.executable, "-P", "-c", script], cwd=tmp_path, check=True)
    assert importable("json") is None


def test_versions_are_of_distributions_and_of_a_user_s_own_modules(package):
    """Of what has neither, such as Python's own modules, nothing is said."""
    modules = [
        "gymnasium.core",
        "gymnasium.envs",
        "mine",
        "math",
        "typing",
        "rlgen.api",
        "__main__",
    ]
    first = versions(modules)
    assert first == {
        "gymnasium": version("gymnasium"),
        "mine": f"source {source_hash('mine')[:16]}",
    }
    (package / "helper_of_mine.py").write_text("X = 3\n")
    assert versions(modules)["mine"] != first["mine"]
