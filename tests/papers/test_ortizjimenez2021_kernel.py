"""The empirical kernel and the linearization, against worked examples and by their properties."""

import json
from copy import deepcopy
from itertools import product
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.func import functional_call

from rlgen_protocols.ortizjimenez2021 import kernel
from rlgen_protocols.ortizjimenez2021.linearized import Linearized

EXAMPLES = json.loads((Path(__file__).parents[1] / "golden/probes_a_examples.json").read_text())
TINY = EXAMPLES["s2_tiny"]


def tensor(values):
    return torch.tensor(values, dtype=torch.float64)


def tiny(scale=1.0):
    """The worked example's network; ``scale`` multiplies its last layer."""
    net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1)).double()
    last = scale * tensor(TINY["w2"])[None], scale * tensor([TINY["c"]])
    for parameter, value in zip(
        net.parameters(), (tensor(TINY["W1"]), tensor(TINY["b1"]), *last), strict=True
    ):
        parameter.data = value
    return net


def moved(net, delta):
    vector = nn.utils.parameters_to_vector(net.parameters()) + tensor(delta)
    nn.utils.vector_to_parameters(vector, net.parameters())
    return net


X, Y = tensor(TINY["X"]), tensor(TINY["y"])[:, None]


def theta(net, inputs=X):
    return kernel.gram(net, kernel.weights_of(net), inputs)


def signs(m, outputs):
    """All vectors of signs, ``(2^(mA), m, A)``."""
    return tensor(list(product((-1.0, 1.0), repeat=m * outputs))).reshape(-1, m, outputs)


@pytest.fixture(scope="module")
def random_net():
    kernel.jacobian(tiny(), kernel.weights_of(tiny()), X)  # torch compiles what it needs, once
    torch.manual_seed(3)
    net = nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 2)).double()
    return net, torch.randn(4, 4, dtype=torch.float64)


def test_outputs_jacobian_and_kernel_of_the_worked_example(random_net):
    net = tiny()
    weights = kernel.weights_of(net)
    assert torch.allclose(net(X)[:, 0], tensor(TINY["f"]), rtol=1e-9)
    assert torch.allclose(kernel.jacobian(net, weights, X)[:, 0], tensor(TINY["jacobian"]))
    assert torch.allclose(theta(net), tensor(TINY["gram"]), rtol=1e-9)
    values = torch.linalg.eigvalsh(theta(net)).flip(0)
    assert torch.allclose(values, tensor(TINY["eigenvalues"]), rtol=1e-9)


def test_alignments_of_the_worked_example():
    net = tiny()
    weights = kernel.weights_of(net)
    raw = float(kernel.alignments(net, weights, X, Y[None])[0])
    quadratic = float(Y[:, 0] @ theta(net) @ Y[:, 0] / Y.square().sum())
    assert raw == pytest.approx(TINY["alignment_by_vjp"], rel=1e-9)
    assert quadratic == pytest.approx(TINY["alignment_raw"], rel=1e-9)
    largest = torch.linalg.eigvalsh(theta(net))[-1]
    assert raw / float(largest) == pytest.approx(TINY["alignment_over_lam1"], rel=1e-9)
    mean = float(kernel.mean_eigenvalue(net, weights, X, signs(4, 1)))
    assert raw / mean == pytest.approx(TINY["alignment_over_mean_eig"], rel=1e-9)


def test_scaling_the_last_layer_changes_raw_alignment_more_than_the_normalised():
    example, net = EXAMPLES["s2_scale_trap"], tiny(2.0)
    weights = kernel.weights_of(net)
    raw = float(kernel.alignments(net, weights, X, Y[None])[0])
    mean = float(kernel.mean_eigenvalue(net, weights, X, signs(4, 1)))
    assert raw == pytest.approx(example["alignment_raw"], rel=1e-9)
    assert raw / mean == pytest.approx(example["alignment_over_mean_eig"], rel=1e-9)


def test_linearization_and_rotation_of_the_worked_example():
    net = tiny()
    model = moved(Linearized(net), TINY["delta"])
    assert torch.allclose(model(X)[:, 0], tensor(TINY["f_lin"]), rtol=1e-9)
    after = moved(tiny(), TINY["delta"])
    assert torch.allclose(after(X)[:, 0], tensor(TINY["f_at_theta_plus_delta"]), rtol=1e-9)
    one, two = theta(net), theta(after)
    assert torch.allclose(two, tensor(TINY["gram_at_theta_plus_delta"]), rtol=1e-9)
    assert kernel.velocity(one, two) == pytest.approx(TINY["velocity"], rel=1e-9)
    centred = kernel.velocity(one, two, centred=True)
    assert centred == pytest.approx(TINY["velocity_centred"], rel=1e-9)
    weights = kernel.weights_of(after)
    raw = float(kernel.alignments(after, weights, X, Y[None])[0])
    mean = float(kernel.mean_eigenvalue(after, weights, X, signs(4, 1)))
    assert raw / mean == pytest.approx(TINY["alignment_end_over_mean_eig"], rel=1e-9)


