"""Cloning as an agent: cells, curves and checkpoints as of any other."""

import numpy as np
import pytest
import torch
from learning import prepare, train
from planning import cells_of

from rlgen import draw_split
from rlgen.errors import LevelError, ProtocolError
from rlgen.evaluation import planner
from rlgen.protocol import schema
from rlgen_envs import FAMILIES

SMALL = FAMILIES["maze-basic"].configure({"size": 5})
SPLIT = draw_split(SMALL, 4, 1, 20, flip_p=0.5)


def agreement(policy, levels):
    """Share of states in which the most probable action is an optimal one."""
    tabular = SMALL.tabular(levels)
    seen = tabular.observe(np.arange(tabular.n_states, dtype=np.int32))
    chosen = policy.distribution(seen, None)[0].argmax(axis=1)
    return planner.plan(tabular).optimal[np.arange(len(chosen)), chosen].mean()


@pytest.mark.slow
def test_it_learns_flipped_levels_by_heart_and_its_curve_says_so():
    trained = train(
        SPLIT,
        agent="cloning",
        network="mlp-512-128",
        agent_options={"batch_size": 128},
        steps=60_000,
        seed=0,
        curve_points=2,
        curve_levels=4,
    )
    assert trained.steps == 60_032, "whole batches"
    assert agreement(trained.policy, SPLIT.train) > 0.98
    assert agreement(trained.policy, SPLIT.test) < 0.9
    of = {
        pool: [r["ret_mean"] for r in trained.curve if r["split"] == pool]
        for pool in ("train", "test")
    }
    assert len(of["train"]) == 3
    assert of["train"][-1] > 2.0
    assert of["test"][-1] < 1.0


def test_an_update_is_a_step_down_the_loss_on_states_that_the_planner_labels():
    """The warm-up's first step is of rate zero; with one state over and over the loss vanishes."""
    ready = prepare(
        SMALL, SMALL.generate([0]), seed=0, agent="cloning", network="linear", agent_options={}
    )
    model = ready.model
    before = [p.clone() for p in model.policy.parameters()]
    model._update(0.0, np.random.Generator(np.random.PCG64(0)))
    assert all(torch.equal(p, q) for p, q in zip(before, model.policy.parameters(), strict=True))
    model._update(0.05, np.random.Generator(np.random.PCG64(0)))
    rate = model.policy.optimizer.param_groups[0]["lr"]
    assert rate == pytest.approx(0.5 * 0.95 * ready.settings["learning_rate"])
    assert not torch.equal(before[0], next(model.policy.parameters()))


@pytest.mark.parametrize("option", [{"n_envs": 64}, {"precision": "bfloat16"}])
def test_what_it_does_not_read_is_no_option(option, tiny):
    keys = {**tiny, "agent": "cloning", "agent_options": {"batch_size": 128}}
    before = cells_of(schema.parse(keys, "x"), "x")
    assert before[0].spec.settings["n_envs"] == 1, "of the ids"
    (name,) = option
    with pytest.raises(ProtocolError, match=f"cloning has no option '{name}'"):
        cells_of(schema.parse(keys | {"agent_options": option}, "x"), "x")
    text = f"cloning[{name}={option[name]}]"
    with pytest.raises(ProtocolError, match=f"cloning has no option '{name}'"):
        cells_of(schema.parse(keys | {"agent": text}, "x"), "x")


def test_families_whose_states_cannot_be_listed_are_refused(tiny):
    keys = {"family": "CartPole-v1", "family_options": {}, "network": "mlp-64-64"}
    keys |= {"train_levels": "0:3", "test_levels": "5:8", "n_train_levels": 3}
    keys |= {"n_validation_levels": 0, "n_test_levels": 3, "conditions": "plain"}
    asked = schema.parse({**tiny, **keys, "agent": "cloning", "agent_options": {}}, "x")
    with pytest.raises(LevelError, match=r"agent = 'cloning': agents that learn from the planner"):
        cells_of(asked, "x")
