"""Environments that mislead: what is found, and what is said."""

import json
import math
import warnings

import numpy as np
import pytest
import strange
from commands import process
from commands import rlgen as command
from gymnasium import spaces
from helpers import uniform

import rlgen
from rlgen.errors import LevelError, PolicyError, RlgenError, RlgenWarning
from rlgen.evaluation import evaluate
from rlgen.levels import lookup
from rlgen.perturbations.condition import Condition
from rlgen.policies.box_policy import BoxPolicy
from rlgen_envs.registered import env as registered_env

pytestmark = pytest.mark.usefixtures("undrawn")

NAME = "strange:rlgen-test/Strange-v0"
IDS = (0, 3, 7, 100)
PLAIN = [Condition.parse("plain")]
STUDY = {
    "name": "strange",
    "family": NAME,
    "agent": "policy",
    "policy": ["strange:guess"],
    "train_levels": "0:3",
    "test_levels": "10:13",
    "conditions": ["plain"],
    "episodes": 1,
}


def faulty(fault, **options):
    return lookup.family(NAME).configure({"fault": fault, **options})


def played(family, ids, episodes):
    return evaluate(uniform(family), family, family.generate(ids), PLAIN, episodes=episodes)[
        "plain"
    ]


@pytest.mark.parametrize(
    ("fault", "how"),
    [
        ("constructed", "in a second instance of it, after a reset with seed 0, the first obs"),
        ("global", "in two instances played in turn, reset with seed 0, (step|the first)"),
        ("late", "after two resets with seed 0, step 31 under the same actions differed"),
    ],
)
def test_seeds_that_do_not_decide_are_found_and_it_is_said_how(fault, how):
    with pytest.raises(LevelError, match=f"not decided by their seeds: {how}"):
        faulty(fault).check(IDS)
    faulty("").check(IDS)


@pytest.mark.slow
def test_levels_that_are_all_alike_are_not_judged(tmp_path):
    with pytest.raises(LevelError, match=r"its seeds decide nothing: all 4 levels tried \(0, 3, 7"):
        faulty("same").check(IDS)
    with pytest.raises(RlgenError, match="its seeds decide nothing"):
        rlgen.evaluate(STUDY | {"family_options": {"fault": "same"}}, tmp_path / "store")
    assert not (tmp_path / "store").exists()
    faulty("hidden").check(IDS)  # alike for 30 steps


def test_levels_of_which_some_are_alike_are_named():
    with pytest.warns(
        RlgenWarning, match="levels 0 and 3 show and pay .* of 4 levels tried 2 diff"
    ):
        faulty("few").check(IDS)


def test_nan_in_an_observation_is_a_failed_cell_that_names_the_step(tmp_path):
    family = faulty("nan")
    with pytest.raises(LevelError, match="level 5: the observation of step 7 holds nan"):
        evaluate(uniform(family), family, family.generate([5]), PLAIN, episodes=1)
    with pytest.raises(RlgenError, match="level 0: the observation of step 7 holds nan"):
        rlgen.evaluate(STUDY | {"family_options": {"fault": "nan"}}, tmp_path / "store")


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("reset", "level 5: its reset raised ValueError: no such place"),
        ("step", "level 5: step 3 raised ValueError: no such place"),
    ],
)
def test_an_environment_that_raises_is_answered_with_the_level_and_the_step(fault, message):
    with pytest.raises(LevelError, match=message) as error:
        played(faulty(fault), [1, 5], 1)
    assert isinstance(error.value.__cause__, ValueError), "the log of a run has where it was"
    arguments = ["audit", "--env", NAME, "--option", f"fault={fault}", "--steps", "4"]
    _, told = command(*arguments, "--train-levels", "0:3", "--test-levels", "5", code=2)
    assert message in told


