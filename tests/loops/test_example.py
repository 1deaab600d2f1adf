"""The example of a loop in one file is run."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from commands import rlgen as command

SCRIPT = Path(__file__).parents[2] / "docs" / "examples" / "own_loop.py"


@pytest.mark.slow
def test_a_loop_in_one_file_becomes_a_report(tmp_path):
    arguments = ["--seed", "1", "--steps", "512", "--num-envs", "2"]
    subprocess.run([sys.executable, SCRIPT, *arguments], cwd=tmp_path, check=True, timeout=200)
    said = json.loads((tmp_path / "agent-1.levels.json").read_text())
    assert (said["environment"], said["levels"]) == ("CartPole-v1", "0:20")
    out, _ = command("import", tmp_path / "returns-1.csv", "-o", tmp_path / "store")
    assert "Imported 70 returns of 1 run." in out
    assert "reinforce/unknown trained on 20 levels of CartPole-v1" in out
