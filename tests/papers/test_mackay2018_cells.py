"""Reversible cells: the worked examples, and the invariants of the authors' own tests."""

import json
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from rlgen.agents.cloning import reproducible
from rlgen.errors import ProtocolError
from rlgen.util.seeding import library_seed
from rlgen_protocols.mackay2018 import memory, recurrent, untrained
from rlgen_protocols.mackay2018.cells import CELLS, RevGRU
from rlgen_protocols.mackay2018.integers import STATE_BITS, WHOLE, Integers, fixed_gates
from rlgen_protocols.mackay2018.reversal import kept_gradients, reversed_gradients

EXAMPLES = json.loads((Path(__file__).parents[1] / "golden/probes_a_examples.json").read_text())
REVERSIBLE = ("no-forget", "revgru:1", "revgru:3", "revgru:5", "revgru", "revlstm:3", "revlstm")


def cell(model="revgru:3", inputs=5, units=12, seed=0):
    with reproducible(library_seed(seed, "test", model)):
        return recurrent.build(model, inputs, units, 3).cell.double()


def drawn(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def test_the_worked_example_of_a_revgru():
    example = EXAMPLES["s10_revgru"]
    own = RevGRU(2, 2, example["max_forget"]).double()
    gates, candidate = (torch.tensor(example[key], dtype=torch.float64) for key in ("Wzr", "Wg"))
    with torch.no_grad():
        for half in range(2):
            own.inward[half].weight.copy_(torch.cat([gates[:, :2], candidate[:, :2]]))
            own.inward[half].bias.copy_(
                torch.tensor([*example["bzr"], *example["bg"]], dtype=torch.float64)
            )
            own.gates[half].weight.copy_(gates[:, 2:])
            own.candidate[half].weight.copy_(candidate[:, 2:])
    machine = Integers(own, 1)
    start = [torch.tensor([[example["h1_0"]]]), torch.tensor([[example["h2_0"]]])]
    machine.state = [group.clone() for group in start]
    inputs = torch.tensor([example["x"]], dtype=torch.float64)
    for step in example["steps"]:
        before = machine.values
        z1, _ = own.update(0, own.project(inputs), before)
        assert z1.item() == pytest.approx(step["z1"], abs=1e-12)
        machine.forward(inputs)
        z2, _ = own.update(1, own.project(inputs), machine.values)
        assert z2.item() == pytest.approx(step["z2"], abs=1e-12)
        assert [group.item() for group in machine.state] == [step["h1"], step["h2"]]
        words = [buffer.word.item() for buffer in machine.tape.buffers]
        assert words == [step["buffer1"], step["buffer2"]]
    for _ in example["steps"]:
        machine.backward(inputs)
    assert [group.item() for group in machine.state] == example["after_reversal"]
    assert [buffer.word.item() for buffer in machine.tape.buffers] == example["buffers_after"]
    assert machine.tape.empty


@pytest.mark.parametrize(
    "example", EXAMPLES["s10_bits"], ids=lambda example: str(example["max_forget"])
)
def test_the_most_bits_of_a_limit(example):
    bits = example["most_bits_per_unit_and_step"]
    assert memory.most_bits(example["max_forget"]) == bits
    assert memory.max_forget(bits) == example["max_forget"]
    own = RevGRU(1, 2, example["max_forget"]).double()
    least = own.limited(torch.tensor([-1e9], dtype=torch.float64))
    assert least.item() == example["least_z"]
    assert -torch.log2(fixed_gates(least) / WHOLE).item() == bits


def test_savings_as_worked():
    example = EXAMPLES["s10_saving"]
    half = example["mean_z_half"]
    assert memory.ideal_saving(half["bits"]) == half["ideal_saving"]
    assert memory.allocated_saving(20, 1) == example["allocated_floor_T20"]
    assert memory.allocated_saving(100, 1) == example["allocated_floor_T100"]
    assert memory.ideal_saving(0.0) != memory.ideal_saving(0.0)


def test_a_state_that_never_forgets_could_hold_all_tokens_of_any_run():
    """So failing at the repeat task is not for want of room: 16 units of 23 bits and more."""
    for example in EXAMPLES["s10_repeat_bound"]:
        bits = example["bits_that_a_no_forget_state_must_hold"]
        assert bits == example["T"] * (example["alphabet"] - 1).bit_length()
        if example["T"] <= 40:
            assert bits < 16 * STATE_BITS


@pytest.mark.slow
@pytest.mark.parametrize("model", REVERSIBLE)
@pytest.mark.parametrize("kept", [0, 30])
def test_the_authors_invariant(model, kept):
    """H 200, B 2, T 100, random masks, a slice of units kept in full for attention."""
    if model.startswith("no-forget") and kept:
        pytest.skip("nothing is forgotten")
    own = cell(model, 100, 200)
    inputs = drawn(100, 2, 100)
    masks = torch.rand(100, 2, generator=torch.Generator().manual_seed(1)) < 0.5
    machine = Integers(own, 2, kept=kept)
    machine.state = [
        (drawn(2, 100, seed=9 + i) * 2**STATE_BITS).round().long() for i in range(own.n_groups)
    ]
    first = [group.clone() for group in machine.state]
    passed = []
    for step, mask in zip(inputs, masks, strict=True):
        passed.append([group.clone() for group in machine.state])
        machine.forward(step, mask)
    assert not torch.equal(machine.state[0], first[0])
    for t in reversed(range(100)):
        machine.backward(inputs[t], masks[t])
        assert all(map(torch.equal, machine.state, passed[t]))
    assert all(map(torch.equal, machine.state, first))
    assert machine.tape.empty


def test_a_kept_slice_needs_no_words():
    own, inputs = cell("revgru:5", 4, 20), drawn(40, 3, 4)
    whole, sliced = Integers(own, 3), Integers(own, 3, kept=4)
    for step in inputs:
        whole.forward(step)
        sliced.forward(step)
    assert whole.tape.words % 20 == 0
    assert sliced.tape.buffers[0].word.shape == (3, 6)
    assert len(sliced.tape.kept) == 40
    assert sliced.tape.bits < whole.tape.bits


def test_a_masked_step_leaves_state_and_buffer_alone():
    own, inputs = cell("revlstm:3"), drawn(30, 2, 5)
    one, other = Integers(own, 2), Integers(own, 2)
    for t, step in enumerate(inputs):
        one.forward(step, torch.tensor([True, t % 3 == 0]))
        if t % 3 == 0:
            other.forward(step)
    for mine, theirs in zip(one.state, other.state, strict=True):
        assert torch.equal(mine[1], theirs[1])
        assert not torch.equal(mine[0], theirs[0])
    for mine, theirs in zip(one.tape.buffers, other.tape.buffers, strict=True):
        assert torch.equal(mine.word[1], theirs.word[1])


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(REVERSIBLE),
    st.integers(1, 60),
    st.floats(0.1, 30),
    st.integers(0, 2**31),
)
def test_any_weights_any_length_come_back(model, length, scale, seed):
    own = cell(model, 3, 6, seed)
    with torch.no_grad():
        for p in own.parameters():
            p.mul_(scale)
    inputs, machine = drawn(length, 2, 3, seed=seed) * scale, Integers(own, 2)
    for step in inputs:
        machine.forward(step)
    for step in inputs.flip(0):
        machine.backward(step)
    assert not any(group.any() for group in machine.state)
    assert machine.tape.empty