@pytest.mark.slow
def test_probabilities_and_actions_that_are_nan_are_no_actions():
    family = faulty("")
    with pytest.raises(RlgenError, match=r"valid probability distribution"):
        rlgen.evaluate_policy(strange.lost, family, range(6), episodes=1)

    class Lost(rlgen.Policy):
        def distribution(self, observations, state):
            return strange.lost(observations), state

    with pytest.raises(PolicyError, match=r"action probabilities are nan"):
        evaluate(Lost(), family, family.generate(range(6)), PLAIN, episodes=1)
    maze = lookup.family("maze-basic")

    class Nan(rlgen.Policy):
        def distribution(self, observations, state):
            return np.full((len(observations), 5), np.nan), state

    with pytest.raises(PolicyError, match="Nan returns action probabilities that are nan"):
        rlgen.evaluate_policy(Nan(), maze, [0])
    with pytest.raises(PolicyError, match="the policy's action probabilities are nan"):
        evaluate(Nan(), maze, maze.generate([0]), PLAIN)
    import torch

    box = spaces.Box(-1, 1, (2,), np.float32)

    def step(observations, state):
        return (torch.full((len(observations), 2), math.nan), None), state

    broken = BoxPolicy(box, step, {}, squashed=True, stochastic=False)
    with pytest.raises(PolicyError, match="the policy's actions are nan"):
        broken.act(np.zeros((3, 4), np.float32), None, None)


@pytest.mark.parametrize(
    ("success", "share"),
    [("absent", math.nan), (None, math.nan), (True, 1), (False, 0), (np.True_, 1), (0.3, 0.3)],
)
def test_a_success_that_is_not_known_stays_unknown_and_a_number_is_a_share(success, share):
    family = faulty("")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(strange.Strange.__init__, "__defaults__", ("", success, None))
        (told,) = evaluate(
            uniform(family), family, family.generate([1, 2]), PLAIN, episodes=3
        ).values()
    assert told.p_solved == pytest.approx([share, share], nan_ok=True)


@pytest.mark.parametrize("success", ["yes", 3, -1, math.nan])
def test_a_success_that_means_nothing_is_refused(success):
    family = faulty("")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(strange.Strange.__init__, "__defaults__", ("", success, None))
        with pytest.raises(LevelError, match=r"info\['is_success'\] is .* in step 12, which is no"):
            evaluate(uniform(family), family, family.generate([1]), PLAIN, episodes=1)


def test_an_episode_that_never_ends_is_cut_with_a_line(monkeypatch):
    with pytest.warns(RlgenWarning, match="had not ended after 1,000 steps.* cut after 100,000"):
        faulty("endless").check(IDS)
    monkeypatch.setattr(registered_env, "LIMIT", 50)
    family = faulty("endless")
    with pytest.warns(RlgenWarning, match="level 1: an episode was cut after 50 steps"):
        (told,) = evaluate(
            uniform(family), family, family.generate([1]), PLAIN, episodes=2
        ).values()
    assert (told.len_mean, told.p_timeout) == (50, 1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        faulty("endless", time_limit=30).check(IDS)


@pytest.mark.slow
def test_an_environment_that_prints_does_not_spoil_the_document(tmp_path):
    arguments = ["--policy", "strange:guess", "--train-levels", "0:3", "--test-levels", "10:13"]
    out, error = command(
        *("evaluate", "--env", NAME, "--option", "fault=talks", *arguments),
        *("--episodes", 1, "--jobs", 1, "--out", tmp_path / "store", "--json"),
    )
    assert json.loads(out)
    assert "a new episode" in error


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        ("evaluate", "--policy", "strange:guess", "--episodes", 1, "--jobs", 1),
        pytest.param(
            ("evaluate", "--steps", 64, "--episodes", 1, "--jobs", 1, "--seeds", 0),
            marks=pytest.mark.long,
        ),
        ("audit", "--steps", 3),
    ],
)
def test_nor_does_what_else_can_print(tmp_path, arguments):
    """From C, other processes, loggers and warnings; at import, when made, at resets and steps."""
    from pathlib import Path

    name, *rest = arguments
    store = [] if name == "audit" else ["--out", tmp_path / "store"]
    out, error = process(
        *(name, "--env", NAME, "--option", "fault=shouts", *rest, *store, "--json"),
        *("--train-levels", "0:3", "--test-levels", "10:13"),
        cwd=Path(strange.__file__).parent,
        environment={"RLGEN_TALK": "1"},
    )
    assert json.loads(out)
    for text in ("a new environment", "a new episode"):
        assert error.count(text) > 3, text
