"""Another distribution, as if it were installed: its modules and entry points in a folder."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rlgen.agents import AGENTS
from rlgen.agents.recipes import RECIPES
from rlgen.networks import NETWORKS
from rlgen.perturbations import PERTURBATIONS
from rlgen.probes import PROBES
from rlgen.study.executors import EXECUTORS
from rlgen.study.kinds import KINDS
from rlgen.training.regularisers import REGULARISERS
from rlgen.util import registry
from rlgen_envs import FAMILIES

#: Those that it adds to.
CATALOGUES = [
    *(FAMILIES, AGENTS, RECIPES, NETWORKS, PERTURBATIONS, REGULARISERS, PROBES, KINDS, EXECUTORS)
]

ENTRY_POINTS = """
[rlgen.families]
outside-good = rlgen_outside:GOOD
outside-raises = rlgen_outside:RAISING
outside-dies = rlgen_outside:DYING
outside-played = rlgen_outside:PLAYED
[rlgen.agents]
outside-a2c = rlgen_outside:AGENT
[rlgen.recipes]
OutsideA2C = rlgen_outside_recipe:RECIPE
[rlgen.networks]
outside-32 = rlgen_outside:NETWORK
outside-pooled = rlgen_outside:POOLED
[rlgen.perturbations]
sharper = rlgen_outside:SHARPER
[rlgen.regularisers]
slower = rlgen_outside:SLOWER
[rlgen.probes]
outside-small = rlgen_outside_probe:SMALL
[rlgen.kinds]
outside-toy = rlgen_outside_kind:ToyCell
[rlgen.executors]
outside-copying = rlgen_outside_executor:CopyingExecutor
"""


def install(site: Path) -> Path:
    """Fill a folder that is then to be put on ``sys.path``."""
    info = site / "rlgen_outside-1.0.dist-info"
    info.mkdir(parents=True)
    for module in (Path(__file__).parents[1] / "outside").glob("*.py"):
        shutil.copy(module, site)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: rlgen-outside\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    return site


@contextmanager
def installed(site: Path) -> Iterator[None]:
    """The distribution is found by this process and its children, and forgotten afterwards."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.syspath_prepend(str(site))
        registry._outside.cache_clear()
        for catalogue in CATALOGUES:
            monkeypatch.setattr(catalogue, "_table", dict(catalogue._table))
            monkeypatch.setattr(catalogue, "_loaded", dict(catalogue._loaded))
            monkeypatch.setattr(catalogue, "_looked_outside", False)
        yield
    registry._outside.cache_clear()
    for name in [name for name in sys.modules if name.startswith("rlgen_outside")]:
        del sys.modules[name]