@pytest.mark.slow
@pytest.mark.parametrize("model", REVERSIBLE)
@pytest.mark.parametrize("length", [10, 50])
def test_gradients_by_reversal_are_those_of_kept_states(model, length):
    row = untrained.gradients(seed=3, model=model, length=length, units=8, batch=4)
    assert row["error"] < 1e-12
    assert row["from_real"] < 2e-3
    if model.startswith("rev"):
        assert row["from_real"] > 1e-6  # gates of 10 bits are another network


def test_a_loss_of_one_step_reaches_the_weights_through_all_steps_before():
    own, inputs = cell("revgru:2"), drawn(12, 2, 5)
    parameters = list(own.parameters())

    def last(t, read):
        return read.square().sum() * (t == 11)

    kept, back = (f(own, inputs, last, parameters) for f in (kept_gradients, reversed_gradients))
    assert all(map(torch.equal, kept, back))
    # Of the other half's first update on nothing but the start the loss depends too.
    assert all(g.abs().sum() > 0 for g in kept)


@pytest.mark.parametrize("model", REVERSIBLE)
def test_integers_follow_the_network_in_floats(model):
    own, inputs = cell(model), drawn(10, 3, 5)
    machine, state = Integers(own, 3), own.start(3)
    for step in inputs:
        machine.forward(step)
        state, _ = own.step(own.project(step), state)
    error = torch.cat(machine.values) - torch.cat(state)
    assert error.abs().max() < 5e-3
    assert error.abs().max() > 0


