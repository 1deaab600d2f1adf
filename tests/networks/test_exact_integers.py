"""Products of integers that can be undone: worked examples, and 10,000 histories of products."""

import json
from math import floor, log2
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from rlgen.networks.exact_integers import (
    WORD_BITS,
    InformationBuffer,
    from_fixed,
    to_fixed,
)
from rlgen.util.seeding import stream

EXAMPLES = json.loads((Path(__file__).parents[1] / "golden/probes_a_examples.json").read_text())
D = 1 << 16


@pytest.mark.parametrize("example", EXAMPLES["s3_s10_reversible_multiply"])
def test_worked_products_and_back(example):
    state = torch.tensor([example["h0"]])
    buffer = InformationBuffer(state)
    for (n, d), expected in zip(
        example["factors_n_over_d"], example["forward_h_and_buffer"], strict=True
    ):
        state = buffer.multiply(state, n, d)
        assert [state.item(), buffer.word.item()] == expected
    for (n, d), expected in zip(
        reversed(example["factors_n_over_d"]), example["backward_h_and_buffer"], strict=True
    ):
        state = buffer.undo(state, n, d)
        assert [state.item(), buffer.word.item()] == expected
    assert buffer.empty


@pytest.mark.parametrize("example", EXAMPLES["s3_bits"], ids=lambda e: str(e["gamma"]))
def test_bits_a_product_drops(example):
    n, d = example["n"], example["d"]
    assert round(example["gamma"] * d) == n
    bits = log2(d) - log2(n)
    assert bits == pytest.approx(example["bits_per_unit_and_layer"], rel=1e-9)
    expected = example["layers_until_a_62_bit_word_may_spill"]
    assert floor((WORD_BITS - log2(d)) / bits) == expected
    # and so it comes about, up to what the luckier of the units have in their word
    state = torch.from_numpy(stream(0, "states").integers(-(1 << 50), 1 << 50, size=8))
    buffer, layers = InformationBuffer(state), 0
    while buffer.words == 1:
        kick = stream(1, "kicks", layers).integers(-(1 << 50), 1 << 50, size=8)
        state = buffer.multiply(state, n, d) + torch.from_numpy(kick)
        layers += 1
    assert layers == pytest.approx(expected, rel=0.12, abs=3)


def test_truncating_division_does_not_bring_negative_states_back():
    """What the published code of 2021 does; see ``probes_a.md`` 2.8."""
    example = EXAMPLES["s3_trunc_bug"]
    h, n, d = example["h"], example["n"], example["d"]
    state = torch.tensor([h])

    def truncated(whole, divisor):
        return torch.div(whole, divisor, rounding_mode="trunc")

    word = state % d
    product, word = truncated(state, d) * n + word % n, truncated(word, n)
    word = word * n + product % n
    assert (truncated(product, n) * d + word % d).item() == example["back_truncating"]
    buffer = InformationBuffer(state)
    back = buffer.undo(buffer.multiply(state, n, d), n, d)
    assert back.item() == example["back_flooring"] == h


@pytest.mark.parametrize("example", EXAMPLES["s3_precision"], ids=lambda e: str(e["radix_bits"]))
def test_the_low_bits_of_a_product_are_those_of_the_buffer(example):
    state, bits = torch.tensor([example["h"]]), example["radix_bits"]
    buffer = InformationBuffer(state)
    buffer.word = torch.tensor([example["buffer_before"]])
    product = buffer.multiply(state, 58982, D)
    assert product.item() == example["h_after"]
    assert buffer.word.item() == example["buffer_after"]
    value = from_fixed(product, bits).item()
    assert value == pytest.approx(example["value_after"], rel=1e-9)
    assert from_fixed(state, bits).item() * 58982 / D == pytest.approx(example["ideal"], rel=1e-9)
    assert value - example["ideal"] == pytest.approx(example["error"], rel=1e-5)


@st.composite
def histories(draw):
    """States of any sign and size, and a sequence of products, some with a factor for each unit."""
    units = draw(st.integers(1, 4))
    bounds = st.integers(-(1 << 62), (1 << 62) - 1)
    states = draw(st.lists(bounds, min_size=units, max_size=units))
    d = 1 << draw(st.integers(1, 20))
    factor = st.integers(1, d)
    each = st.lists(factor, min_size=units, max_size=units).map(torch.tensor)
    return torch.tensor(states), d, draw(st.lists(st.one_of(factor, each), max_size=24))


# 10,000 histories are what the specification asks for: 20 seconds.
@pytest.mark.slow
@settings(max_examples=2_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(histories())
def test_products_are_undone_whatever_the_states_and_factors(history):
    state, d, factors = history
    buffer, first = InformationBuffer(state), state.clone()
    for n in factors:
        product = buffer.multiply(state, n, d)
        each = torch.as_tensor(n).expand_as(state).tolist()
        for h, k, p in zip(state.tolist(), each, product.tolist(), strict=True):
            assert abs(p * d - h * k) <= d * d, "as near as the buffer's bits allow"
        assert int(buffer.word.min()) >= 0
        state = product
    for n in reversed(factors):
        state = buffer.undo(state, n, d)
    assert torch.equal(state, first)
    assert buffer.empty


@pytest.mark.slow
@settings(max_examples=2_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**31), st.integers(1, 16), st.integers(0, 60))
@example(445, 16, 4)
def test_spilled_words_come_back(seed, most_bits, length):
    """Long histories of small factors, with states that move in between as networks' do."""
    rng = stream(seed, "histories")
    state = torch.from_numpy(rng.integers(-(1 << 55), 1 << 55, size=3))
    factors = torch.from_numpy(rng.integers(1, (D >> most_bits) + 1, size=(length, 1)))
    moves = torch.from_numpy(rng.integers(-(1 << 50), 1 << 50, size=(length, 3)))
    buffer, first = InformationBuffer(state), state.clone()
    for n, move in zip(factors, moves, strict=True):
        state = buffer.multiply(state, n, D) + move
    # A word begins with what a state leaves, maybe little, and spills before the next product.
    if length * most_bits > 2 * WORD_BITS:
        assert buffer.words > 1
    assert len(buffer.tensors) == buffer.words
    for n, move in zip(factors.flip(0), moves.flip(0), strict=True):
        state = buffer.undo(state - move, n, D)
    assert torch.equal(state, first)
    assert buffer.empty


def test_a_factor_of_one_changes_nothing():
    state = torch.tensor([5, -5, 1 << 61])
    buffer = InformationBuffer(state)
    assert torch.equal(buffer.multiply(state, D, D), state)
    assert not buffer.word.any()
    assert not buffer.empty, "one product is not undone yet"


def test_fixed_point():
    values = torch.tensor([1.5, -0.25, 32_000.0])
    assert torch.equal(from_fixed(to_fixed(values, 48), 48, torch.float32), values)
    for value in (float("nan"), float("inf"), -(2.0**15)):
        with pytest.raises(OverflowError, match="is not below 32768"):
            to_fixed(torch.tensor([value]), 48)
    with pytest.raises(IndexError):
        InformationBuffer(torch.zeros(1)).undo(torch.ones(1, dtype=torch.int64), 1, 2)
