"""Environments and wrappers of modules that their users edit between two commands."""

import json
import subprocess
import sys

import pytest

import rlgen

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
        subprocess.run(
            [sys.executable, "-P", "-m", "rlgen", *arguments.split()],
            cwd=tmp_path,
            check=True,
            capture_output=True,
        )
        (cell,) = json.loads((tmp_path / "store" / "summary.json").read_text())["cells"]
        assert cell["runs"] == 1
        return cell["test"]["mean"]

    assert evaluated("1") == 1
    assert evaluated("100") == 100
    assert evaluated("1") == 1


WRAPPER = """
import gymnasium as gym


class Louder(gym.RewardWrapper):
    def reward(self, reward):
        return FACTOR * reward
"""


@pytest.mark.slow
def test_runs_under_a_wrapper_that_was_edited_are_said_to_be_mixed(tmp_path):
    """Its name is in the id of a run, and not its source."""
    (tmp_path / "coin_of_mine.py").write_text(MODULE.replace("REWARD", "1"))
    policies = tmp_path / "policies_of_mine.py"
    policies.write_text(
        "from coin_of_mine import policy as one\n\ndef two(x):\n    return one(x)\n"
    )
    arguments = "evaluate --env coin_of_mine:Coin-v0 --option wrappers=louder_of_mine:Louder "
    arguments += "--trained-on 0:5 --test-levels 100:110 -o store --condition plain --jobs 1 -q "

    def evaluated(factor, *names):
        (tmp_path / "louder_of_mine.py").write_text(WRAPPER.replace("FACTOR", factor))
        own = [f"--policy=policies_of_mine:{name}" for name in names]
        subprocess.run(
            [sys.executable, "-P", "-m", "rlgen", *arguments.split(), *own],
            cwd=tmp_path,
            check=True,
            capture_output=True,
        )
        return [each.code for each in rlgen.verify(tmp_path / "store").problems]

    assert "S301" not in evaluated("1", "one")
    assert "S301" in evaluated("2", "one", "two")
    said = [each for each in rlgen.verify(tmp_path / "store").problems if each.code == "S301"]
    assert any("louder_of_mine is source " in each.reason for each in said)
    assert not any("coin_of_mine" in each.reason for each in said)