@pytest.mark.slow
@pytest.mark.parametrize("model", REVERSIBLE)
def test_a_short_run_comes_back_in_floats_and_a_long_one_does_not(model):
    short, long = (
        untrained.reverse(seed=0, model=model, length=length, units=16, batch=4)
        for length in (3, 300)
    )
    assert short["exact"] is long["exact"] is True
    assert short["float_error"] < 1e-3
    assert not long["float_error"] < 1e-3  # or it is nan


def test_what_backpropagation_keeps_is_counted_once():
    x, layer = torch.ones(4, 8), nn.Linear(8, 8)
    with memory.SavedBytes([x, *layer.parameters()]) as saved:
        out = torch.tanh(layer(x))
        (out * out).sum()
    assert saved.total == out.numel() * 4


@pytest.mark.slow
def test_no_bits_more_than_the_limit_are_forgotten():
    for model in REVERSIBLE:
        row = untrained.reverse(seed=1, model=model, length=30, units=8, batch=3)
        assert 0 <= row["ideal"] <= row["limit"]
        assert row["growth"]["ideal"][-1] == pytest.approx(30 * row["ideal"])
        if row["limit"]:
            assert row["growth"]["allocated"][-1] == 64 * row["words"]
            assert row["saving_allocated"] == 32 * 30 / (64 * row["words"])


@pytest.mark.parametrize("model", ["grus", "revgru:x", "no-forget:2", "", "revgru:-1"])
def test_unknown_networks_are_answered(model):
    with pytest.raises(ProtocolError, match="must be one of gru, feed-forward"):
        recurrent.build(model, 3, 4, 2)


def test_usual_networks_cannot_be_reversed():
    with pytest.raises(ProtocolError, match=r"model = 'gru'"):
        untrained.reverse(seed=0, model="gru", length=3, units=4, batch=1)


def test_bits_of_torchs_gru_are_those_of_its_update_gate():
    with reproducible(0):
        network = recurrent.build("gru", 3, 4, 2)
        inputs = torch.randn(6, 5, 3)
        hidden, _, (gates,) = network.run(inputs, network.start(5))
        weights = [w.split(4) for w in network.gru.all_weights[0]]
        state = torch.zeros(5, 4)
        for t in range(6):
            r, z, n = (inputs[t] @ weights[0][i].T + weights[2][i] for i in range(3))
            ur, uz, un = (state @ weights[1][i].T + weights[3][i] for i in range(3))
            update = torch.sigmoid(z + uz)
            assert torch.allclose(update, gates[t], atol=1e-6)
            state = update * state + (1 - update) * torch.tanh(n + torch.sigmoid(r + ur) * un)
            assert torch.allclose(state, hidden[t], atol=1e-6)
    mean = -gates.double().log2().mean().item()
    assert recurrent.bits_forgotten([gates]) == pytest.approx(mean)


def test_every_cell_is_among_the_models():
    assert set(CELLS) == {model.partition(":")[0] for model in REVERSIBLE}