def test_target_cka_of_the_worked_example():
    # the kernel of the labels themselves
    cka = 1 - kernel.velocity(theta(tiny()), Y @ Y.T, centred=True)
    assert cka == pytest.approx(TINY["target_cka"], rel=1e-9)


def test_alignment_is_the_quadratic_form_of_the_kernel(random_net):
    net, inputs = random_net
    directions = torch.randn(3, 4, 2, dtype=torch.float64)
    flat = directions.flatten(1)
    expected = (flat @ theta(net, inputs) * flat).sum(1) / flat.square().sum(1)
    found = kernel.alignments(net, kernel.weights_of(net), inputs, directions)
    assert torch.allclose(found, expected, rtol=1e-10)


def test_kernel_is_symmetric_and_positive(random_net):
    net, inputs = random_net
    matrix = theta(net, inputs)
    assert torch.equal(matrix, matrix.T)
    values, vectors = torch.linalg.eigh(matrix)
    assert values[0] >= -1e-9 * values[-1]
    y = torch.randn(8, dtype=torch.float64)
    assert ((vectors.T @ y).square() * values).sum() == pytest.approx(float(y @ matrix @ y))


def test_trace_over_all_signs_is_exact(random_net):
    net, inputs = random_net
    mean = kernel.mean_eigenvalue(net, kernel.weights_of(net), inputs, signs(4, 2))
    assert float(mean) == pytest.approx(float(theta(net, inputs).trace()) / 8, rel=1e-10)


def test_trace_from_one_probe_is_exact_where_inputs_are_equal(random_net):
    net, inputs = random_net
    same = inputs[:1].expand(5, -1)
    probe = torch.tensor([1.0, -1, 1, 1, -1, -1, 1, -1, 1, 1]).double().reshape(1, 5, 2)
    mean = kernel.mean_eigenvalue(net, kernel.weights_of(net), same, probe)
    assert float(mean) == pytest.approx(float(theta(net, same).trace()) / 10, rel=1e-10)


def test_jacobian_in_pieces_is_the_same(random_net, monkeypatch):
    net, inputs = random_net
    whole = kernel.jacobian(net, kernel.weights_of(net), inputs)
    monkeypatch.setattr(kernel, "ELEMENTS", 1)
    assert torch.allclose(kernel.jacobian(net, kernel.weights_of(net), inputs), whole)


def test_linearization_has_the_derivative_of_the_network(random_net):
    net, inputs = random_net
    weights = kernel.weights_of(net)
    torch.manual_seed(5)
    direction = {name: torch.randn_like(part) for name, part in weights.items()}
    model = Linearized(net)
    for name, parameter in model.delta.named_parameters():
        parameter.data = direction[name]

    def at(step):
        return functional_call(net, {k: weights[k] + step * direction[k] for k in weights}, inputs)

    slope = (at(1e-5) - at(-1e-5)) / 2e-5
    assert torch.allclose(model(inputs), at(0.0) + slope, rtol=1e-6)
    without = Linearized(net, offset=False)
    without.load_state_dict(model.state_dict())
    assert torch.allclose(without(inputs), slope, rtol=1e-6)


def test_linearization_starts_as_the_network_and_leaves_it_alone(random_net):
    net, inputs = deepcopy(random_net[0]), random_net[1]
    before = net(inputs).detach()
    model = Linearized(net)
    assert torch.equal(model(inputs), before)
    assert not Linearized(net, offset=False)(inputs).any()
    model(inputs).square().sum().backward()
    assert all(p.grad is not None for p in model.parameters())
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(1.0)
    assert torch.equal(net(inputs), before)
    with torch.no_grad():
        expected = model(inputs)
        for parameter in net.parameters():
            parameter.zero_()
    assert torch.equal(model(inputs), expected)


def test_kernel_of_a_network_without_hidden_units_never_moves():
    net = nn.Sequential(nn.Flatten(), nn.Linear(6, 3)).double()
    inputs = torch.randn(5, 2, 3, dtype=torch.float64)
    before = theta(net, inputs)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.normal_()
    assert kernel.velocity(before, theta(net, inputs)) == pytest.approx(0, abs=1e-12)
