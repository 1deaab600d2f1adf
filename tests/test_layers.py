"""Imports go one way: read from the source, not from what happens to be loaded."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
#: What each module of the machinery may import of the others, by layer. A module may import its
#: own layer and those below it.
LAYERS = [
    {"errors", "seeding", "catalogue", "settings", "files", "compiled", "ranges", "architectures"},
    {
        "tabular",
        "levels",
        "packed",
        "splits",
        "policy",
        "continuous",
        "records",
        "protocol",
        "imported",
        "stats",
    },
    {
        "perturbations",
        "conditions",
        "regularisers",
        "regularisation",
        "evaluation",
        "agents",
        "content",
        "asked",
        "facts",
        "provenance",
        "store",
        "study_folder",
    },
    {"checks"},
    {
        "alarm",
        "training",
        "cells",
        "planning",
        "agenda",
        "strips",
        "trajectories",
        "study",
        "executors",
        "showing",
        "lint",
        "audit",
        "imports",
    },
    {"jobs", "pricing", "progress", "figures", "calibration", "claims"},
    {"runner", "report", "gate"},
    {"api"},
    {"cli", "__init__", "__main__"},
]
LAYER = {name: number for number, names in enumerate(LAYERS) for name in names}
#: The read half shows results and never trains; the run half trains and never shows.
READ = {"stats", "study", "figures", "claims", "report", "gate"}
RUN = {
    "agents",
    "alarm",
    "training",
    "evaluation",
    "perturbations",
    "regularisers",
    "regularisation",
    "jobs",
    "executors",
    "pricing",
    "runner",
    "checks",
    "calibration",
}
TORCH = {"agents", "regularisers", "training", "jobs", "pricing", "calibration"}
#: The one module that knows machinery and content.
MEETING = {"content"}


def imports(path):
    """Absolute names of the modules that a file imports, wherever in it it does."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


MACHINERY = [
    (path.relative_to(ROOT / "rlgen").parts[0].removesuffix(".py"), path)
    for path in sorted((ROOT / "rlgen").rglob("*.py"))
]


def own(path):
    """Top modules of rlgen that a file imports."""
    names = {name.split(".")[1] for name in imports(path) if name.startswith("rlgen.")}
    return {name for name in names if name in LAYER}


def test_every_module_has_a_layer():
    assert {name for name, _ in MACHINERY} == set(LAYER)


@pytest.mark.parametrize(("name", "path"), MACHINERY, ids=lambda v: str(v).split("/rlgen/")[-1])
def test_a_module_imports_its_own_layer_and_below(name, path):
    for other in own(path) - {name}:
        assert LAYER[other] <= LAYER[name], f"{path} imports {other}"
    if name in READ:
        assert not own(path) & RUN, f"{path}: the read half imports the run half"
    if name in RUN:
        assert not own(path) & (READ - {"stats"}), f"{path}: the run half imports the read half"


@pytest.mark.parametrize(("name", "path"), MACHINERY, ids=lambda v: str(v).split("/rlgen/")[-1])
def test_heavy_libraries_stay_where_they_belong(name, path):
    roots = {module.split(".")[0] for module in imports(path)}
    if name not in TORCH:
        assert not roots & {"torch", "stable_baselines3"}
    if name in READ | {"store", "study_folder", "protocol", "imported", "imports", "cli"}:
        assert "gymnasium" not in roots
    if name not in {"figures"}:
        assert not roots & {"matplotlib", "seaborn"}
    if name not in MEETING:
        assert not roots & {"rlgen_envs", "rlgen_protocols"}, "machinery names no content"


@pytest.mark.parametrize("path", sorted((ROOT / "envs").rglob("*.py")), ids=lambda p: p.name)
def test_worlds_know_levels_and_nothing_of_studies(path):
    allowed = {"errors", "seeding", "catalogue", "settings", "levels", "packed", "tabular"}
    allowed |= {"compiled"}
    assert own(path) <= allowed
    assert not {m.split(".")[0] for m in imports(path)} & {"torch", "stable_baselines3", "pandas"}


def test_protocols_hold_no_code():
    (module,) = (ROOT / "protocols").rglob("*.py")
    assert list(imports(module)) == []
