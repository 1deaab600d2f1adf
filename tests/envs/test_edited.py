"""Environments and wrappers of modules that their users edit between two commands."""

import json
import sys
from importlib.metadata import version

import pytest
from studies import command, finished

from rlgen.levels import lookup

MODULE = '''
import gymnasium as gym
import numpy as np


class Coin(gym.Env):
    """Guess a bit that is shown."""

    observation_space = gym.spaces.Box(0, 1, (3,), np.float32)
    action_space = gym.spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.face = self.np_random.random(3).astype(np.float32)
        return self.face, {}

    def step(self, action):
        return self.face, REWARD * float(action == (self.face[0] > 0.5)), True, False, {}


gym.register("Coin-v0", entry_point=Coin)


def policy(observations):
    """The shown bit."""
    right = observations[:, 0] > 0.5
    return np.stack([~right, right], axis=1) * 1.0
'''


@pytest.mark.slow
def test_an_edited_environment_is_measured_anew(tmp_path):
    arguments = "evaluate --env coin_of_mine:Coin-v0 --policy coin_of_mine:policy --jobs 1 -q "
    arguments += "--train-levels 0:5 --test-levels 100:110 -o store --condition plain"

    def evaluated(reward):
        (tmp_path / "coin_of_mine.py").write_text(MODULE.replace("REWARD", reward))
        assert "coin_of_mine" not in sys.modules
        finished(command(*arguments.split(), cwd=tmp_path))
        (cell,) = json.loads((tmp_path / "store" / "summary.json").read_text())["cells"]
        assert cell["runs"] == 1
        return cell["test"]["mean"]

    assert evaluated("1") == 1
    assert evaluated("100") == 100
    assert evaluated("1") == 1
    runs = [json.loads(path.read_text()) for path in tmp_path.glob("store/runs/*/provenance.json")]
    sources = {run["versions"]["coin_of_mine"] for run in runs}
    assert len(sources) == 2, "by which rlgen verify notices runs of different ones (S301)"


WRAPPER = """
import gymnasium as gym


class Louder(gym.RewardWrapper):
    def reward(self, reward):
        return FACTOR * reward
"""


def test_an_environment_is_made_of_its_package_and_of_its_wrapper_s_source(tmp_path, monkeypatch):
    """The wrapper is found in the working folder, as the modules of environments are."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.chdir(tmp_path)
    first, edited = (wrapped(tmp_path, factor).made_of for factor in "12")
    assert first.keys() == edited.keys() == {"gymnasium", "louder_of_mine"}
    assert first["gymnasium"] == edited["gymnasium"] == version("gymnasium")
    assert first["louder_of_mine"] != edited["louder_of_mine"]
    assert lookup.family("maze-basic").made_of == {}, "its version is rlgen's own"


def wrapped(folder, factor):
    (folder / "louder_of_mine.py").write_text(WRAPPER.replace("FACTOR", factor))
    return lookup.family("CartPole-v1").configure({"wrappers": "louder_of_mine:Louder"})
