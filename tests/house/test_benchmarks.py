"""The benchmarks' frame, and that each benchmark can be run; what they measure is not tested."""

import json
import sys
from importlib import import_module
from pathlib import Path

import pytest

HERE = Path(__file__).parents[1] / "benchmarks"
NAMES = sorted(path.stem for path in (HERE / "measures").glob("*.py"))


@pytest.fixture
def benchmarks(monkeypatch):
    """Imports of the benchmarks' folder."""
    monkeypatch.syspath_prepend(str(HERE))
    yield import_module
    for name in ("base", "run", "usual", "measures"):
        for loaded in [m for m in sys.modules if m == name or m.startswith(f"{name}.")]:
            del sys.modules[loaded]


def test_a_row_says_whether_it_reached_its_target(benchmarks):
    row = benchmarks("base").Row
    assert row("speed", "", 3.0, 3.0, "x", True).reached
    assert not row("speed", "", 2.9, 3.0, "x", True).reached
    assert row("time", "", 9.0, 10.0, "s", False).reached
    assert not row("time", "", 10.1, 10.0, "s", False).reached


def test_results_are_kept_one_benchmark_beside_the_other(benchmarks, tmp_path, monkeypatch):
    run, row = benchmarks("run"), benchmarks("base").Row
    monkeypatch.setattr(run, "RESULTS", tmp_path / "results.json")
    monkeypatch.setattr(run, "README", tmp_path / "README.md")
    run.README.write_text(f"before\n{run.BEGIN}\nold\n{run.END}\nafter\n")
    run.write({"one": [row("a", "", 1.0, 2.0, "s", False)]})
    run.write({"two": [row("b", "c", 1234.5, 2.0, "x", True, "d")]})
    run.write({"one": [row("a", "", 3.0, 2.0, "s", False)]})
    kept = json.loads(run.RESULTS.read_text())
    assert [kept[name]["rows"][0]["measured"] for name in ("one", "two")] == [3.0, 1234.5]
    text = run.README.read_text()
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "old" not in text
    assert "| a | - | 3 s | ≤ 2 s | **no** |  |" in text
    assert "| b | c | 1,234 x | ≥ 2 x | yes | d |" in text


@pytest.mark.parametrize("name", NAMES)
def test_every_benchmark_can_be_asked(benchmarks, name):
    assert callable(benchmarks(f"measures.{name}").measure)
    assert name in benchmarks("run").names()


def test_training_as_on_a_gpu_can_be_timed(benchmarks, monkeypatch):
    gpu = benchmarks("measures.gpu")
    monkeypatch.setattr(benchmarks("measures.training"), "MEASURED", 0.01)
    assert gpu.speed("conv-a", 8, "cpu", n_levels=3) > 0


@pytest.mark.parametrize("agent", ["ppo", "a2c"])
def test_the_share_of_arithmetic_is_a_share(benchmarks, monkeypatch, agent):
    training = benchmarks("measures.training")
    for name, value in {"MEASURED": 0.01, "LEVELS": 3, "SIZES": {agent: (32, 32)}}.items():
        monkeypatch.setattr(training, name, value)
    assert 0 < training.share_outside(agent, "conv-a") < 100


def test_the_library_alone_gets_the_same_network(benchmarks):
    import torch

    from rlgen.networks import NETWORKS
    from rlgen.networks.stack import layers
    from rlgen_envs import FAMILIES

    usual, space = benchmarks("usual"), FAMILIES["maze-basic"].observation_space
    for name in usual.WIDTHS:
        own, other = layers(NETWORKS[name], space.shape), usual.Extractor(space, name)
        seen = torch.rand(3, *space.shape)
        other.layers.load_state_dict(own.state_dict())
        assert torch.allclose(own(seen), other(seen), atol=1e-5)
