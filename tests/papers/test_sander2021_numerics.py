"""Momentum residual networks: the worked examples, exact inversion, gradients, memory."""

import json
from itertools import pairwise
from math import log2
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest
import torch
from learning import train
from scipy.optimize import isotonic_regression
from torch import nn

from rlgen import draw_split
from rlgen.agents.cloning import clone
from rlgen.errors import ProtocolError
from rlgen.evaluation.exact import evaluate
from rlgen.levels.capabilities import as_tabular
from rlgen.networks import network_named
from rlgen.networks.exact_integers import InformationBuffer, to_fixed
from rlgen.perturbations.condition import Condition
from rlgen.policies import checkpoint
from rlgen_envs import FAMILIES
from rlgen_protocols.sander2021 import recurrence, reversible

EXAMPLES = json.loads((Path(__file__).parents[1] / "golden/probes_a_examples.json").read_text())
D = 1 << 16


class Scaled(nn.Module):
    """theta tanh(x), or theta x."""

    def __init__(self, theta, function=torch.tanh):
        super().__init__()
        self.theta = nn.Parameter(torch.tensor(theta, dtype=torch.float64))
        self.function = function

    def forward(self, x):
        return self.theta * self.function(x)


def blocks(depth, width=8, dtype=torch.float64, seed=0):
    torch.manual_seed(seed)
    return [
        nn.Sequential(nn.Linear(width, width), nn.Tanh(), nn.Linear(width, width)).to(dtype)
        for _ in range(depth)
    ]


def close(value, expected):
    assert value == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("example", EXAMPLES["s3_linear_block"], ids=lambda e: str(e["gamma"]))
def test_a_linear_block(example):
    block = Scaled(example["theta"], lambda x: x)
    start = torch.ones(1, 1, dtype=torch.float64)
    path = list(recurrence.states(start, [block] * example["T"], example["gamma"]))
    close([1.0, *(x.item() for x, _ in path)], example["x"])
    close([0.0, *(v.item() for _, v in path)], example["v"])


def test_a_residual_network_of_a_small_linear_block_never_crosses_zero_and_a_momentum_one_does():
    by_gamma = {e["gamma"]: e["x"] for e in EXAMPLES["s3_linear_block"]}
    assert all(x > 0 for x in by_gamma[0.0])
    assert [n for n, (a, b) in enumerate(pairwise(by_gamma[0.9])) if a > 0 > b] == [5]


def test_the_jacobian_of_a_linear_block():
    example = EXAMPLES["s3_determinant"]
    matrix, gamma = torch.tensor(example["A"], dtype=torch.float64), example["gamma"]
    jacobian = of_one_step(lambda x: x @ matrix.T, gamma, torch.zeros(4, dtype=torch.float64))
    close(jacobian.flatten().tolist(), np.ravel(example["jacobian_of_xv_map"]).tolist())
    close(torch.det(jacobian).item(), example["det"])
    close(example["det"], example["expected_gamma_pow_d"])


def of_one_step(block, gamma, point):
    """The Jacobian of (x, v) -> (x', v')."""

    def step(both):
        x, v = both[None].chunk(2, dim=1)
        v = gamma * v + (1 - gamma) * block(x)
        return torch.cat([x + v, v], dim=1)[0]

    return torch.autograd.functional.jacobian(step, point)


@pytest.mark.parametrize("gamma", [0.5, 0.9, 0.99])
def test_the_determinant_is_gamma_to_the_dimension_whatever_the_block_is(gamma):
    (block,) = blocks(1, width=5)
    point = torch.linspace(-1, 1, 10, dtype=torch.float64)
    determinant = torch.det(of_one_step(block, gamma, point)).item()
    assert determinant == pytest.approx(gamma**5, rel=1e-12)


@pytest.mark.parametrize("power", [1, 3])
def test_the_least_error_of_an_increasing_map(power):
    """The best increasing fit to -x and to -x^3 is 0."""
    name = {1: "target_minus_x", 3: "target_minus_x_cubed"}[power]
    middle = (np.arange(20_000) + 0.5) / 10_000 - 1
    best = isotonic_regression(-(middle**power)).x
    assert np.allclose(best, 0)
    floor = EXAMPLES["s3_monotone_floor"][name]
    assert ((best + middle**power) ** 2).mean() == pytest.approx(floor, rel=1e-6)


