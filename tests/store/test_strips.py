"""What a paper adds to runs is checked before it is drawn: a strip that is damaged is named."""

import copy

import pytest

from rlgen.errors import DamagedStoreError
from rlgen.evaluation.recording import strips
from rlgen.perturbations.condition import Condition
from rlgen.policies.functions import FunctionPolicy
from rlgen.store import schemas
from rlgen.util import checked_json, files
from rlgen_envs import FAMILIES


@pytest.fixture(scope="module")
def episodes():
    """Two real ones."""
    family = FAMILIES["maze-basic"].configure({"size": 5})
    n = int(family.action_space.n)
    policy = FunctionPolicy(lambda observations: [[1 / n] * n] * len(observations), n)
    tasks = [(family.generate([i]), Condition.parse("plain")) for i in range(2)]
    return [each | {"split": "train"} for each in strips(policy, family, tasks, seed=0)]


def test_real_ones_are_read(episodes, tmp_path):
    files.write_json(tmp_path / "strips.json", episodes)
    assert checked_json.read(tmp_path / "strips.json", schemas.STRIPS) == episodes


DAMAGES = {
    "walls": ["#" * 2000, "x", ["#"] * 2000],
    "positions": [[], [[0, 10**9]], [[0.5, 1]], "ab"],
    "moves": [[[1, 2, 3]], [[10**6, 0]]],
    "proposed": [[-1], [10**9], []],
    "rewards": [["1"], [], None],
    "objects": [[{"name": "x", "position": [0, 0]}], [{}] * 20_000],
    "level": [1.5, 2**70],
}


@pytest.mark.parametrize(
    ("key", "value"), [(key, value) for key, values in DAMAGES.items() for value in values]
)
def test_damaged_ones_are_named(key, value, episodes, tmp_path):
    damaged = copy.deepcopy(episodes)
    damaged[1][key] = value
    files.write_json(tmp_path / "strips.json", damaged)
    with pytest.raises(DamagedStoreError, match=r"strips\.json: 1"):
        checked_json.read(tmp_path / "strips.json", schemas.STRIPS)
