"""Policies for masks play with the masks of their environments, and without any it is said."""

import warnings

import masked
import numpy as np
import pytest
from commands import rlgen as command

import rlgen
from rlgen.errors import LevelError, PolicyError, RlgenWarning
from rlgen.evaluation import evaluate, exact, reference
from rlgen.levels import lookup
from rlgen.perturbations.condition import Condition
from rlgen.policies import loading
from rlgen.policies.base import restricted
from rlgen.policies.functions import FunctionPolicy, uniform_policy
from rlgen.util.seeding import stream
from rlgen_envs.maze.families import MazeFamily

pytestmark = pytest.mark.usefixtures("undrawn")

FAMILIES = {
    name: lookup.family(f"masked:rlgen-test/{name}-v0")
    for name in ("Doors", "Masked", "Strict", "Informed", "Unruly", "Unstable")
}
PLAIN, GREEDY = Condition.parse("plain"), Condition.parse("greedy")
WRAPPED = {"wrappers": "rlgen_envs.registered.masking:InfoMasks"}
POOLS = {"train_levels": "0:4", "test_levels": "10:14"}


def eager(*, masks):
    policy = FunctionPolicy(masked.eager, 4)
    policy.masked = masks
    return policy


@pytest.fixture(scope="module")
def zipped(tmp_path_factory):
    contrib = pytest.importorskip("sb3_contrib")
    model = contrib.MaskablePPO(
        "MlpPolicy", masked.Masked(), n_steps=32, batch_size=32, seed=0, device="cpu"
    )
    model.learn(64)
    path = tmp_path_factory.mktemp("masks") / "model.zip"
    model.save(path)
    return path, model


def played_by_its_own(model, cls, levels, *, masks):
    """Return on each level of the most probable actions, as its users play it."""
    returns = []
    for level in levels:
        env = cls()
        observation, _ = env.reset(seed=int(level))
        returns.append(0.0)
        ended = False
        while not ended:
            keys = {"action_masks": np.array(env.open)} if masks else {}
            action, _ = model.predict(observation, deterministic=True, **keys)
            observation, reward, ended, _, _ = env.step(action)
            returns[-1] += reward
    return returns


@pytest.mark.slow
@pytest.mark.parametrize("name", ["Masked", "Strict", "Informed"])
def test_a_zip_plays_as_with_its_own_masks(zipped, name):
    path, model = zipped
    family = FAMILIES[name].configure(WRAPPED if name == "Informed" else {})
    policy = loading.load(str(path), family)
    assert policy.masked
    assert family.masked
    levels = family.generate(range(20))
    outcome = evaluate(policy, family, levels, [GREEDY], episodes=1)["greedy"]
    expected = played_by_its_own(model, masked.Masked, range(20), masks=True)
    assert outcome.ret_mean.tolist() == expected
    without = played_by_its_own(model, masked.Masked, range(20), masks=False)
    assert expected != without, "or the masks decide nothing"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["Doors", "Informed"])
def test_a_zip_for_masks_says_that_there_are_none(zipped, tmp_path, name):
    path, model = zipped
    env = f"masked:rlgen-test/{name}-v0"
    command_line = f"evaluate --env {env} --policy {path} --train-levels 0:4 --test-levels 10:14"
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        _, err = command(*command_line.split(), "--episodes", 1, "-o", tmp_path / "store", "-q")
    assert "has no method action_masks: it plays without" in err
    assert "the option wrappers" in err
    assert "it played without" in (tmp_path / "store" / "report.html").read_text()
    with pytest.warns(RlgenWarning, match="MaskablePPO: is a policy for masks"):
        rlgen.evaluate_policy(model, FAMILIES[name], [0, 1], episodes=1)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["Masked", "Strict"])
def test_an_agent_trains_and_is_loaded_with_masks(tmp_path, name):
    pytest.importorskip("sb3_contrib")
    store = tmp_path / "store"
    study = {
        "name": "masks",
        "family": f"masked:rlgen-test/{name}-v0",
        "agent": "maskable-ppo",
        "agent_options": {"n_envs": 2, "n_steps": 16},
        "network": "mlp-64-64",
        "regulariser": "none",
        "steps": 64,
        "curve_points": 1,
        "seeds": [0],
        "episodes": 2,
        **POOLS,
    }
    result = rlgen.evaluate(study, store)
    assert not result.failed
    records = rlgen.load(store)
    assert records["ret_mean"].min() >= 0, "a closed door costs 1"
    (run,) = (store / "runs").iterdir()
    assert loading.load(str(run), FAMILIES[name]).masked