@pytest.mark.parametrize("exact", [False, True])
def test_backward(exact):
    example = EXAMPLES["s3_backward"]
    of_theta = [Scaled(theta) for theta in example["theta"]]
    start = torch.tensor([[example["x0"]]], dtype=torch.float64, requires_grad=True)
    path = list(recurrence.states(start, of_theta, example["gamma"]))
    close([[x.item(), v.item()] for x, v in path], np.array(example["states"]))
    module = reversible if exact else recurrence
    end = module.forward(start, of_theta, example["gamma"])
    gradients = torch.autograd.grad(end.square().sum(), [start, *(b.theta for b in of_theta)])
    expected = [example["grad_x0"], *example["grad_theta"]]
    tolerance = 1e-7 if exact else 1e-9  # the low bits of states are those of the buffer
    assert [g.item() for g in gradients] == pytest.approx(expected, rel=tolerance)


@pytest.mark.parametrize("example", EXAMPLES["s3_effective_scale"], ids=lambda e: str(e["gamma"]))
def test_the_weight_of_each_block(example):
    """Measured: a constant block adds its weight to the last position."""
    gamma, depth = example["gamma"], example["T"]
    start = torch.zeros(1, 1, dtype=torch.float64)
    for k, expected in enumerate(example["weight_of_block_k_in_x_T"]):
        each = [lambda x, on=float(k == n): torch.full_like(x, on) for n in range(depth)]
        close(recurrence.forward(start, each, gamma).item(), expected)
    close(recurrence.mean_weight(gamma, depth), example["mean"])


