"""Imports go one way: read from the source, not from what happens to be loaded."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from rlgen_protocols import PAPERS

ROOT = Path(__file__).parents[2]
#: The packages of the machinery from the lowest to the highest: each imports those above it in
#: this table, never one below. Modules of the top folder are packages of one.
PACKAGES = [
    "errors",
    "util",
    "papers",
    "protocol",
    "levels",
    "loops",
    "networks",
    "analysis.stats",
    "policies",
    "perturbations",
    "evaluation",
    "agents",
    "training",
    "probes",
    "store",
    "analysis",
    "study",
    "diagnostics",
    "report",
    "plot",
    "view",
    "lint",
    "api",
    "cli",
]
RANK = {name: number for number, name in enumerate(PACKAGES)}
#: The read half shows results and never trains; the run half trains and never shows.
READ = {"analysis", "report"}
RUN = {
    *("agents", "training", "evaluation", "perturbations", "policies", "networks", "study"),
    "probes",
}
TORCH = {"loops", "networks", "policies", "agents", "training", "probes", "study", "diagnostics"}
#: Packages that results are read with: they must work where no environment can be installed.
WITHOUT_GYMNASIUM = {*READ, "analysis.stats", "store", "protocol", "cli"}
#: The modules that know machinery and content.
MEETING = {"rlgen.levels.lookup", "rlgen.papers", "rlgen.protocol.shipped"}
#: What worlds may know of the machinery.
OF_WORLDS = {"errors", "util", "levels"}


def module_name(path, root=ROOT):
    """``rlgen.levels.family`` of its file."""
    return ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")


MODULES = {module_name(path): path for path in sorted((ROOT / "rlgen").rglob("*.py"))}


def imports(path, *, typing=True):
    """Absolute names that a file imports, wherever in it it does; for types alone too, or not."""
    skipped = set()
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test) and not typing:
            skipped |= {id(inner) for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if whole in MODULES else node.module


def package(module):
    """The entry of the table that a module belongs to; None for the package itself."""
    inside = module.removeprefix("rlgen").removeprefix(".")
    fitting = [name for name in PACKAGES if inside == name or inside.startswith(f"{name}.")]
    return max(fitting, key=len, default=None)


def machinery(path, *, typing=True):
    """Modules of rlgen that a file imports."""
    return {name for name in imports(path, typing=typing) if name in MODULES and name != "rlgen"}


def test_every_module_is_in_the_table_and_every_entry_is_there():
    entries = {package(name) for name in MODULES}
    assert entries - {None} == set(PACKAGES)
    assert {name for name in MODULES if package(name) is None} == {"rlgen", "rlgen.__main__"}


def test_the_documents_describe_the_table():
    text = (ROOT / "docs" / "reference" / "packages.md").read_text()
    assert re.findall(r"^\| `([a-z.]+)` \| \w", text, re.MULTILINE) == PACKAGES


@pytest.mark.parametrize("name", MODULES)
def test_a_module_imports_its_own_package_and_those_before(name):
    own = package(name)
    # The interface of papers names types of every layer, and imports none of them when it runs.
    for other in machinery(MODULES[name], typing=own != "papers"):
        theirs = package(other)
        if own is None:
            continue
        assert RANK[theirs] <= RANK[own], f"{name} imports {other}"
        assert not (own in READ and theirs in RUN), f"{name}: the read half imports the run half"


@pytest.mark.parametrize("name", MODULES)
def test_heavy_libraries_stay_where_they_belong(name):
    own, roots = package(name), {module.split(".")[0] for module in imports(MODULES[name])}
    if own not in TORCH:
        assert not roots & {"torch", "stable_baselines3"}
    if own in WITHOUT_GYMNASIUM:
        assert "gymnasium" not in roots
    if own not in ("report", "plot"):
        assert not roots & {"matplotlib", "seaborn"}
    if name not in MEETING:
        assert not roots & {"rlgen_envs", "rlgen_protocols"}, "machinery names no content"


def test_no_module_imports_itself_by_way_of_others():
    graph = {
        name: {other for other in imports(path, typing=False) if other in MODULES and other != name}
        for name, path in MODULES.items()
    }
    done, path = set(), []

    def visit(name):
        assert name not in path, " -> ".join([*path[path.index(name) :], name])
        if name in done or name not in graph:
            return
        path.append(name)
        for other in sorted(graph[name]):
            visit(other)
        path.pop()
        done.add(name)

    for name in graph:
        visit(name)


@pytest.mark.parametrize("path", sorted((ROOT / "envs").rglob("*.py")), ids=lambda p: p.name)
def test_worlds_know_levels_and_nothing_of_studies(path):
    assert {package(name) for name in machinery(path)} <= OF_WORLDS
    assert not {m.split(".")[0] for m in imports(path)} & {"torch", "stable_baselines3", "pandas"}


@pytest.mark.parametrize("paper", PAPERS)
def test_a_paper_is_listed_without_what_it_computes_with(paper):
    """Its object is imported wherever networks are: what is heavy is imported by its methods."""
    code = (
        "import sys, rlgen_protocols\n"
        f"print(list(rlgen_protocols.PAPERS[{paper!r}].networks))\n"
        "print({'numpy', 'pandas', 'torch', 'matplotlib', 'gymnasium'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1:] == ["set()"], done.stderr
