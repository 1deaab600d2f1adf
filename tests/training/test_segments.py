"""Runs that are killed and go on: what they do is what they would have done, bit for bit."""

from functools import cache

import numpy as np
import pytest
import reach  # noqa: F401  # registers the environment
import torch
from learning import installed, quick, train, weights

from rlgen.agents import AGENTS
from rlgen.errors import DamagedStoreError, RlgenError
from rlgen.levels import lookup
from rlgen.levels.split import chosen_split
from rlgen.protocol.groups import Training
from rlgen.training.plain import Packer, unpack
from rlgen.training.state import TENSORS, VALUES, State
from rlgen.util import sums

#: One agent of each algorithm that chooses among actions.
DISCRETE = [
    *("ppo", "a2c", "dqn", "cloning", "trpo"),
    *("maskable-ppo", "qrdqn", "ars", "recurrent-ppo"),
]
#: Settings of critics that make a few steps hold several updates.
CRITIC = {"batch_size": 8, "gradient_steps": 1, "learning_starts": 40}


def on_mazes(agent, **keys):
    steps = 5000 if agent == "ars" else 1500
    return quick(agent, steps=steps, checkpoint_every=steps // 4, **keys)


@cache
def unregularised():
    """A run that has no regulariser, with which those that have one are compared."""
    return on_mazes("ppo")


def on_vectors(agent, **keys):
    family = lookup.family("rlgen-test/Reach-v0")
    split = chosen_split(family, {"train": range(3), "validation": [], "test": range(9, 11)}, 3)
    return train(
        split,
        agent=agent,
        network="mlp-64-64",
        steps=200,
        seed=0,
        agent_options=CRITIC,
        curve_points=4,
        curve_levels=1,
        episodes=1,
        checkpoint_every=60,
        **keys,
    )


def same(one, other):
    """Whether two runs ended alike: weights, curves, steps."""
    return (
        torch.equal(weights(one.policy), weights(other.policy))
        and repr(one.curve) == repr(other.curve)
        and one.steps == other.steps
    )


def keeping(folder):
    """What keeps every checkpoint of a run in a folder, and the list of them."""
    checkpoints = []

    def keep(state, last):
        own = folder / f"{state.step:09}"
        own.mkdir()
        state.write(own)
        sums.write(own)
        checkpoints.append((own, last))

    return keep, checkpoints


def check(run, agent, folder, **keys):
    """A run that goes on from its first or last checkpoint is the same run."""
    keep, checkpoints = keeping(folder)
    whole = run(agent, keep=keep, **keys)
    places = [place for place, _ in checkpoints]
    assert [last for _, last in checkpoints] == [False] * (len(places) - 1) + [True]
    assert len(places) >= 3
    assert same(whole, run(agent, **keys)), "kept or not"
    for place in (places[0], places[-2], places[-1]):
        assert same(whole, run(agent, begin=State.read(place), **keys)), place
    return whole


@pytest.mark.slow
@pytest.mark.parametrize("agent", DISCRETE)
def test_a_run_goes_on_as_if_nothing_had_happened(agent, tmp_path):
    installed(agent)
    assert check(on_mazes, agent, tmp_path).steps >= 1500


@pytest.mark.slow
@pytest.mark.parametrize("agent", [n for n, p in AGENTS.items() if p.moves == "critic"])
def test_so_does_one_that_replays(agent, tmp_path):
    installed(agent)
    assert check(on_vectors, agent, tmp_path).steps >= 200


def on_poles(agent, **keys):
    split = chosen_split(
        lookup.family("CartPole-v1"), {"train": range(3), "validation": [], "test": range(9, 11)}, 3
    )
    return train(
        split,
        agent=agent,
        network="mlp-64-64",
        steps=400,
        seed=0,
        agent_options={"n_envs": 8, "n_steps": 16, "batch_size": 32},
        curve_points=2,
        curve_levels=1,
        episodes=1,
        checkpoint_every=100,
        **keys,
    )


@pytest.mark.slow
def test_so_does_one_of_which_no_success_is_known(tmp_path):
    whole = check(on_poles, "ppo", tmp_path)
    assert all(row["p_solved"] != row["p_solved"] for row in whole.curve)


@pytest.mark.slow
@pytest.mark.parametrize(
    "regulariser",
    ["dropout:0.2", "level_noise:0.1", "random_shift:1", "sticky_proposed:0.25", "l2:0.001"],
)
def test_so_does_one_that_is_regularised(regulariser, tmp_path):
    whole = check(on_mazes, "ppo", tmp_path, regulariser=regulariser)
    assert not same(whole, unregularised()), "the regulariser is there in every segment"


@pytest.mark.slow
def test_a_run_without_checkpoints_is_what_it_always_was(tmp_path):
    keep, checkpoints = keeping(tmp_path)
    never = quick("ppo", checkpoint_every=0, keep=keep)
    assert same(never, quick("ppo"))
    assert same(never, quick("ppo", checkpoint_every=10**6))
    assert [last for _, last in checkpoints] == [True]


@pytest.mark.slow
@pytest.mark.parametrize("agent", ["ppo", "trpo", "recurrent-ppo"])
def test_a_longer_run_goes_on_where_the_shorter_one_ended(agent, tmp_path):
    installed(agent)
    keep, checkpoints = keeping(tmp_path)
    shorter = quick(agent, steps=700, keep=keep, checkpoint_every=300)
    last, _ = checkpoints[-1]
    longer = {"steps": 1500, "checkpoint_every": 300, "after": (700,)}
    whole = quick(agent, **longer)
    went_on = quick(agent, **longer, begin=State.read(last))
    assert same(whole, went_on)
    assert repr(whole.curve[: len(shorter.curve)]) == repr(shorter.curve)
    assert not same(whole, quick(agent, **longer | {"after": ()})), "it says so in its settings"


def test_nothing_in_a_checkpoint_is_code_and_damage_is_named(tmp_path):
    keep, checkpoints = keeping(tmp_path)
    quick("a2c", steps=600, checkpoint_every=300, keep=keep)
    place, _ = checkpoints[0]
    assert {path.name for path in place.iterdir()} == {TENSORS, VALUES, sums.NAME}
    for name in (TENSORS, VALUES):
        content = (place / name).read_bytes()
        middle = len(content) // 2
        changed = bytes([content[middle] ^ 1])
        (place / name).write_bytes(content[:middle] + changed + content[middle + 1 :])
        with pytest.raises(DamagedStoreError, match=f"{name}.*not as it was written"):
            State.read(place)
        (place / name).write_bytes(content)
    with pytest.raises(DamagedStoreError, match="no state of this agent"):
        quick("dqn", begin=State.read(place))


def test_values_come_back_as_they_were():
    shared = torch.arange(6.0).reshape(2, 3)
    value = {
        "tensors": [shared, shared, shared.T],
        3: {"array": np.arange(4, dtype=np.uint8), "flag": True},
        "numbers": (1, 0.1, None, "text"),
        "empty": {},
    }
    packer = Packer()
    plain = packer.pack(value, "value")
    assert len(packer.tensors) == 3, "what is shared stands there once"
    again = unpack(plain, packer.tensors)
    for tensor, before in zip(again["tensors"], value["tensors"], strict=True):
        assert torch.equal(tensor, before)
    assert again[3]["array"].tolist() == [0, 1, 2, 3]
    assert again[3]["flag"] is True
    assert again["numbers"] == [1, 0.1, None, "text"]
    assert again["empty"] == {}
    with pytest.raises(RlgenError, match=r"value.f: a function cannot be kept"):
        packer.pack({"f": check}, "value")


@pytest.mark.parametrize(
    ("every", "usual", "saved"),
    [(None, 100, 100), (None, 5000, None), (0, 100, None), (250, 100, 250), (1000, 100, None)],
)
def test_how_often_a_run_is_saved(every, usual, saved):
    training = Training(steps=1000, checkpoint_every=every)
    assert training.saved(usual) == Training(steps=1000, checkpoint_every=saved)