def test_masks_are_applied_before_conditions_and_to_nothing_else():
    family = FAMILIES["Masked"]
    levels = family.generate(range(10))
    conditions = [PLAIN, GREEDY, Condition.parse("temperature:2")]
    with_masks = evaluate(eager(masks=True), family, levels, conditions, episodes=4)
    without = evaluate(eager(masks=False), family, levels, conditions, episodes=4)
    assert np.all(with_masks["greedy"].ret_mean == 10), "the open door with the highest number"
    for name, outcome in with_masks.items():
        assert outcome.ret_mean.min() >= 0, name
        assert without[name].ret_mean.min() < 0, name
    strict = FAMILIES["Strict"]
    with pytest.raises(LevelError, match="step 1 raised ValueError: a closed door"):
        evaluate(eager(masks=False), strict, strict.generate([0, 1]), [PLAIN], episodes=4)


def test_probabilities_are_those_of_masked_logits():
    rng = stream(0, "logits")
    logits, valid = rng.normal(size=(50, 6)), rng.random((50, 6)) < 0.6
    valid[:, 2] = True
    weights = np.exp(logits)
    probabilities = weights / weights.sum(axis=1, keepdims=True)
    closed = np.exp(np.where(valid, logits, -1e8))
    expected = closed / closed.sum(axis=1, keepdims=True)
    assert np.allclose(restricted(probabilities, valid), expected, atol=1e-12)
    with pytest.raises(LevelError, match="no action is valid"):
        restricted(probabilities, np.zeros_like(valid))
    with pytest.raises(PolicyError, match="all actions that are valid a probability of 0"):
        restricted(np.eye(6)[[0]], np.eye(6, dtype=bool)[[1]])


def test_trials_and_the_random_agent_play_valid_actions():
    family = FAMILIES["Strict"].configure({"worst": 0.0, "best": 10.0})
    family.check([0, 1, 2, 3])
    levels = family.generate(range(4))
    random = reference.returns(family, levels, [PLAIN], episodes=4)["plain"][1]
    assert (random > 0).all()
    assert uniform_policy(family).masked
    overlaps = rlgen_audit("Strict")
    assert "first 5 observations" in overlaps


def rlgen_audit(name):
    env = f"masked:rlgen-test/{name}-v0"
    out, _ = command(*f"audit --env {env} --train-levels 0:5 --test-levels 9:14 --steps 5".split())
    return out


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "Unruly",
            r"level 0: action_masks in step 1 returned bool of shape \(3,\).*4 truth values",
        ),
        (
            "Unstable",
            r"not decided by their seeds: .* (the first observation|step \d+ .*) differed",
        ),
    ],
)
def test_masks_that_mislead_are_refused(name, message):
    with pytest.raises(LevelError, match=message):
        FAMILIES[name].check([0, 1, 2, 3])


def test_masks_are_part_of_what_a_cell_is():
    from rlgen.protocol import suite
    from rlgen.study.plan import plan

    study = {"name": "s", "agent": "policy", "policy": "masked:eager", **POOLS}
    cells = {
        name: plan(suite.read(study | {"family": f"masked:rlgen-test/{name}-v0"})).tasks[0].cell
        for name in ("Doors", "Masked")
    }
    assert cells["Masked"].settings["action_masks"] is True
    assert "action_masks" not in cells["Doors"].settings


class Walled(MazeFamily):
    """Mazes in which a move into a wall is not valid."""

    masked = True

    def tabular(self, levels):
        from dataclasses import replace

        listed = super().tabular(levels)
        states = np.arange(listed.n_states)[:, None]
        moves = listed.next_state != states
        return replace(listed, valid=moves | ~moves.any(axis=1, keepdims=True))


def test_returns_with_masks_are_computed():
    """As of a policy that never takes those actions: the same probabilities, restricted by hand."""
    basic = lookup.family("maze-basic").configure({"size": 5})
    walled = Walled(basic.name, basic.settings)
    levels = walled.generate([3, 4])
    tabular = walled.tabular(levels)
    n = walled.n_actions
    weights = stream(0, "weights").random(n) + 0.1
    policy = FunctionPolicy(lambda seen: np.tile(weights / weights.sum(), (len(seen), 1)), n)
    policy.masked = True
    outcome = exact.evaluate(policy, walled, levels, [PLAIN])["plain"]
    rows = np.tile(weights / weights.sum(), (tabular.n_states, 1))
    by_hand = exact.solve(tabular, restricted(rows, tabular.valid), [PLAIN], walled.noop)["plain"]
    assert np.allclose(outcome.ret_mean, by_hand.ret_mean)
    free = exact.solve(tabular, rows, [PLAIN], walled.noop)["plain"]
    assert not np.allclose(outcome.ret_mean, free.ret_mean)
    best, random = reference.returns(walled, levels, [PLAIN])["plain"]
    uniform = exact.evaluate(uniform_policy(walled), walled, levels, [PLAIN])["plain"]
    assert np.allclose(random, uniform.ret_mean)
    assert np.all(best >= random)
