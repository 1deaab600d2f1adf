"""Only named levels are ever played: an environment that has the seeds 100 to 199 and no others."""

import json

import numpy as np
import pytest
import window
from commands import rlgen as command

import rlgen
from rlgen.errors import LevelError, RlgenError
from rlgen.levels import lookup

NAME = "window:rlgen-test/Window-v0"
STUDY = {
    "name": "window",
    "family": NAME,
    "family_options": {"worst": 0.0, "best": 10.0},
    "train_levels": "100:106",
    "validation_levels": "120:122",
    "test_levels": "150:158",
    "n_train_levels": [6],
    "conditions": ["plain", "observation_noise:0.5"],
    "episodes": 2,
}
POLICY = STUDY | {"agent": "policy", "policy": ["window:guess"]}
TRAINED = STUDY | {
    "agent": "ppo",
    "agent_options": {"n_envs": 4, "n_steps": 16, "batch_size": 32, "n_epochs": 1},
    "network": "mlp-64-64",
    "seeds": [0],
    "steps": 256,
    "curve_points": 1,
    "curve_levels": 2,
}


def toml(keys):
    """A protocol file."""
    options = {key: value for key, value in keys.items() if isinstance(value, dict)}
    lines = [f"{key} = {json.dumps(value)}" for key, value in keys.items() if key not in options]
    for name, table in options.items():
        lines += [f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in table.items())]
    return "\n".join(lines)


@pytest.mark.slow
def test_a_policy_made_elsewhere_plays_it(tmp_path):
    result = rlgen.evaluate(POLICY, tmp_path / "store", jobs=1)
    assert not result.failed
    rows = rlgen.load(result.store)
    assert set(rows["level_id"]) <= set(window.SEEDS)
    plain, noisy = (rows[rows["condition"] == name]["ret_mean"] for name in STUDY["conditions"])
    assert (plain == 10).all()
    assert 4 < noisy.mean() < 10
    with pytest.raises(RlgenError, match=r"policy = .window:wide.: .* shape \(2, 3\)"):
        rlgen.evaluate(POLICY | {"policy": ["window:wide"]}, tmp_path / "other")


@pytest.mark.slow
def test_an_agent_is_trained_on_it_and_its_price_measured(tmp_path):
    result = rlgen.evaluate(TRAINED, tmp_path / "store", jobs=1)
    assert not result.failed
    assert len(rlgen.load(result.store)) == 2 * (6 + 2 + 8)
    (tmp_path / "window.toml").write_text(toml(TRAINED))
    out, _ = command("plan", tmp_path / "window.toml", "--json")
    assert json.loads(out)["cells"] == 1


def test_it_is_shown_audited_and_evaluated(tmp_path):
    rows = rlgen.evaluate_policy(window.guess, NAME, [110, 111], ["plain", "observation_noise:0.1"])
    assert set(rows["level_id"]) == {110, 111}
    out, _ = command("show", NAME, "--level", "120", "--png", tmp_path / "level.png")
    assert "level.png" in out
    named = ("--train-levels", "100:110", "--test-levels", "150:160")
    command("audit", "--env", NAME, *named)
    family = lookup.family(NAME)
    family.check([100, 199])
    assert family.picture(family.generate([100])).dtype == np.uint8


def test_levels_that_do_not_exist_are_one_line(tmp_path):
    with pytest.raises(LevelError, match="level 200: its reset raised ValueError: there is no le"):
        rlgen.evaluate(POLICY | {"test_levels": "190:201"}, tmp_path / "store")
    assert not (tmp_path / "store").exists()