@pytest.mark.parametrize("depth", [1, 8, 100])
@pytest.mark.parametrize("gamma", [0.1, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_states_come_back_bit_for_bit(gamma, depth, dtype):
    own, n = blocks(depth, dtype=dtype), reversible.numerator(gamma)
    x = to_fixed(torch.randn(4, 8), reversible.RADIX_BITS)
    state, buffer, path = (x, torch.zeros_like(x)), InformationBuffer(x), []
    for block in own:
        path.append(state)
        state = reversible.advance(state, buffer, block, n, 1.0, dtype=dtype)
    assert (buffer.words > 1) == (depth * log2(1 / gamma) > 50)
    for block, before in zip(reversed(own), reversed(path), strict=True):
        state = reversible.retreat(state, buffer, block, n, 1.0, dtype=dtype)
        assert all(map(torch.equal, state, before))
    assert buffer.empty


@pytest.mark.parametrize("gamma", [0.5, 0.9, 0.99])
def test_gradients_are_those_of_plain_backpropagation(gamma):
    own = blocks(100)
    start = torch.randn(4, 8, dtype=torch.float64, requires_grad=True)
    parameters = [start, *(p for block in own for p in block.parameters())]

    def gradients(module):
        end = module.forward(start, own, reversible.rounded(gamma), 1.5)
        return torch.cat([g.ravel() for g in torch.autograd.grad(end.sin().sum(), parameters)])

    plain, exact = gradients(recurrence), gradients(reversible)
    assert ((plain - exact).norm() / plain.norm()).item() <= 1e-6


def test_a_tied_block_gets_the_sum_of_its_gradients_and_a_frozen_one_none():
    tied, frozen = blocks(2)
    for parameter in frozen.parameters():
        parameter.requires_grad_(False)
    order, start = [tied, frozen, tied, tied], torch.randn(3, 8, dtype=torch.float64)
    plain, exact = (
        torch.autograd.grad(module.forward(start, order, 0.5).sum(), list(tied.parameters()))
        for module in (recurrence, reversible)
    )
    for one, other in zip(plain, exact, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-7, atol=1e-9)
    graph = reversible.forward(start, order, 0.5).sum()
    first = torch.autograd.grad(graph, list(tied.parameters()), retain_graph=True)
    again = torch.autograd.grad(graph, list(tied.parameters()))
    assert all(map(torch.equal, first, again)), "the buffer of the graph stays as it is"


def test_a_block_that_computes_something_else_a_second_time_is_noticed():
    start = torch.ones(2, 8, dtype=torch.float64, requires_grad=True)
    own = [*blocks(2), nn.Dropout(0.5)]
    with pytest.raises(RuntimeError, match="another output than in the forward pass"):
        reversible.forward(start, own, 0.9).sum().backward()


def test_states_without_a_place_are_refused():
    with pytest.raises(OverflowError, match="not below 32768"):
        reversible.forward(torch.full((1, 1), 4e4), [nn.Identity()], 0.9)
    with pytest.raises(OverflowError, match="not below 16384"):
        reversible.forward(torch.full((1, 1), 1e4), [nn.Identity()] * 3, 0.1)


def test_a_float_inverse_loses_the_input_where_gamma_is_small():
    own = blocks(32, dtype=torch.float32)
    start = torch.randn(4, 8)
    with torch.no_grad():
        *_, end = recurrence.states(start, own, 0.5)
        *_, (x, _) = recurrence.inverted(end, own, 0.5)
        assert (x - start).abs().max() > 1
        *_, end = recurrence.states(start, own[:4], 0.9)
        *_, (x, _) = recurrence.inverted(end, own[:4], 0.9)
        assert (x - start).abs().max() < 1e-5


def trunk(name, shape=(7, 9, 9), seed=0):
    torch.manual_seed(seed)
    space = gym.spaces.Box(0, 1, shape, np.uint8)
    built, width = network_named(name).build(space)
    assert width == 64
    with torch.no_grad():  # branches are zero at first
        for parameter in built.parameters():
            parameter += 0.1 * torch.randn_like(parameter)
    return built


def test_without_momentum_it_is_the_residual_network_bit_for_bit():
    observations = torch.rand(16, 7, 9, 9)
    one, other = trunk("residual"), trunk("momentum[gamma=0]")
    assert torch.equal(one(observations), other(observations))
    for net in (one, other):
        net(observations).sin().sum().backward()
    pairs = zip(one.parameters(), other.parameters(), strict=True)
    assert all(torch.equal(p.grad, q.grad) for p, q in pairs)


def test_trunks_of_both_arithmetics_are_one_network():
    observations = torch.rand(16, 7, 9, 9)
    plain, exact = trunk("momentum[depth=8]"), trunk("momentum[depth=8,exact=true]")
    torch.testing.assert_close(plain(observations), exact(observations), rtol=1e-5, atol=1e-5)
    for net in (plain, exact):
        net(observations).sin().sum().backward()
    for p, q in zip(plain.parameters(), exact.parameters(), strict=True):
        torch.testing.assert_close(p.grad, q.grad, rtol=1e-3, atol=1e-4)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        features = exact(observations)
    features.sum().backward()


def test_branches_of_controls_weigh_what_their_names_say():
    momentum, whole, matched = (
        trunk(name)[0]
        for name in ("momentum", "momentum[full_branch=true]", "residual-matched[like=0.9]")
    )
    weight = recurrence.mean_weight(momentum.gamma, 4)
    assert momentum.scale == 1
    assert whole.scale * weight == pytest.approx(1)
    assert (matched.gamma, matched.scale) == (0, pytest.approx(weight))
    assert matched.bits_forgotten == float("inf")
    assert momentum.bits_forgotten == pytest.approx(4 * log2(1 / 0.9), rel=1e-4)


def test_integers_need_momentum():
    with pytest.raises(ProtocolError, match="exact = true: not with gamma = 0"):
        trunk("momentum[gamma=0,exact=true]")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["momentum", "momentum[exact=true]", "residual-matched"])
def test_ppo_learns_with_it_and_its_checkpoint_plays_as_before(name, tmp_path):
    split = draw_split(FAMILIES["maze-basic"].configure({"size": 5}), 2, 2, 5)
    options = {"n_envs": 16, "batch_size": 128}
    keys = {"steps": 4000, "curve_points": 2, "curve_levels": 3}
    run = train(split, agent="ppo", network=name, seed=0, agent_options=options, **keys)
    assert all(block[-1].weight.any() for block in run.policy.parts["trunk"][0].blocks)
    checkpoint.save(run.policy, tmp_path, {})
    again = checkpoint.load(tmp_path)
    tabular = as_tabular(split.family, "tests").tabular(split.train)
    observations = tabular.observe(np.arange(40, dtype=np.int32))
    one, other = (p.distribution(observations, None)[0] for p in (run.policy, again))
    assert np.array_equal(one, other)


@pytest.mark.long
@pytest.mark.slow
def test_an_exact_clone_learns_what_a_plain_one_does():
    family = FAMILIES["maze-basic"].configure({"size": 5})
    levels = draw_split(family, 3, 0, 2).train
    condition = [Condition.parse("plain")]
    returns = [
        evaluate(clone(family, levels, name, 0, steps=600), family, levels, condition)["plain"]
        for name in ("momentum[gamma=0.5]", "momentum[gamma=0.5,exact=true]", "residual")
    ]
    assert all(outcome.ret_mean.mean() > 1.8 for outcome in returns)
