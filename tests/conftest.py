"""Fixtures that several test files share."""

import gc
import json
import os
import sys

# Before anything imports numpy or torch: the tests run in several processes already.
for _name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[_name] = "1"

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import html_pages
import pytest
import servers
from helpers import TINY
from shared import once

from rlgen.policies.checkpoint import TrainedPolicy

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def worked_examples() -> dict[str, Any]:
    """The worked examples of the method document."""
    told: dict[str, Any] = json.loads((HERE / "golden" / "worked_examples.json").read_text())
    return told


@pytest.fixture
def tiny() -> dict[str, Any]:
    """A table of protocol keys, to be changed at will."""
    return json.loads(json.dumps(TINY))  # type: ignore[no-any-return]


@pytest.fixture
def write_protocol(tmp_path: Path) -> Callable[..., Path]:
    """Writes a protocol file from ``TINY`` with other keys."""
    import tomli_w

    def write(**keys: Any) -> Path:
        path = tmp_path / "tiny.toml"
        told = {k: v for k, v in {**TINY, **keys}.items() if v is not None}
        path.write_text(tomli_w.dumps(told))
        return path

    return write


@pytest.fixture(scope="session")
def tiny_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished study with three seeds; tests read it and never write to it."""
    keys = {**TINY, "seeds": [0, 1, 2], "flip_p": [0.0, 0.5], "description": "a <b>tiny</b> study"}

    def make(folder: Path) -> None:
        import rlgen

        rlgen.evaluate(keys, folder / "store", jobs=2)

    return once(tmp_path_factory, "tiny", make)[0] / "store"


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> TrainedPolicy:
    """A small ConvNet after some training on ten mazes."""
    from rlgen.policies import checkpoint

    def make(folder: Path) -> None:
        from learning import train

        from rlgen import draw_split
        from rlgen_envs import FAMILIES

        split = draw_split(FAMILIES["maze-basic"], 10, 0, 5)
        keys = {"agent": "ppo", "network": "conv-a", "steps": 40_000, "seed": 0}
        checkpoint.save(train(split, **keys, curve_points=1).policy, folder, {})

    return checkpoint.load(once(tmp_path_factory, "trained", make)[0])


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of another distribution; one for all tests, so that they share a fork server."""
    from outside_site import install

    return once(tmp_path_factory, "outside", lambda folder: install(folder / "site"))[1]


@pytest.fixture
def outside(site: Path) -> Iterator[Path]:
    """The outside distribution installed for this process and its children."""
    from outside_site import installed

    with installed(site):
        yield site


@pytest.fixture(scope="session", autouse=True)
def shared_servers() -> Iterator[None]:
    """Fork servers are forks of one process, see ``servers``."""
    with servers.shared() if sys.platform == "linux" else nullcontext():
        yield


@pytest.fixture
def real_servers() -> Iterator[None]:
    """Fork servers are processes of their own: for tests of servers themselves."""
    with servers.real():
        yield


@pytest.fixture
def undrawn() -> Iterator[None]:
    """Pages have no figures: for tests that look at none, see ``html_pages``."""
    with html_pages.undrawn():
        yield


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--long`` runs the tests that are marked so, too."""
    parser.addoption("--long", action="store_true", help="also tests that are marked long")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is marked long."""
    if config.getoption("--long"):
        return
    left_out = [item for item in items if item.get_closest_marker("long")]
    items[:] = [item for item in items if not item.get_closest_marker("long")]
    config.hook.pytest_deselected(items=left_out)


def pytest_collection_finish() -> None:
    """Leave what is imported out of garbage collections: a fifth of the time of a page."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish() -> None:
    """Let plugins look at their own objects again."""
    gc.unfreeze()
